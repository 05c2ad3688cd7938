"""Photos like this one: only what the reader may see, of one model version only."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import InternalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from classifier import vectors
from classifier.models import ModelVersion, PhotoEmbedding
from classifier.similar import NotLookedAt, similar_photos
from motifs.actions import change_consent, withdraw_contribution, withdraw_photo
from motifs.models import Access, Photo
from tests.classifier.seen import FEATURES, seen, unit, version_of
from tests.factories import (
    ContributionFactory,
    CuratorFactory,
    MotifFactory,
    PhotoFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
EVERYBODY = AnonymousUser()


@pytest.fixture
def version(fake) -> ModelVersion:
    return version_of(fake)


def another_version(size: int = FEATURES) -> ModelVersion:
    return ModelVersion.objects.create(
        version="older", sha256="0" * 64, labels=[], embedding_size=size
    )


def found(photo: Photo, user=EVERYBODY, **how) -> list[Photo]:
    return [near.photo for near in similar_photos(photo=photo, user=user, **how)]


def address(photo: Photo) -> str:
    return reverse("classifier:similar", args=[photo.pk])


def api(photo: Photo | int) -> str:
    pk = photo if isinstance(photo, int) else photo.pk
    return f"/api/v1/photos/{pk}/similar"


class TestOrder:
    def test_the_most_alike_come_first(self, version):
        asked = seen(version, unit(1))
        far, near, middle = (seen(version, unit(x)) for x in (0.1, 0.9, 0.5))

        assert found(asked) == [near, middle, far]

    def test_likeness_is_the_cosine(self, version):
        asked = seen(version, unit(1))
        seen(version, unit(0.8))

        (near,) = similar_photos(photo=asked, user=EVERYBODY)

        assert near.likeness == pytest.approx(0.8, abs=1e-3)

    def test_a_photo_is_not_like_itself_nor_like_those_of_its_cloth(self, version):
        asked = seen(version, unit(1))
        seen(version, unit(0.99), contribution=asked.contribution)
        other = seen(version, unit(0.2))

        assert found(asked) == [other]

    def test_no_more_than_asked_for(self, version):
        asked = seen(version, unit(1))
        near = seen(version, unit(0.9))
        seen(version, unit(0.5))

        assert found(asked, limit=1) == [near]

    def test_an_embedding_may_be_asked_about_instead_of_a_photo(self, version):
        near = seen(version, unit(0.9))
        far = seen(version, unit(0.2))

        rows = similar_photos(embedding=unit(1), user=EVERYBODY)

        assert [row.photo for row in rows] == [near, far]


class TestVersions:
    def test_embeddings_of_another_version_are_never_compared(self, version):
        asked = seen(version, unit(1))
        seen(another_version(), unit(1))
        mine = seen(version, unit(0.1))

        assert found(asked) == [mine]

    def test_versions_of_other_lengths_live_side_by_side(self, version):
        asked = seen(version, unit(1))
        other = another_version(size=8)
        PhotoEmbedding.objects.create(
            photo=asked, model_version=other, vector=unit(1, features=8)
        )
        mine = seen(version, unit(0.1))

        assert found(asked) == [mine]

    def test_a_photo_that_only_an_older_version_saw_is_not_looked_at(self, version):
        asked = seen(another_version(), unit(1))

        with pytest.raises(NotLookedAt):
            found(asked)

    def test_another_network_of_the_same_name_is_another_version(self, fake):
        version = version_of(fake, sha256="1" * 64)
        asked = seen(version, unit(1))

        with pytest.raises(NotLookedAt):
            found(asked)

    def test_without_a_model_nothing_is_alike(self, no_model):
        with pytest.raises(NotLookedAt):
            found(PhotoFactory())


HIDDEN = {
    "a restricted photo": lambda: {"access": Access.RESTRICTED},
    "of a restricted motif": lambda: {
        "contribution": ContributionFactory(
            accepted=True, motif=MotifFactory(access=Access.RESTRICTED)
        )
    },
    "withdrawn": lambda: {"contribution": ContributionFactory(withdrawn=True)},
    "waiting": lambda: {"contribution": ContributionFactory()},
    "declined": lambda: {"contribution": ContributionFactory(declined=True)},
    "a draft": lambda: {"contribution": ContributionFactory(draft=True)},
    "without consent to show": lambda: {
        "contribution": ContributionFactory(accepted=True, consent_to_show=False)
    },
    "determined as no cloth": lambda: {
        "determined_outcome": "not_cloth",
        "determined_rule": "two_experts",
        "determined_at": timezone.now(),
    },
    "determined as a restricted motif": lambda: {
        "determined_outcome": "motif",
        "determined_motif": MotifFactory(access=Access.RESTRICTED),
        "determined_rule": "two_experts",
        "determined_at": timezone.now(),
    },
}
CURATORS_SEE = set(HIDDEN) - {"withdrawn", "a draft"}


def withdraw(photo):
    given = photo.contribution
    withdraw_contribution(contribution=given, by=given.given_by)


def withdraw_it_alone(photo):
    PhotoFactory(contribution=photo.contribution)
    withdraw_photo(photo=photo, by=photo.contribution.given_by)


def show_no_longer(photo):
    given = photo.contribution
    change_consent(
        contribution=given, by=given.given_by, purpose="show", is_given=False
    )


class TestWho:
    @pytest.mark.parametrize("case", HIDDEN)
    @pytest.mark.parametrize("indexed", [False, True])
    def test_what_one_may_not_see_is_not_among_them(self, version, case, indexed):
        asked = seen(version, unit(1))
        hidden = seen(version, unit(0.99), **HIDDEN[case]())
        shown = seen(version, unit(0.1))
        if indexed:
            build_index(version)

        assert found(asked) == [shown]
        assert found(asked, UserFactory()) == [shown]
        for_curators = found(asked, CuratorFactory())
        assert (hidden in for_curators) is (case in CURATORS_SEE)

    def test_ones_own_are_among_them(self, version):
        asked = seen(version, unit(1))
        mine = seen(version, unit(0.9), contribution=ContributionFactory())

        assert found(asked, mine.contribution.given_by) == [mine]

    @pytest.mark.parametrize("indexed", [False, True])
    @pytest.mark.parametrize("ending", [withdraw, withdraw_it_alone, show_no_longer])
    def test_withdrawn_it_is_gone_at_once(self, version, client, indexed, ending):
        asked = seen(version, unit(1))
        given = seen(version, unit(0.9))
        if indexed:
            build_index(version)
        assert found(asked) == [given]

        ending(given)

        assert found(asked) == []
        assert client.get(api(asked)).json()["results"] == []
        assert given.thumbnail_url not in client.get(address(asked)).content.decode()

    @pytest.mark.parametrize("indexed", [False, True])
    def test_a_few_among_many_that_are_hidden_are_all_found(
        self, version, monkeypatch, indexed
    ):
        asked = seen(version, unit(1))
        hidden = ContributionFactory()
        for number in range(60):
            seen(
                version,
                unit(0.99 - number / 1000),
                contribution=hidden,
                position=number + 1,
            )
        shown = [seen(version, unit(0.3 - n / 100)) for n in range(5)]
        monkeypatch.setattr(vectors, "BREADTHS", (10, 20))
        if indexed:
            build_index(version)

        assert found(asked, limit=5) == shown


class TestPart:
    """The fragment of the photo's page and of the curator's desk."""

    def test_it_shows_pictures_with_what_is_determined(self, version, client):
        asked = seen(version, unit(1))
        motif = MotifFactory(slug="gigi-haruan")
        named = seen(
            version,
            unit(0.9),
            determined_outcome="motif",
            determined_motif=motif,
            determined_rule="two_experts",
            determined_at=timezone.now(),
        )
        plain = seen(version, unit(0.4))

        page = client.get(address(asked)).content.decode()

        assert page.index(named.thumbnail_url) < page.index(plain.thumbnail_url)
        assert "Gigi Haruan" in page
        assert "<html" not in page

    @pytest.mark.parametrize("case", HIDDEN)
    def test_it_does_not_exist_for_who_may_not_see_the_photo(
        self, version, client, case
    ):
        asked = seen(version, unit(1), **HIDDEN[case]())

        assert client.get(address(asked)).status_code == 404
        assert client.get(api(asked)).status_code == 404
        client.force_login(UserFactory())
        assert client.get(address(asked)).status_code == 404

    def test_its_giver_sees_it_while_it_waits(self, version, client):
        asked = seen(version, unit(1), contribution=ContributionFactory())
        client.force_login(asked.contribution.given_by)

        assert client.get(address(asked)).status_code == 200

    def test_a_restricted_motif_is_not_named_to_the_giver(self, version, client):
        secret = MotifFactory(slug="rahasia", access=Access.RESTRICTED)
        mine = seen(
            version,
            unit(0.9),
            determined_outcome="motif",
            determined_motif=secret,
            determined_rule="two_experts",
            determined_at=timezone.now(),
        )
        asked = seen(version, unit(1))
        client.force_login(mine.contribution.given_by)

        page = client.get(address(asked)).content.decode()

        assert mine.thumbnail_url in page
        assert "Rahasia" not in page

    def test_it_says_so_where_nothing_was_looked_at(self, version, client):
        response = client.get(
            address(PhotoFactory()), headers={"accept-language": "en"}
        )

        assert response.status_code == 200
        assert b"similar-photos" not in response.content

    def test_a_page_with_a_heading_of_its_own_gets_none(self, version, client):
        asked = seen(version, unit(1))

        assert b"<h2" in client.get(address(asked)).content
        assert b"<h2" not in client.get(f"{address(asked)}?bare=1").content

    def test_the_page_of_a_photo_asks_for_it(self, version, client):
        asked = seen(version, unit(1))

        page = client.get(asked.get_absolute_url()).content.decode()

        assert f'hx-get="{address(asked)}"' in page

    def test_the_curators_desk_asks_for_it_without_a_heading(self, version, client):
        asked = seen(version, unit(1), contribution=ContributionFactory())
        client.force_login(CuratorFactory())

        desk = reverse("admin:motifs_contribution_desk", args=[asked.contribution_id])
        page = client.get(desk).content.decode()

        assert f'hx-get="{address(asked)}?bare=1"' in page

    def test_nobody_else_keeps_it(self, version, client):
        response = client.get(address(seen(version, unit(1))))

        assert response["Cache-Control"] == "private, no-store"

    def test_only_reading(self, version, client):
        assert client.post(address(seen(version, unit(1)))).status_code == 405

    def test_the_number_of_queries_does_not_grow(
        self, version, client, django_assert_max_num_queries
    ):
        asked = seen(version, unit(1))
        for number in range(12):
            seen(version, unit(0.9 - number / 100))

        with django_assert_max_num_queries(10):
            client.get(address(asked))

    @pytest.mark.parametrize("number", ["999999", "9" * 30])
    def test_a_photo_that_is_not_there(self, client, number):
        prefix = reverse("classifier:similar", args=[1]).removesuffix("1/")
        assert client.get(f"{prefix}{number}/").status_code == 404
        assert client.get(api(int(number))).status_code == 404


class TestApi:
    def test_it_says_what_is_alike_and_which_model_says_so(self, version, client):
        asked = seen(version, unit(1))
        near = seen(version, unit(0.8))

        body = client.get(api(asked)).json()

        assert body["photo"] == asked.pk
        assert body["model"] == {"version": "fake", "sha256": version.sha256}
        (row,) = body["results"]
        assert row["id"] == near.pk
        assert row["likeness"] == pytest.approx(0.8, abs=1e-3)
        assert row["motif"] is None
        assert row["licence"] == "CC-BY-4.0"
        assert row["thumbnail_url"] == f"http://testserver{near.thumbnail_url}"

    def test_being_signed_in_shows_no_more(self, version, client):
        asked = seen(version, unit(1))
        seen(version, unit(0.8), access=Access.RESTRICTED)
        client.force_login(CuratorFactory())

        assert client.get(api(asked)).json()["results"] == []

    @pytest.mark.parametrize("limit", ["0", "51", "x"])
    def test_a_limit_that_is_not_allowed(self, version, client, limit):
        response = client.get(f"{api(seen(version, unit(1)))}?limit={limit}")

        assert response.status_code == 400
        assert response["Content-Type"] == "application/problem+json"

    def test_a_photo_not_looked_at_says_when_to_come_back(self, version, client):
        response = client.get(api(PhotoFactory()))

        assert response.status_code == 503
        assert response.json()["code"] == "not_looked_at"
        assert response["Retry-After"] == "60"

    def test_with_and_without_a_slash(self, version, client):
        asked = seen(version, unit(1))

        assert client.get(api(asked)).json() == client.get(f"{api(asked)}/").json()


def build_index(version: ModelVersion) -> None:
    """The index as ``ensure_index`` builds it, within the test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            f"CREATE INDEX {vectors.index_name(version)} ON classifier_photoembedding "
            f"USING hnsw ((vector::halfvec({version.embedding_size})) "
            f"halfvec_cosine_ops) WHERE model_version_id = {version.pk}"
        )
        # A handful of rows would be scanned; what is tested is the index.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    version.indexed_at = timezone.now()
    version.save()


