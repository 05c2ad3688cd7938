"""Giving without scripts, the addresses that scripts use, and what became of it."""

import json
import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from motifs import actions, contribution_views, giving_views
from motifs.models import Contribution, Photo
from motifs.uploads import start_upload
from tests.factories import (
    ClaimFactory,
    ContributionFactory,
    CuratorFactory,
    MotifFactory,
    PhotoFactory,
    UserFactory,
    picture_bytes,
)

pytestmark = pytest.mark.django_db

NEW = "/en/contributions/new/"


def photo(colour="indigo", name="kain.jpg", **options):
    content = picture_bytes(colour=colour, **options)
    return SimpleUploadedFile(name, content, "image/jpeg")


def whole(**fields):
    return {
        "photos": [photo("red"), photo("green", "dua.jpg")],
        "place": "Martapura",
        "technique": "stitched",
        "story": "Dipakai nenek.",
        "people": "none",
        "licence": "CC-BY-SA-4.0",
        "credit_line": "Siti",
        "consent_to_show": "yes",
        "send": "yes",
        **fields,
    }


def page(contribution, what=""):
    return f"/en/contributions/{contribution.key}/{what}"


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


class TestNew:
    def test_nothing_is_ticked_beforehand_but_the_licence(self, client):
        html = client.get(NEW).content.decode()

        checked = re.findall(r'name="(\w+)" value="([^"]*)" checked', html)
        assert checked == [("technique", ""), ("licence", "CC-BY-SA-4.0")]

    def test_a_motif_is_chosen_by_the_address(self, client):
        MotifFactory(slug="hiris-pudak", name="Hiris Pudak")

        html = client.get(f"{NEW}?motif=hiris-pudak").content.decode()

        assert '<option value="hiris-pudak" selected>Hiris Pudak</option>' in html
        assert client.get(f"{NEW}?motif=tidak-ada").status_code == 200

    def test_drafts_and_restricted_motifs_are_not_offered(self, client):
        MotifFactory(slug="rahasia", access="restricted")
        MotifFactory(slug="belum", draft=True)

        html = client.get(NEW).content.decode()

        assert "rahasia" not in html
        assert "belum" not in html

    def test_one_form_brings_everything(self, client):
        motif = MotifFactory()

        response = client.post(NEW, whole(motif=motif.slug))

        given = Contribution.objects.get()
        assert response.headers["Location"] == given.get_absolute_url()
        assert given.state == "submitted"
        assert (given.given_by, given.motif, given.opinion) == (None, motif, "")
        assert (given.place, given.technique, given.people) == (
            "Martapura",
            "stitched",
            "none",
        )
        assert (given.consent_to_show, given.consent_to_train) == (True, False)
        assert (given.language, given.credit_line) == ("en", "Siti")
        assert given.photos.count() == 2

    def test_it_is_of_whoever_is_signed_in(self, client):
        person = UserFactory()
        client.force_login(person)

        client.post(NEW, whole())

        assert Contribution.objects.get().given_by == person

    def test_a_draft_begun_signed_out_is_of_who_sends_it_signed_in(self, client):
        begun = whole()
        del begun["send"]
        client.post(NEW, begun)
        draft = Contribution.objects.get()
        curator = CuratorFactory()
        client.force_login(curator)

        kept = client.post(page(draft, "edit/"), {"place": "Kandangan"})
        draft.refresh_from_db()
        kept_for = draft.given_by
        client.post(page(draft, "edit/"), whole(photos=[]))

        draft.refresh_from_db()
        assert (kept.status_code, kept_for) == (302, None)
        assert (draft.state, draft.given_by) == ("submitted", curator)
        said = actions.identify_photo(
            photo=draft.photos.first(), by=curator, outcome="printed"
        )
        assert said.role == "giver"

    def test_what_is_mended_signed_in_stays_of_who_has_its_key(self, client):
        declined = ContributionFactory(
            given_by=None, declined=True, decline_reason_code="blurred"
        )
        PhotoFactory(contribution=declined)
        client.force_login(UserFactory())

        client.post(page(declined, "edit/"), whole(photos=[]))

        declined.refresh_from_db()
        assert (declined.state, declined.given_by) == ("submitted", None)

    def test_who_names_no_motif_does_not_know_it(self, client):
        client.post(NEW, whole(motif=""))

        assert Contribution.objects.get().opinion == "unsure"

    def test_a_bad_photo_loses_neither_the_others_nor_the_text(self, client):
        bad = SimpleUploadedFile("surat.jpg", b"no picture", "image/jpeg")

        response = client.post(NEW, whole(photos=[photo(), bad]))

        draft = Contribution.objects.get()
        assert response.status_code == 422
        assert "surat.jpg: This file is not a JPEG" in text(response)
        assert (draft.state, draft.place, draft.photos.count()) == (
            "draft",
            "Martapura",
            1,
        )
        # The same page goes on with the draft.
        assert f'action="{page(draft, "edit/")}"' in response.content.decode()
        assert client.post(page(draft, "edit/"), {"send": "yes"}).status_code == 302

    @pytest.mark.parametrize(
        ("missing", "sentence"),
        [
            ("people", "Say whether somebody can be recognised"),
            ("photos", "Add at least one photo"),
        ],
    )
    def test_what_is_missing_is_said_and_the_rest_is_kept(
        self, client, missing, sentence
    ):
        given = whole()
        del given[missing]

        response = client.post(NEW, given)

        assert response.status_code == 422
        assert sentence in text(response)
        assert f'href="#{missing}"' in response.content.decode()
        assert Contribution.objects.get().story == "Dipakai nenek."

    def test_a_text_that_is_too_long_is_said_and_stays_in_its_field(self, client):
        long = "x" * 300

        response = client.post(NEW, whole(place=long))

        assert response.status_code == 422
        assert f'value="{long}"' in response.content.decode()
        draft = Contribution.objects.get()
        assert (draft.place, draft.credit_line) == ("", "Siti")

    def test_the_eleventh_photo_is_left_out_with_a_sentence(self, client, settings):
        settings.DATA_UPLOAD_MAX_NUMBER_FILES = 20
        photos = [photo((n * 20, 10, 10)) for n in range(11)]

        response = client.post(NEW, whole(photos=photos))

        assert response.status_code == 422
        assert "at most 10 photos" in text(response)
        assert Photo.objects.count() == 10

    def test_more_files_than_a_form_may_hold(self, client):
        photos = [photo((n * 20, 10, 10)) for n in range(11)]

        response = client.post(NEW, whole(photos=photos))

        assert response.status_code == 413
        assert not Contribution.objects.exists()

    def test_a_form_too_large_is_refused_unread(self, client, monkeypatch):
        monkeypatch.setattr(giving_views, "MOST_BYTES", 100)

        assert client.post(NEW, whole()).status_code == 413

    def test_a_draft_can_be_kept(self, client):
        given = whole()
        del given["send"], given["people"]

        response = client.post(NEW, given | {"save": "yes"})

        draft = Contribution.objects.get()
        assert response.headers["Location"] == page(draft, "edit/")
        assert draft.state == "draft"

    def test_one_address_gives_only_so_often(self, client, settings):
        rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
        settings.REST_FRAMEWORK = {
            **settings.REST_FRAMEWORK,
            "DEFAULT_THROTTLE_RATES": {**rates, "give": "1/min"},
        }
        client.post(NEW, whole())

        refused = client.post(NEW, whole())

        assert refused.status_code == 429
        assert int(refused["Retry-After"]) > 0
        assert Contribution.objects.count() == 1

    def test_without_the_token_of_the_page_nothing_is_taken(self):
        strict = Client(enforce_csrf_checks=True)

        assert strict.post(NEW, whole()).status_code == 403
        assert strict.post(reverse("contributions:draft-new")).status_code == 403
        assert not Contribution.objects.exists()


