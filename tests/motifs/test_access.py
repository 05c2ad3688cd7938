"""What a community restricts exists for nobody else, on whichever way one comes.

Each surface is walked as a stranger, a contributor who gave something else, and an
expert; a curator and the photo's own giver see it.
"""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from classifier import predictor
from classifier.models import SharedAnswer
from motifs.actions import identify_photo, open_access, restrict_access
from motifs.models import Motif, Photo
from motifs.refusals import NotPublished, NotThere
from motifs.search import search
from tests.classifier.fakes import FakePredictor
from tests.classifier.pictures import photo as cloth_photo
from tests.factories import (
    ClaimFactory,
    ContributionFactory,
    CuratorFactory,
    LookAlikeFactory,
    MotifFactory,
    PhotoFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

SECRET = "Naga Balimbur"
SLUG = "naga-balimbur"


def expert():
    person = UserFactory()
    person.groups.add(Group.objects.get(name="expert"))
    return person


@pytest.fixture(params=["stranger", "contributor", "expert"])
def outsider(request, client):
    """A browser of somebody who may not see what is restricted."""
    if request.param == "contributor":
        client.force_login(ContributionFactory(accepted=True).given_by)
    if request.param == "expert":
        client.force_login(expert())
    client.role = request.param
    return client


@pytest.fixture
def curator_client(client):
    client.force_login(CuratorFactory())
    return client


@pytest.fixture
def motif():
    """A motif that is restricted as a curator does it, with all that hangs on it."""
    motif = MotifFactory(slug=SLUG, name=SECRET)
    ClaimFactory(motif=motif, text="Rahasiapusaka dari leluhur.")
    return restricted(motif)


def restricted(subject):
    return restrict_access(
        subject=subject, by=CuratorFactory(), reason="Permintaan tetuha."
    )


def says_nothing(response):
    text = response.content.decode()
    return SECRET not in text and SLUG not in text and "Rahasiapusaka" not in text


class TestMotif:
    @pytest.mark.parametrize("language", ["id", "en"])
    def test_its_page_is_not_there(self, outsider, motif, language):
        page = reverse("motifs:motif-detail", args=[SLUG])

        response = outsider.get(page.replace("/id/", f"/{language}/"))

        assert response.status_code == 404
        # The address itself is repeated in links to the other language.
        assert SECRET not in response.content.decode()

    @pytest.mark.parametrize(
        "query",
        [{}, {"q": SECRET}, {"q": "naga balimbr"}, {"q": "rahasiapusaka"}],
        ids=["all", "name", "misspelt", "claim"],
    )
    def test_lists_and_searches_leave_it_out(self, outsider, motif, query):
        MotifFactory(name="Gelombang")

        for address in (reverse("motifs:motif-list"), reverse("api-motif-list")):
            response = outsider.get(address, query)
            text = response.content.decode()
            for typed in query.values():
                text = text.replace(typed, "").replace(typed.replace(" ", "+"), "")
            assert SECRET not in text, address
            assert f"/{SLUG}/" not in text, address
            assert "Rahasiapusaka" not in text, address

    @pytest.mark.parametrize("typed", [SECRET, "naga balimbr", "nagga", "balimb"])
    def test_it_is_not_even_proposed_as_a_spelling(self, motif, typed):
        found = search(typed)

        assert (found.hits, found.suggestion) == ([], "")

    def test_the_api_has_no_such_motif(self, outsider, motif):
        response = outsider.get(reverse("api-motif-detail", args=[SLUG]))

        assert response.status_code == 404

    def test_its_look_alikes_do_not_name_it(self, outsider, motif):
        pair = LookAlikeFactory(
            first=motif, second=MotifFactory(), tell_id="Rahasiapusaka."
        )
        other = pair.second

        for address in (
            other.get_absolute_url(),
            reverse("api-motif-detail", args=[other.slug]),
        ):
            response = outsider.get(address)
            assert response.status_code == 200
            assert says_nothing(response), address

    def test_motifs_merged_into_it_lead_nowhere(self, outsider, motif):
        MotifFactory(slug="lama", state="merged", merged_into=motif)

        for address in (
            reverse("motifs:motif-detail", args=["lama"]),
            reverse("api-motif-detail", args=["lama"]),
        ):
            assert outsider.get(address).status_code == 404, address

    def test_home_and_about_do_not_count_or_name_it(self, outsider, motif):
        MotifFactory()

        home = outsider.get(reverse("home"))

        assert home.context["counts"]["motifs"] == Motif.objects.count() - 1
        assert says_nothing(home)
        assert says_nothing(outsider.get(reverse("about")))

    def test_the_recogniser_passes_it_over(self, outsider, motif, monkeypatch):
        MotifFactory(slug="gigi-haruan", name="Gigi Haruan")
        predictor.forget()
        fake = FakePredictor({SLUG: 0.97}, single=[SLUG])
        monkeypatch.setattr(predictor, "load", lambda folder: fake)

        page = outsider.get(reverse("classifier:identify"))
        answer = outsider.post(
            reverse("classifier:identify"), {"image": [cloth_photo()]}
        )
        said = outsider.post(reverse("api-identify"), {"image": [cloth_photo()]})
        predictor.forget()

        assert says_nothing(page)
        assert says_nothing(answer)
        assert says_nothing(said)
        assert said.json()["answer"]["kind"] == "unknown"

    def test_an_answer_that_was_shared_before_names_it_no_more(self, outsider, motif):
        shared = SharedAnswer.objects.create(answer=an_answer_naming(SLUG))

        response = outsider.get(shared.get_absolute_url())

        assert response.status_code == 200
        assert says_nothing(response)

    def test_reports_cannot_name_it(self, outsider, motif):
        from classifier.forms import ReportForm

        form = ReportForm({"shows": SLUG})

        form.is_valid()
        assert "shows" in form.errors

    def test_an_expert_cannot_name_it_and_a_curator_can(self, motif):
        photo = PhotoFactory()

        with pytest.raises(NotPublished):
            identify_photo(photo=photo, outcome="motif", motif=motif, by=expert())
        identify_photo(photo=photo, outcome="motif", motif=motif, by=CuratorFactory())

    def test_photos_that_show_it_are_hidden_with_it(self, outsider, motif):
        named = PhotoFactory(
            contribution=ContributionFactory(accepted=True, motif=motif)
        )
        stands = PhotoFactory(
            determined_outcome="motif",
            determined_motif=motif,
            determined_at="2026-01-01T00:00Z",
            determined_rule="two_experts",
        )

        for photo in (named, stands):
            assert no_file_of(outsider, photo)
            assert photo not in Photo.objects.shown()
            assert photo not in Photo.objects.identifiable_by(expert())
            assert photo not in Photo.objects.learnable()

    def test_its_offline_copy_is_not_offered(self, outsider, motif):
        response = outsider.get(reverse("motifs:motif-detail", args=[SLUG]))

        assert "Langgundi-Offline" not in response

    def test_a_curator_sees_it(self, curator_client, motif):
        assert curator_client.get(motif.get_absolute_url()).status_code == 200

    def test_opened_again_it_is_there_for_everybody(self, outsider, motif):
        open_access(subject=motif, by=CuratorFactory(), reason="Sepakat.")

        assert outsider.get(motif.get_absolute_url()).status_code == 200


def an_answer_naming(slug):
    return {
        "answer": {"kind": "motif", "motifs": [slug], "reason": "recognised"},
        "message": f"This is {SECRET}.",
        "suggestions": [{"slug": slug, "name": SECRET, "score": 0.9}],
        "unknown_score": 0.1,
        "quality": {"usable": True, "reasons": []},
        "region": {"x": 0, "y": 0, "width": 1, "height": 1, "share": 1},
        "heat": None,
        "colours": [],
        "model": {"version": "fake", "sha256": "0" * 64},
        "elapsed_ms": 1.0,
    }


def no_file_of(client, photo):
    """Whether none of the photo's files is there for this browser."""
    return all(
        client.get(photo.url(size)).status_code == 404
        for size in ("480", "1600", "original")
    )


class TestPhoto:
    @pytest.fixture
    def photo(self):
        giver = UserFactory(username="pemberi-rahasia")
        contribution = ContributionFactory(
            accepted=True,
            given_by=giver,
            motif=MotifFactory(slug="gelombang"),
            consent_to_train=True,
        )
        return restricted(PhotoFactory(contribution=contribution))

    def test_none_of_its_files_is_there(self, outsider, photo):
        assert no_file_of(outsider, photo)

    def test_its_motifs_page_and_api_do_not_show_it(self, outsider, photo):
        motif = photo.contribution.motif

        for address in (
            motif.get_absolute_url(),
            reverse("api-motif-detail", args=[motif.slug]),
        ):
            text = outsider.get(address).content.decode()
            assert f"/photos/{photo.pk}" not in text
            assert "pemberi-rahasia" not in text

    def test_answers_do_not_show_it(self, outsider, photo):
        from motifs.presentation import accepted_photos

        assert accepted_photos([photo.contribution.motif], 3) == {}

    def test_nobody_but_curators_may_judge_it_and_it_trains_nothing(self, photo):
        with pytest.raises(NotThere):
            identify_photo(photo=photo, outcome="printed", by=expert())
        for person in (expert(), expert()):
            # Said before it was restricted, it would be determined by now.
            open_access(subject=photo, by=CuratorFactory(), reason="x")
            identify_photo(
                photo=photo,
                outcome="motif",
                motif=photo.contribution.motif,
                by=person,
            )
            restricted(photo)

        assert photo.determined_motif == photo.contribution.motif
        assert not Photo.objects.learnable().exists()
        assert not Photo.objects.shown().exists()

    def test_its_giver_and_a_curator_see_it(self, client, photo):
        for person in (photo.contribution.given_by, CuratorFactory()):
            client.force_login(person)
            response = client.get(photo.url("480"))
            assert response.getvalue()


class TestSurfaces:
    """Every public address at which a motif or a photo could show."""

    @pytest.fixture(params=["photo", "named", "determined", "second"])
    def hidden(self, request):
        """A photo with a page of its own until it, or a motif of it, is restricted."""
        motif = MotifFactory(slug=SLUG, name=SECRET)
        public = MotifFactory(slug="gelombang", name="Gelombang")
        giver = UserFactory(username="pemberi", public_name="Rusmini")
        stands = {
            "determined_at": "2026-01-01T00:00Z",
            "determined_rule": "two_experts",
        }
        given = motif if request.param in ("named", "photo") else public
        if request.param == "determined":
            stands |= {"determined_outcome": "motif", "determined_motif": motif}
        elif request.param == "second":
            stands |= {
                "determined_outcome": "two_motifs",
                "determined_motif": public,
                "determined_second_motif": motif,
            }
        else:
            stands = {}
        photo = PhotoFactory(
            contribution=ContributionFactory(
                accepted=True, given_by=giver, motif=given, credit_line="Kredit Rusmini"
            ),
            **stands,
        )
        photo.restrict = lambda: restricted(
            photo if request.param == "photo" else motif
        )
        return photo

    @pytest.fixture
    def addresses(self, hidden):
        photo, giver = hidden.pk, hidden.contribution.given_by_id
        return [
            f"/id/photos/{photo}/",
            f"/id/photos/{photo}/report/",
            f"/id/identify/similar/{photo}/",
            f"/id/motifs/{SLUG}/",
            f"/id/motifs/{SLUG}/photos/",
            f"/id/motifs/{SLUG}/feed/",
            f"/id/motifs/{SLUG}/report/",
            "/id/motifs/",
            "/id/motifs/gelombang/",
            "/id/motifs/gelombang/photos/",
            "/id/motifs/gelombang/feed/",
            "/id/feed/",
            "/en/feed/",
            f"/id/contributors/{giver}/",
            "/api/v1/photos/",
            f"/api/v1/photos/?motif={SLUG}",
            "/api/v1/photos/?motif=gelombang",
            f"/api/v1/photos/{photo}/",
            f"/api/v1/photos/{photo}/similar/",
            "/api/v1/motifs/",
            f"/api/v1/motifs/{SLUG}/",
            "/sitemap.xml",
            "/sitemap-photos.xml",
            "/sitemap-motifs.xml",
        ]

    def names(self, response, photo):
        """Whether an answer leads to the photo or speaks of whose it is."""
        if response.status_code == 404:
            return False
        text = response.content.decode()
        return f"/photos/{photo.pk}/" in text or "Kredit Rusmini" in text

    def test_none_leads_to_it_and_none_is_fresh_by_an_earlier_tag(
        self, outsider, hidden, addresses
    ):
        earlier = {one: outsider.get(one) for one in addresses}
        assert sum(self.names(one, hidden) for one in earlier.values()) >= 8

        hidden.restrict()

        for one, before in earlier.items():
            # Where it never showed, an earlier answer may stay as it was.
            asks = "ETag" in before and self.names(before, hidden)
            sent = {"if-none-match": before["ETag"]} if asks else {}
            for headers in ({}, sent):
                response = outsider.get(one, headers=headers)
                assert response.status_code in (200, 404, 503), one
                assert not self.names(response, hidden), one

    def test_a_restricted_motif_is_named_at_none(self, outsider, hidden, addresses):
        restricted(Motif.objects.get(slug=SLUG))

        for one in addresses:
            text = outsider.get(one).content.decode()
            # The address itself is repeated in links to the other language.
            assert SECRET not in text, one
            if SLUG not in one:
                assert SLUG not in text, one


class TestAdmin:
    def test_an_outsider_finds_no_page_of_it(self, outsider, motif):
        photo = restricted(PhotoFactory())

        for address in (
            reverse("admin:motifs_motif_change", args=[motif.pk]),
            reverse("admin:motifs_motif_access", args=[motif.pk]),
            reverse("admin:motifs_photo_access", args=[photo.pk]),
            reverse("admin:motifs_motif_merge", args=[motif.pk]),
            reverse("admin:motifs_motif_completeness"),
        ):
            response = outsider.get(address)
            assert response.status_code in (302, 403), address
            assert says_nothing(response)

    @pytest.mark.parametrize("access", ["", "publik", "Restricted"])
    def test_what_is_not_understood_makes_nothing_public(self, curator_client, access):
        photo = restricted(PhotoFactory())
        page = reverse("admin:motifs_photo_access", args=[photo.pk])

        response = curator_client.post(page, {"access": access, "reason": "Sepakat."})

        photo.refresh_from_db()
        assert response.status_code == 400
        assert photo.access == "restricted"

    @pytest.mark.parametrize("kind", ["motif", "photo"])
    def test_a_curator_restricts_and_opens_with_a_reason(self, curator_client, kind):
        subject = MotifFactory() if kind == "motif" else PhotoFactory()
        page = reverse(f"admin:motifs_{kind}_access", args=[subject.pk])

        missing = curator_client.post(page, {"access": "restricted", "reason": " "})
        done = curator_client.post(
            page,
            {
                "access": "restricted",
                "reason": "Tetuha.",
                "protocol_note": "Hanya untuk upacara.",
            },
        )

        subject.refresh_from_db()
        assert (missing.status_code, done.status_code) == (422, 302)
        assert subject.access == "restricted"
        assert subject.protocol_note == "Hanya untuk upacara."
        curator_client.post(page, {"access": "public", "reason": "Sepakat."})
        subject.refresh_from_db()
        assert subject.access == "public"


def test_the_page_of_a_public_motif_is_kept_offline_and_so_the_test_can_fail(client):
    motif = MotifFactory()

    assert "Langgundi-Offline" in client.get(motif.get_absolute_url())
    assert json.loads(client.get(reverse("api-motif-list")).content)["count"] == 1