@pytest.mark.django_db(transaction=True)
class TestIndex:
    def test_many_embeddings_are_indexed_once(self, version, monkeypatch):
        monkeypatch.setattr(vectors, "INDEX_FROM", 3)
        for number in range(3):
            seen(version, unit(0.9 - number / 10))

        assert vectors.ensure_index(version) is True
        assert vectors.ensure_index(version) is False
        assert version.indexed_at is not None
        assert index_is_used(version)

    def test_few_are_scanned(self, version):
        seen(version, unit(1))

        assert vectors.ensure_index(version) is False
        assert version.indexed_at is None

    def test_what_a_killed_builder_left_is_built_anew(self, version):
        seen(version, unit(1))
        name = vectors.index_name(version)
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE INDEX {name} ON classifier_photoembedding (id)")

        assert vectors.ensure_index(version, at_once=True) is True
        assert index_is_used(version)

    def test_each_version_has_its_own(self, version):
        older = another_version(size=8)
        photo = seen(version, unit(1))
        PhotoEmbedding.objects.create(
            photo=photo, model_version=older, vector=unit(1, features=8)
        )

        assert vectors.ensure_index(version, at_once=True)
        assert vectors.ensure_index(older, at_once=True)
        assert index_is_used(version)
        assert index_is_used(older)

    def test_the_rest_of_the_site_writes_while_it_is_built(self, version):
        seen(version, unit(1))

        # Only what locks nobody out refuses to run within a transaction.
        with (
            pytest.raises(InternalError, match="transaction block"),
            transaction.atomic(),
        ):
            vectors.ensure_index(version, at_once=True)


def index_is_used(version: ModelVersion) -> bool:
    """Whether Postgres finds the version's index for the query of ``nearest``."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            vectors.nearest(
                Photo.objects.all(),
                version=version,
                vector=unit(1, features=version.embedding_size),
                limit=1,
            )
        search = next(
            one["sql"] for one in queries.captured_queries if "<=>" in one["sql"]
        )
        cursor.execute(f"EXPLAIN {search}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    return f"Index Scan using {vectors.index_name(version)}" in plan