class TestSuggest:
    def address(self, motif, **more):
        extra = "".join(f"&{name}={value}" for name, value in more.items())
        return f"{NEW}?kind=edit&motif={motif.slug}{extra}"

    def test_a_motif_page_leads_there_also_from_each_statement(self, client):
        claim = ClaimFactory(language="en")

        html = client.get(f"/en/motifs/{claim.motif.slug}/").content.decode()

        assert f"{NEW}?kind=edit&amp;motif={claim.motif.slug}" in html
        assert f"&amp;claim={claim.key}" in html

    def test_the_statement_is_shown_beside_the_field(self, client):
        claim = ClaimFactory(language="en", text="It is a fish.")

        html = text(client.get(self.address(claim.motif, claim=claim.key)))

        assert "It is a fish." in html
        assert f'name="claim" value="{claim.key}"' in html

    def test_text_and_source_become_a_contribution_that_waits(self, client):
        claim = ClaimFactory(language="en")

        response = client.post(
            NEW,
            {
                "kind": "edit",
                "motif": claim.motif.slug,
                "claim": claim.key,
                "suggested_text": "It is a snake.",
                "suggested_source": "Seman, p. 12",
                "licence": "CC0-1.0",
                "send": "yes",
            },
        )

        given = Contribution.objects.get()
        assert response.status_code == 302
        assert (given.kind, given.state, given.motif) == (
            "edit",
            "submitted",
            claim.motif,
        )
        assert given.suggested_text == "It is a snake."
        assert given.suggested_source == "Seman, p. 12"
        assert (given.claim_key, given.licence) == (claim.key, "CC0-1.0")
        shown = text(client.get(given.get_absolute_url()))
        assert "It is a snake." in shown

    def test_it_needs_a_text(self, client):
        motif = MotifFactory()

        response = client.post(
            NEW,
            {"kind": "edit", "motif": motif.slug, "licence": "CC0-1.0", "send": "yes"},
        )

        assert response.status_code == 422
        assert "Write what should be changed" in text(response)

    def test_of_a_motif_that_is_there(self, client):
        hidden = MotifFactory(access="restricted")

        assert client.get(self.address(hidden)).status_code == 404
        assert client.get(f"{NEW}?kind=edit").status_code == 404

    def test_a_statement_of_another_motif_is_not_taken_over(self, client):
        claim, other = ClaimFactory(), MotifFactory()

        html = client.get(self.address(other, claim=claim.key)).content.decode()

        assert 'name="claim"' not in html


