"""A model card becomes HTML, and nothing in it can become markup of its own."""

from __future__ import annotations

import doctest
from pathlib import Path

from django.conf import settings

from classifier import card


def test_markup_in_a_card_is_text():
    evil = (
        '# <script>\n\n- [x](javascript:1) <img onerror="1">\n\n| <b> | `<i>` |\n|---|'
    )

    html = card.as_html(evil)

    assert "<script" not in html
    assert "<img" not in html
    assert "<b>" not in html
    assert "<a" not in html
    assert "<code>&lt;i&gt;</code>" in html


def test_the_starters_card_has_its_title_lists_and_tables():
    text = (Path(settings.BASE_DIR) / "ml/starter/MODEL_CARD.md").read_text("utf-8")

    html = card.as_html(text)

    assert html.startswith("<h3>Model ")
    assert "<h4>What it cannot do</h4>" in html
    assert html.count("<table") == html.count("</table>") > 1
    assert "- It" not in html
    assert "|" not in html.replace("--|", "")


def test_examples_in_docstrings_hold():
    assert doctest.testmod(card).failed == 0
