"""A merged motif: each of its addresses leads on, and the reason is told."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from motifs import actions
from motifs.models import Contribution, ProblemReport
from tests.factories import ClaimFactory, CuratorFactory, MotifFactory

pytestmark = pytest.mark.django_db

PAGES = ("motif-detail", "motif-photos", "motif-feed", "motif-report")


@pytest.fixture
def new():
    return MotifFactory(slug="baru", name="Baru")


@pytest.fixture
def old(new):
    """Merged by way of another, in two steps."""
    between = MotifFactory(slug="antara", state="merged", merged_into=new)
    return MotifFactory(slug="lama", state="merged", merged_into=between)


def page(name, motif):
    return reverse(f"motifs:{name}", args=[motif.slug])


def merge(motif, into, why="Satu dan sama."):
    actions.merge_motifs(motif=motif, into=into, by=CuratorFactory(), rationale=why)


@pytest.mark.parametrize("name", PAGES)
class TestPages:
    @pytest.mark.parametrize("language", ["id", "en"])
    def test_it_leads_on_for_good_with_its_query(
        self, client, old, new, name, language
    ):
        asked = page(name, old).replace("/id/", f"/{language}/", 1)

        response = client.get(f"{asked}?after=3&q=a%20b")

        assert response.status_code == 301
        target = page(name, new).replace("/id/", f"/{language}/", 1)
        assert response["Location"] == f"{target}?after=3&q=a+b"

    def test_not_to_what_the_reader_may_not_see(self, client, old, new, name):
        actions.restrict_access(subject=new, by=CuratorFactory(), reason="Tetuha.")

        assert client.get(page(name, old)).status_code == 404


class TestAsked:
    @pytest.mark.parametrize("kind", ["kind=edit&", ""])
    def test_giving_goes_to_what_it_became(self, client, old, new, kind):
        ClaimFactory(motif=new, key="baru/use")
        address = reverse("contributions:contribution-new")

        response = client.get(f"{address}?{kind}motif=lama&claim=baru%2Fuse")

        assert response.status_code == 301
        assert response["Location"] == f"{address}?{kind}motif=baru&claim=baru%2Fuse"

    def test_what_was_begun_before_the_merge_is_not_lost(self, client, old, new):
        begun = {"kind": "edit", "motif": "lama", "suggested_text": "Lain."}

        client.post(reverse("contributions:contribution-new"), begun)
        client.post(reverse("contributions:draft-new"), begun)

        assert [c.motif for c in Contribution.objects.all()] == [new, new]

    def test_a_problem_that_was_being_written_is_posted_there(self, client, old, new):
        sent = {"kind": "wrong", "text": "Keliru."}

        response = client.post(page("motif-report", old), sent)
        client.post(page("motif-report", old), sent, follow=True)

        assert response.status_code == 308
        assert ProblemReport.objects.get().motif == new

    def test_all_photos_are_narrowed_to_what_it_became(self, client, old):
        address = reverse("photos:photo-list")

        response = client.get(f"{address}?motif=lama&technique=stitched")

        assert response.status_code == 301
        assert response["Location"] == f"{address}?motif=baru&technique=stitched"

    def test_an_example_for_the_recogniser_is_of_what_it_became(self, client, new):
        MotifFactory(slug="bayam-raja", state="merged", merged_into=new)
        address = reverse("classifier:identify")

        response = client.get(f"{address}?example=bayam-raja")

        assert response.status_code == 301
        assert response["Location"] == f"{address}?example=baru"

    def test_the_api_lists_photos_of_what_it_became(self, client, old):
        response = client.get("/api/v1/photos/?motif=lama&page_size=5")

        assert response.status_code == 301
        assert response["Location"] == "/api/v1/photos/?motif=baru&page_size=5"

    def test_the_api_keeps_the_query_of_a_record(self, client, old):
        response = client.get("/api/v1/motifs/lama/?lang=en")

        assert response["Location"].endswith("/api/v1/motifs/baru/?lang=en")

    def test_of_a_restricted_motif_the_api_says_nothing(self, client, old, new):
        actions.restrict_access(subject=new, by=CuratorFactory(), reason="Tetuha.")

        photos = client.get("/api/v1/photos/?motif=lama")

        assert photos.json()["results"] == []
        assert client.get("/api/v1/motifs/lama/").status_code == 404

    def test_a_motif_that_is_not_merged_costs_no_more(self, client, new):
        client.get(page("motif-detail", new))

        with CaptureQueriesContext(connection) as queries:
            client.get(page("motif-detail", new))

        asked = [query["sql"] for query in queries]
        assert not [sql for sql in asked if "\"state\" = 'merged'" in sql]


class TestReason:
    def test_its_page_says_what_was_merged_into_it_and_why(self, client, new):
        first, second = MotifFactory(name="Lama"), MotifFactory(name="Antara")
        merge(first, second, why="Satu nama.")
        merge(second, new, why="Satu <i>bentuk</i>.")

        shown = client.get(page("motif-detail", new).replace("/id/", "/en/"))

        merges = [(one.name, one.why) for one in shown.context["merges"]]
        assert merges == [("Lama", "Satu nama."), ("Antara", "Satu <i>bentuk</i>.")]
        assert "Lama was merged into this motif on" in shown.text
        assert "Satu &lt;i&gt;bentuk&lt;/i&gt;." in shown.text

    def test_the_history_is_looked_up_by_its_motifs(self, client, new):
        """And not read as a whole: it grows with everything that ever happens."""
        merge(MotifFactory(name="Lama"), new)

        with CaptureQueriesContext(connection) as queries:
            client.get(page("motif-detail", new))

        (asked,) = [
            query["sql"]
            for query in queries
            if 'FROM "motifs_historyentry"' in query["sql"]
        ]
        assert "JOIN" not in asked
        assert '"motif_id" IN (' in asked

    def test_what_was_restricted_is_not_named(self, client, new):
        curator = CuratorFactory()
        secret = MotifFactory(name="Rahasia")
        for motif in (secret, new):
            actions.restrict_access(subject=motif, by=curator, reason="Tetuha.")
        merge(secret, new, why="Sebab rahasia.")
        actions.open_access(subject=new, by=curator, reason="Boleh.")

        assert "Sebab rahasia." not in client.get(page("motif-detail", new)).text