class TestScript:
    def draft(self, client, **fields):
        response = client.post("/en/contributions/drafts/", fields)
        assert response.status_code == 201
        return Contribution.objects.get(key=response.json()["key"]), response.json()

    def test_a_draft_begins_with_what_was_typed(self, client):
        draft, said = self.draft(client, place="Amuntai", licence="CC-BY-SA-4.0")

        assert (draft.state, draft.place, draft.licence) == (
            "draft",
            "Amuntai",
            "CC-BY-SA-4.0",
        )
        assert said["edit"] == page(draft, "edit/")
        assert said["errors"] == {}

    def test_texts_are_kept_and_what_cannot_be_is_said(self, client):
        draft, said = self.draft(client, place="Amuntai")

        fine = client.post(said["save"], {"place": "Kandangan", "story": "Lama."})
        wrong = client.post(said["save"], {"place": "x" * 300, "maker": "Siti"})

        draft.refresh_from_db()
        assert fine.json() == {"errors": {}}
        assert wrong.status_code == 422
        assert list(wrong.json()["errors"]) == ["place"]
        assert (draft.place, draft.maker, draft.story) == ("Kandangan", "Siti", "Lama.")

    def test_a_box_is_unticked_by_not_being_sent(self, client):
        draft, said = self.draft(client, consent_to_show="yes")

        client.post(said["save"], {"place": ""})

        draft.refresh_from_db()
        assert not draft.consent_to_show

    def test_what_is_submitted_is_not_changed_behind_ones_back(self, client):
        submitted = ContributionFactory(keyed=True, place="Amuntai")

        response = client.post(page(submitted, "save/"), {"place": "Kandangan"})

        submitted.refresh_from_db()
        assert response.status_code == 409
        assert submitted.place == "Amuntai"

    def test_a_photo_is_taken_out(self, client):
        given = PhotoFactory(contribution=ContributionFactory(keyed=True, draft=True))
        address = page(given.contribution, f"photos/{given.pk}/remove/")

        assert client.post(address).status_code == 204
        assert client.post(address).status_code == 404
        assert client.get(address).status_code == 405

    def test_not_a_photo_of_another(self, client):
        given = PhotoFactory(contribution=ContributionFactory(keyed=True, draft=True))
        other = ContributionFactory(keyed=True, draft=True)

        response = client.post(page(other, f"photos/{given.pk}/remove/"))

        assert response.status_code == 404
        assert Photo.objects.count() == 1

    def test_a_refusal_is_a_sentence(self, client):
        given = PhotoFactory(contribution=ContributionFactory(keyed=True))

        response = client.post(page(given.contribution, f"photos/{given.pk}/remove/"))

        assert response.status_code == 409
        assert "keeps at least one photo" in text(response)


