"""Pages by where the last one ended."""

import pytest

from motifs import keyset
from motifs.models import Motif
from tests.factories import MotifFactory

pytestmark = pytest.mark.django_db

ORDER = ("-published_at", "family", "slug")


def pages(rows, order, size):
    after, found = "", []
    for _ in range(20):
        one = keyset.page(rows, order, after=after, size=size)
        found.append(one.rows)
        after = one.after
        if not after:
            return found
    pytest.fail("the pages have no end")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_all_pages_together_are_the_list(size):
    for number in range(7):
        MotifFactory(family="ceplok" if number % 3 else "lajur", name=False)

    found = pages(Motif.objects.all(), ORDER, size)

    assert [row for rows in found for row in rows] == list(
        Motif.objects.order_by(*ORDER)
    )
    assert all(len(rows) == size for rows in found[:-1])
    assert found[-1]


def test_the_page_before_an_empty_one_is_the_last():
    MotifFactory.create_batch(4, name=False)

    assert len(pages(Motif.objects.all(), ORDER, 2)) == 2


def test_rows_that_come_or_go_meanwhile_shift_nothing():
    motifs = MotifFactory.create_batch(6, name=False)
    rows = Motif.objects.all()
    first = keyset.page(rows, ("slug",), after="", size=3)

    MotifFactory(slug="a-first", name=False)
    first.rows[0].delete()
    second = keyset.page(rows, ("slug",), after=first.after, size=3)

    by_slug = sorted(motifs, key=lambda motif: motif.slug)
    assert second.rows == by_slug[3:]


def test_an_empty_list_has_one_empty_page():
    assert keyset.page(Motif.objects.all(), ORDER, after="", size=3) == keyset.Slice(
        [], ""
    )


@pytest.mark.parametrize("after", ["x", "\0", "a.b:c", ":", "9" * 5000])
def test_a_cursor_that_was_not_given_out_is_refused(after):
    with pytest.raises(keyset.NoSuchPage):
        keyset.page(Motif.objects.all(), ORDER, after=after, size=3)


def test_a_cursor_of_another_list_is_refused():
    MotifFactory.create_batch(2, name=False)
    other = keyset.page(Motif.objects.all(), ("slug",), after="", size=1)

    with pytest.raises(keyset.NoSuchPage):
        keyset.page(Motif.objects.all(), ORDER, after=other.after, size=1)
