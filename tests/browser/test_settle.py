"""The answer of a moving picture comes at once where it is clear, and holds still."""

from __future__ import annotations

import pytest

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db,
    pytest.mark.usefixtures("recogniser"),
]

CLEAR = ["either", "seed_model", ["a", "b"]]
CLOSE = ["either", "close_scores", ["a", "c"]]
TURNED = ["either", "close_scores", ["c", "a"]]
OTHER = ["motif", "recognised", ["c"]]


def shown(open_page, *frames: list) -> list[str | None]:
    """Say what is shown after each frame, of what the rules say of each."""
    page = open_page("/en/identify/")
    return page.evaluate(
        """async (frames) => {
          const { href } = document.querySelector("[rel=modulepreload][href*=settle]");
          const { Settled } = await import(href);
          let at = 0;
          const settled = new Settled(() => {
            const [kind, reason, labels] = frames[at];
            return { kind, reason, labels };
          });
          return frames.map((_, now) => {
            at = now;
            settled.take({ a: 1 }, true);
            return settled.answer?.reason ?? null;
          });
        }""",
        list(frames),
    )


def test_one_frame_is_enough_for_a_clear_answer(open_page):
    assert shown(open_page, CLEAR) == ["seed_model"]


def test_an_answer_that_is_not_clear_needs_a_second_frame(open_page):
    assert shown(open_page, CLOSE, CLOSE) == [None, "close_scores"]


def test_another_answer_must_hold_for_four_frames(open_page):
    frames = [CLEAR, OTHER, OTHER, CLEAR, OTHER, OTHER, OTHER, OTHER]

    assert shown(open_page, *frames) == ["seed_model"] * 7 + ["recognised"]


def test_in_which_order_two_come_is_no_change(open_page):
    assert shown(open_page, CLOSE, TURNED) == [None, "close_scores"]