class TestEdit:
    def test_what_is_submitted_is_changed_with_a_button(self, client):
        submitted = PhotoFactory(
            contribution=ContributionFactory(keyed=True, place="Amuntai")
        ).contribution

        html = client.get(page(submitted, "edit/")).content.decode()
        response = client.post(
            page(submitted, "edit/"),
            {"place": "Kandangan", "save": "yes", "photos": [photo("red")]},
        )

        submitted.refresh_from_db()
        assert 'value="Amuntai"' in html
        assert "data-submitted" in html
        assert response.headers["Location"] == submitted.get_absolute_url()
        assert submitted.place == "Kandangan"
        assert submitted.photos.count() == 2

    def test_a_mistake_in_it_changes_nothing(self, client):
        submitted = ContributionFactory(keyed=True, place="Amuntai")

        response = client.post(
            page(submitted, "edit/"), {"place": "x" * 300, "maker": "y", "save": "yes"}
        )

        submitted.refresh_from_db()
        assert response.status_code == 422
        assert (submitted.place, submitted.maker) == ("Amuntai", "")

    def test_a_photo_is_taken_out_without_scripts(self, client):
        given = PhotoFactory(contribution=ContributionFactory(keyed=True, draft=True))

        response = client.post(
            page(given.contribution, "edit/"), {"remove": given.pk, "place": "Amuntai"}
        )

        assert response.headers["Location"] == page(given.contribution, "edit/")
        assert not Photo.objects.exists()
        assert Contribution.objects.get().place == "Amuntai"

    @pytest.mark.parametrize(
        "state",
        [
            {"accepted": True},
            {"declined": True, "decline_reason_code": "rights"},
            {"withdrawn": True},
        ],
        ids=["accepted", "declined", "withdrawn"],
    )
    def test_after_a_decision_it_leads_to_what_became_of_it(self, client, state):
        decided = ContributionFactory(keyed=True, **state)

        response = client.post(page(decided, "edit/"), {"place": "x", "save": "yes"})

        decided.refresh_from_db()
        assert response.headers["Location"] == decided.get_absolute_url()
        assert decided.place == ""

    def test_a_motif_that_was_restricted_since_stays_what_they_said(self, client):
        submitted = ContributionFactory(keyed=True)
        submitted.motif.access = "restricted"
        submitted.motif.save()

        client.post(
            page(submitted, "edit/"), {"motif": submitted.motif.slug, "save": "yes"}
        )

        submitted.refresh_from_db()
        assert submitted.motif is not None

    def test_without_its_address_it_does_not_exist(self, client):
        for what in ("", "edit/", "withdraw/"):
            assert client.get(f"/en/contributions/tidak-ada/{what}").status_code == 404


class TestMend:
    BUTTON = "Mend it and send it again"

    @pytest.fixture
    def declined(self):
        contribution = ContributionFactory(keyed=True, language="en", place="Amuntai")
        PhotoFactory(contribution=contribution)
        return actions.decline_contribution(
            contribution=contribution, by=CuratorFactory(), code="light"
        )

    def test_a_declined_one_is_mended_and_sent_again(self, client, declined):
        assert self.BUTTON in text(client.get(page(declined)))
        form = text(client.get(page(declined, "edit/")))
        assert declined.decline_reason in form
        assert 'name="send"' in form
        sent = {
            "place": "Kandangan",
            "people": "none",
            "licence": "CC-BY-4.0",
            "photos": [photo("red")],
        }

        client.post(page(declined, "edit/"), sent | {"send": "yes"})

        declined.refresh_from_db()
        assert (declined.state, declined.place) == ("submitted", "Kandangan")
        assert declined.photos.count() == 2
        status = text(client.get(page(declined)))
        told = ["A curator declined it.", "You added a photo.", "You sent it again."]
        places = [status.index(sentence) for sentence in told]
        assert places == sorted(places)
        assert "Take it in daylight" in status
        assert self.BUTTON not in status

    def test_changes_can_be_kept_until_it_is_sent(self, client, declined):
        sent = {"place": "Kandangan", "people": "none", "licence": "CC-BY-4.0"}

        client.post(page(declined, "edit/"), sent | {"save": "yes"})

        declined.refresh_from_db()
        assert (declined.state, declined.place) == ("declined", "Kandangan")
        assert self.BUTTON in text(client.get(page(declined)))

    def test_a_mistake_in_it_is_not_sent(self, client, declined):
        sent = {"place": "x" * 300, "people": "none", "send": "yes"}

        assert client.post(page(declined, "edit/"), sent).status_code == 422

        declined.refresh_from_db()
        assert (declined.state, declined.place) == ("declined", "Amuntai")

    @pytest.mark.parametrize("act", ["rights", "taken down"])
    def test_what_may_not_come_back_is_not_offered(self, client, declined, act):
        curator = CuratorFactory()
        if act == "rights":
            actions.reopen_contribution(contribution=declined, by=curator)
            actions.decline_contribution(
                contribution=declined, by=curator, code="rights"
            )
        else:
            actions.take_down_contribution(
                contribution=declined, by=curator, reason="The weaver asked us."
            )

        status = text(client.get(page(declined)))

        assert self.BUTTON not in status
        assert client.get(page(declined, "edit/")).status_code == 302
        if act == "taken down":
            assert "A curator took it down." in status
            assert "The weaver asked us." in status


class TestStatus:
    def test_a_decision_that_was_taken_back_is_not_told(self, client):
        contribution, curator = ContributionFactory(), CuratorFactory()
        actions.decline_contribution(
            contribution=contribution, by=curator, reason="Terlalu kabur."
        )
        actions.reopen_contribution(
            contribution=contribution, by=curator, reason="HANYA-KURATOR"
        )

        html = text(client.get(page(contribution)))

        assert "A curator looks at it once more." in html
        assert "A curator declined it." not in html
        assert "Terlalu kabur." not in html
        assert "HANYA-KURATOR" not in html

    def test_the_history_is_told_in_plain_words_without_names(self, client):
        giver = UserFactory(username="siti-giver")
        contribution = PhotoFactory(
            contribution=ContributionFactory(draft=True, given_by=giver)
        ).contribution
        curator = CuratorFactory(username="kurator-rahasia", first_name="Rahasia")
        actions.submit_contribution(contribution=contribution, by=giver)
        actions.edit_contribution(
            contribution=contribution, by=giver, changes={"place": "Amuntai"}
        )
        actions.decline_contribution(
            contribution=contribution, by=curator, reason="Terlalu kabur."
        )

        html = text(client.get(page(contribution)))

        told = ["You sent it.", "You changed: place.", "A curator declined it."]
        places = [html.index(sentence) for sentence in told]
        assert places == sorted(places)
        assert "Terlalu kabur." in html
        assert "ahasia" not in html
        assert "siti-giver" not in html

    def test_notes_of_checks_and_single_views_are_not_told(self, client):
        photo = PhotoFactory(contribution=ContributionFactory(keyed=True))
        actions.record("flagged", by=None, photo=photo, reason="HANYA-KURATOR")
        actions.record("restricted", by=CuratorFactory(), photo=photo, reason="ADAT")

        html = text(client.get(page(photo.contribution)))

        assert "HANYA-KURATOR" not in html
        assert "ADAT" not in html

    def test_how_much_is_asked_does_not_grow_with_photos_and_history(
        self, client, django_assert_max_num_queries
    ):
        contribution = ContributionFactory(keyed=True)
        for n in range(8):
            PhotoFactory(contribution=contribution)
            actions.edit_contribution(
                contribution=contribution,
                by=contribution.given_by,
                changes={"place": f"Kampung {n}"},
            )

        with django_assert_max_num_queries(6):
            client.get(page(contribution))

    def test_taking_back_asks_once_and_is_at_once(self, client):
        contribution = PhotoFactory(
            contribution=ContributionFactory(accepted=True, keyed=True)
        ).contribution
        address = page(contribution, "withdraw/")

        asked = client.get(address)
        contribution.refresh_from_db()
        state_then = contribution.state
        done = client.post(address, follow=True)

        assert "Take it back?" in text(asked)
        assert state_then == "accepted"
        assert "It is withdrawn" in text(done)
        assert not Photo.objects.shown().exists()
        assert client.get(address).status_code == 302

    @pytest.mark.parametrize("what", ["", "edit/", "withdraw/"])
    def test_no_robot_and_no_cache_keeps_it(self, client, what):
        response = client.get(page(ContributionFactory(keyed=True), what))

        assert response["X-Robots-Tag"] == "noindex"
        assert "no-store" in response["Cache-Control"]

    def test_what_a_curator_corrected_is_not_the_givers_doing(self, client):
        submitted = ContributionFactory()
        motif = MotifFactory()
        client.force_login(CuratorFactory())
        client.post(
            f"/en/admin/motifs/contribution/{submitted.pk}/change/",
            {
                "motif": motif.pk,
                "photos-TOTAL_FORMS": "0",
                "photos-INITIAL_FORMS": "0",
            },
        )
        submitted.refresh_from_db()
        assert submitted.motif == motif

        html = text(client.get(page(submitted)))

        assert "A curator corrected which motif it names." in html
        assert "You changed" not in html


class TestList:
    LIST = "/en/contributions/"

    def test_a_stranger_is_sent_to_sign_in(self, client):
        response = client.get(self.LIST)

        assert response.status_code == 302
        assert "next=" in response.headers["Location"]

    def test_one_sees_ones_own_and_nobody_elses(self, client):
        mine, other = ContributionFactory(), ContributionFactory()
        client.force_login(mine.given_by)

        html = client.get(self.LIST).content.decode()

        assert f'href="{page(mine)}"' in html
        assert other.key not in html

    def test_pages_follow_each_other_and_miss_nothing(self, client, monkeypatch):
        monkeypatch.setattr(contribution_views, "PAGE_SIZE", 3)
        person = UserFactory()
        given = [ContributionFactory(given_by=person) for _ in range(7)]
        # Two of one moment: the key still tells them apart.
        Contribution.objects.filter(pk__in=[one.pk for one in given[:4]]).update(
            given_at=given[0].given_at
        )
        client.force_login(person)

        seen, address = [], self.LIST
        for _ in range(4):
            html = client.get(address).content.decode()
            seen += re.findall(r'<h2><a href="/en/contributions/([^/]+)/"', html)
            older = re.search(r'href="(\?before=[^"]+)"', html)
            if older is None:
                break
            address = self.LIST + older[1].replace("&amp;", "&")

        assert sorted(seen) == sorted(one.key for one in given)

    @pytest.mark.parametrize(
        "cursor", ["x", "2026-01-01~", "~1", "2026-01-01~1", "%00"]
    )
    def test_a_cursor_that_is_not_ours_is_the_first_page(self, client, cursor):
        mine = ContributionFactory()
        client.force_login(mine.given_by)

        assert mine.key in text(client.get(f"{self.LIST}?before={cursor}"))

    def test_how_much_is_asked_does_not_grow(
        self, client, django_assert_max_num_queries
    ):
        person = UserFactory()
        for _ in range(8):
            contribution = ContributionFactory(given_by=person, accepted=True)
            for _n in range(3):
                PhotoFactory(contribution=contribution)
        client.force_login(person)

        with django_assert_max_num_queries(8):
            client.get(self.LIST)

    def test_of_what_was_taken_back_no_picture_is_shown(self, client):
        photo = PhotoFactory()
        giver = photo.contribution.given_by
        actions.withdraw_contribution(contribution=photo.contribution, by=giver)
        client.force_login(giver)

        assert photo.thumbnail_url not in text(client.get(self.LIST))


def test_the_page_goes_on_in_the_other_language(client):
    draft = ContributionFactory(keyed=True, draft=True)

    with translation.override("id"):
        assert client.get(f"/id/contributions/{draft.key}/edit/").status_code == 200


def test_what_a_script_needs_is_on_the_page(client):
    draft = ContributionFactory(keyed=True, draft=True)
    html = client.get(page(draft, "edit/")).content.decode()

    found = re.search(r'<script id="giving-addresses"[^>]*>(.*?)</script>', html)

    assert json.loads(found[1])["uploads"] == page(draft, "uploads/")


@pytest.mark.parametrize("asked", ["9" * 5000, "9" * 30, "-1", "x"])
def test_a_photo_that_is_no_number_is_not_taken_out(client, asked):
    contribution = ContributionFactory(given_by=None, draft=True)
    PhotoFactory(contribution=contribution)
    page = reverse("contributions:contribution-edit", args=[contribution.key])

    response = client.post(page, {"remove": asked})

    assert response.status_code < 500
    assert contribution.photos.count() == 1


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]
)
def test_ones_own_list_begins_anew_after_a_moment_that_cannot_be(client, at):
    contribution = ContributionFactory()
    client.force_login(contribution.given_by)
    page = reverse("contributions:contribution-list")

    response = client.get(page, {"before": f"{at}~1"})

    assert response.context["is_first"]


class TestAPartOfAPhoto:
    """What was chosen and has not wholly come is not left out without a word."""

    @pytest.fixture
    def draft(self):
        draft = ContributionFactory(given_by=None, draft=True, people="none")
        PhotoFactory(contribution=draft)
        start_upload(contribution=draft, client_id=uuid.uuid4(), length=9, by=None)
        return draft

    @pytest.fixture(params=["send", "save"])
    def pressed(self, request, draft):
        if request.param == "save":
            actions.submit_contribution(contribution=draft, by=None)
        return {"people": "none", "licence": "CC0-1.0", request.param: "yes"}

    def test_it_is_said_once_and_the_next_press_goes_on(self, client, draft, pressed):
        first = client.post(page(draft, "edit/"), pressed)
        without = re.findall(r'name="without" value="(\w+)"', text(first))
        second = client.post(page(draft, "edit/"), {**pressed, "without": without})

        assert (first.status_code, without) == (422, ["yes"])
        assert "Only a part of a photo has arrived" in text(first)
        assert (second.status_code, second["Location"]) == (302, page(draft))
        draft.refresh_from_db()
        assert draft.state == "submitted"

    def test_nothing_is_handed_on_before_it_was_said(self, client, draft):
        sent = {"people": "none", "licence": "CC0-1.0", "send": "yes"}

        client.post(page(draft, "edit/"), sent)

        draft.refresh_from_db()
        assert draft.state == "draft"

    def test_a_draft_that_is_kept_needs_no_whole_photos(self, client, draft):
        kept = client.post(page(draft, "edit/"), {"save": "yes", "people": "none"})

        assert (kept.status_code, kept["Location"]) == (302, page(draft, "edit/"))
        assert "without" not in re.findall(
            r'name="(\w+)"', text(client.get(kept["Location"]))
        )
