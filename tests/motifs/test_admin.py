"""The curators' workplace: the rules of the catalogue hold there too."""

import re

import pytest
from django.apps import apps
from django.contrib.admin.sites import site
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from motifs.actions import restrict_access, withdraw_contribution
from motifs.groups import CURATOR_RIGHTS
from motifs.models import Contribution, HistoryEntry, LookAlike, Motif, MotifName
from motifs.permissions import CURATOR_GROUP
from tests.factories import (
    CitationFactory,
    ClaimFactory,
    ContributionFactory,
    CuratorFactory,
    LookAlikeFactory,
    MotifFactory,
    MotifNameFactory,
    PhotoFactory,
    SourceFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

MODELS = (
    "motif",
    "claim",
    "source",
    "lookalike",
    "contribution",
    "photo",
    "historyentry",
    "problemreport",
)


def address(model, page="changelist", *args):
    return reverse(f"admin:motifs_{model}_{page}", args=args)


@pytest.fixture
def curator(client):
    curator = CuratorFactory()
    client.force_login(curator)
    return curator


def form_of(response):
    """What the form of the page would send if it were submitted unchanged."""
    context = response.context["adminform"].form
    data = {}
    forms = [context]
    for formset in response.context["inline_admin_formsets"]:
        forms += [formset.formset.management_form, *formset.formset.forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is not None and value is not False:
                data[bound.html_name] = value
    return data


def confirm(client, response, **sent):
    """Press the button of the page that asks before many are decided on."""
    page = response.redirect_chain[-1][0]
    seen = re.findall(r'name="revision" value="([^"]+)"', response.content.decode())
    return client.post(page, {"revision": seen, **sent}, follow=True)


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


def meanwhile(monkeypatch, model, act):
    """Let something happen after the form was read and before it is saved."""
    own = site._registry[apps.get_model("motifs", model)]
    save = own.save_model

    def acted_on(request, obj, form, change):
        act()
        save(request, obj, form, change)

    monkeypatch.setattr(own, "save_model", acted_on)


class TestWho:
    @pytest.mark.parametrize("model", MODELS)
    def test_a_visitor_is_sent_to_sign_in(self, client, model):
        response = client.get(address(model))

        assert response.status_code == 302
        assert "/login/" in response["Location"]

    @pytest.mark.parametrize("model", MODELS)
    def test_staff_without_the_role_may_not(self, client, model):
        client.force_login(UserFactory(is_staff=True))

        assert client.get(address(model)).status_code == 403

    @pytest.mark.parametrize("model", MODELS)
    def test_curators_may(self, client, curator, model):
        assert client.get(address(model)).status_code == 200

    def test_the_group_of_curators_has_its_rights_from_the_start(self):
        group = Group.objects.get(name=CURATOR_GROUP)

        rights = group.permissions.filter(content_type__app_label="motifs")
        assert set(rights.values_list("codename", flat=True)) == set(CURATOR_RIGHTS)

    def test_curators_may_delete_nothing_permanent(self, client, curator):
        for row in (MotifFactory(), ContributionFactory()):
            page = address(row._meta.model_name, "delete", row.pk)
            assert client.post(page, {"post": "yes"}).status_code == 403

    def test_not_even_an_administrator_may(self, client):
        client.force_login(UserFactory(is_staff=True, is_superuser=True))

        for row in (MotifFactory(), ContributionFactory()):
            page = address(row._meta.model_name, "delete", row.pk)
            assert client.post(page, {"post": "yes"}).status_code == 403


class TestEveryPage:
    @pytest.fixture
    def pages(self):
        photo = PhotoFactory(contribution=ContributionFactory())
        citation = CitationFactory()
        pair = LookAlikeFactory()
        motif = citation.claim.motif
        return [
            address("motif"),
            address("motif", "add"),
            address("motif", "change", motif.pk),
            address("motif", "change", pair.first_id),
            address("claim"),
            address("claim", "add"),
            address("claim", "change", citation.claim_id),
            address("source"),
            address("source", "change", citation.source_id),
            address("lookalike"),
            address("lookalike", "add"),
            address("lookalike", "change", pair.pk),
            address("contribution"),
            address("contribution", "change", photo.contribution_id),
            f"{address('contribution', 'decline')}?ids={photo.contribution_id}",
        ]

    def test_it_opens_in_both_languages(self, client, curator, pages):
        for page in pages:
            for language in ("id", "en"):
                response = client.get(page.replace("/id/", f"/{language}/"))
                assert response.status_code == 200, page

    def test_nothing_is_inline_that_the_policy_forbids(self, client, curator, pages):
        for page in pages:
            html = client.get(page).content.decode()
            assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>\s*\S", html), page
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html), page

    @pytest.mark.parametrize("model", MODELS)
    @pytest.mark.parametrize("query", [{}, {"q": "motif"}])
    def test_its_lists_cost_the_same_however_long_they_are(
        self, client, curator, django_assert_num_queries, model, query
    ):
        def grow(count):
            for _ in range(count):
                CitationFactory()
                LookAlikeFactory()
                PhotoFactory(contribution=ContributionFactory())

        grow(2)
        client.get(address(model), query)
        with CaptureQueriesContext(connection) as before:
            client.get(address(model), query)
        grow(6)

        with django_assert_num_queries(len(before)):
            client.get(address(model), query)

    @pytest.mark.parametrize(
        ("model", "term"),
        [("motif", "ular"), ("source", "seman"), ("claim", "berani")],
    )
    def test_its_search_finds(self, client, curator, model, term):
        motif = MotifFactory(slug="a", name="Ular Lidi")
        SourceFactory(key="SEMAN")
        ClaimFactory(motif=motif, text="Berani.")
        MotifFactory(slug="b", name="Gelombang")
        SourceFactory(key="KHOLIS")

        response = client.get(address(model), {"q": term})

        assert response.context["cl"].result_count == 1


class TestMotif:
    def test_an_alternative_name_finds_it_once(self, client, curator):
        name = MotifNameFactory(name="Iris Puduk")
        MotifNameFactory(motif=name.motif, name="Iris Pudak")

        response = client.get(address("motif"), {"q": "iris"})

        assert response.context["cl"].result_count == 1

    def test_its_slug_can_be_chosen_once(self, client, curator):
        motif = MotifFactory()

        add = client.get(address("motif", "add"))
        change = client.get(address("motif", "change", motif.pk))

        assert "slug" in add.context["adminform"].form.fields
        assert "slug" not in change.context["adminform"].form.fields

    def test_a_new_motif_is_a_draft_until_it_is_published(self, client, curator):
        data = form_of(client.get(address("motif", "add"))) | {
            "slug": "motif-baru",
            "names-TOTAL_FORMS": "1",
            "names-0-name": "Motif Baru",
            "names-0-language": "bjn",
            "names-0-kind": "preferred",
            "names-0-position": "0",
        }

        response = client.post(address("motif", "add"), data, follow=True)

        motif = Motif.objects.get(slug="motif-baru")
        assert motif.state == "draft", response.content.decode()
        client.post(
            address("motif"),
            {"action": "publish_selected", "_selected_action": [motif.pk]},
        )
        motif.refresh_from_db()
        assert (motif.state, motif.published_by) == ("published", curator)
        entries = HistoryEntry.objects.of_motif(motif)
        assert [entry.verb for entry in entries] == ["created", "published"]

    def test_publishing_says_what_it_refused(self, client, curator):
        nameless, published = MotifFactory(draft=True, name=False), MotifFactory()

        response = client.post(
            address("motif"),
            {
                "action": "publish_selected",
                "_selected_action": [nameless.pk, published.pk],
            },
            follow=True,
        )

        assert len(messages_of(response)) == 2
        nameless.refresh_from_db()
        assert nameless.state == "draft"

    def save(self, client, motif, **changes):
        page = address("motif", "change", motif.pk)
        return client.post(page, form_of(client.get(page)) | changes)

    def test_two_names_may_trade_places(self, client, curator):
        motif = MotifFactory(name="Hiris Pudak")
        MotifNameFactory(motif=motif, name="Iris Pudak", kind="alternative")

        response = self.save(
            client,
            motif,
            **{"names-0-kind": "alternative", "names-1-kind": "preferred"},
        )

        assert response.status_code == 302
        assert motif.names.preferred().get().name == "Iris Pudak"

    def test_two_preferred_names_are_refused_with_a_sentence(self, client, curator):
        motif = MotifFactory()
        MotifNameFactory(motif=motif, kind="alternative")

        response = self.save(client, motif, **{"names-1-kind": "preferred"})

        assert response.status_code == 200
        assert motif.names.preferred().count() == 1

    def test_the_last_preferred_banjar_name_cannot_go(self, client, curator):
        motif = MotifFactory()

        renamed = self.save(client, motif, **{"names-0-kind": "alternative"})
        deleted = self.save(client, motif, **{"names-0-DELETE": "on"})

        assert (renamed.status_code, deleted.status_code) == (200, 200)
        assert motif.names.preferred().exists()

    def test_a_name_twice_is_refused_with_a_sentence(self, client, curator):
        motif = MotifFactory(name="Ular Lidi")
        MotifNameFactory(motif=motif, name="Ular")

        response = self.save(client, motif, **{"names-1-name": "Ular Lidi"})

        assert response.status_code == 200
        assert MotifName.objects.filter(name="Ular").exists()

    def test_saving_without_a_change_changes_nothing(self, client, curator):
        motif = MotifFactory()
        ClaimFactory(motif=motif)
        before = list(MotifName.objects.values()), list(motif.claims.values())

        response = self.save(client, motif)

        assert response.status_code == 302
        assert (list(MotifName.objects.values()), list(motif.claims.values())) == before

    def test_a_claim_written_here_needs_no_key_of_ones_own(self, client, curator):
        motif = MotifFactory()
        page = address("motif", "change", motif.pk)
        response = client.get(page)
        empty = response.context["inline_admin_formsets"][1].formset.empty_form
        new = {
            bound.html_name.replace("__prefix__", "0"): bound.value()
            for bound in empty
            if bound.value() is not None and bound.value() is not False
        }

        client.post(
            page,
            form_of(response)
            | new
            | {
                "claims-TOTAL_FORMS": "1",
                "claims-0-kind": "meaning",
                "claims-0-language": "id",
                "claims-0-text": "Berani.",
            },
        )

        assert motif.claims.get().key.startswith("claim/")

    def test_an_edit_keeps_a_restriction_that_came_meanwhile(
        self, client, curator, monkeypatch
    ):
        motif = MotifFactory()
        page = address("motif", "change", motif.pk)
        data = form_of(client.get(page)) | {"family": "ceplok"}
        meanwhile(
            monkeypatch,
            "motif",
            lambda: restrict_access(
                subject=Motif.objects.get(pk=motif.pk), by=curator, reason="Tetuha."
            ),
        )

        client.post(page, data)

        motif.refresh_from_db()
        assert (motif.access, motif.family) == ("restricted", "ceplok")


class TestLookAlike:
    def test_a_pair_entered_the_other_way_round_is_put_in_order(self, client, curator):
        one, other = MotifFactory(), MotifFactory()

        client.post(
            address("lookalike", "add"),
            {"first": other.pk, "second": one.pk, "tell_id": "Beda.", "tell_en": ""},
        )

        pair = LookAlike.objects.get()
        assert (pair.first, pair.second) == (one, other)

    @pytest.mark.parametrize("reverse", [False, True])
    def test_a_pair_twice_is_refused_with_a_sentence(self, client, curator, reverse):
        pair = LookAlikeFactory()
        first, second = pair.first_id, pair.second_id
        if reverse:
            first, second = second, first

        response = client.post(
            address("lookalike", "add"), {"first": first, "second": second}
        )

        assert response.status_code == 200
        assert response.context["adminform"].form.errors

    def test_a_motif_with_itself_is_refused_with_a_sentence(self, client, curator):
        motif = MotifFactory()

        response = client.post(
            address("lookalike", "add"), {"first": motif.pk, "second": motif.pk}
        )

        assert response.status_code == 200
        assert response.context["adminform"].form.errors


class TestContributions:
    def test_what_waits_longest_comes_first_and_decided_ones_when_asked(
        self, client, curator
    ):
        decided = ContributionFactory(accepted=True)
        waiting = ContributionFactory.create_batch(2)

        found = client.get(address("contribution")).context["cl"].result_list
        every = client.get(address("contribution"), {"state": "all"})

        assert list(found) == waiting
        assert list(every.context["cl"].result_list) == [*reversed(waiting), decided]

    def test_drafts_are_their_givers_own_affair(self, client, curator):
        draft = ContributionFactory(draft=True)

        assert not client.get(address("contribution")).context["cl"].result_list
        page = address("contribution", "change", draft.pk)
        assert client.get(page).status_code == 302

    def test_the_queue_shows_pictures_and_says_what_is_a_demonstration(
        self, client, curator
    ):
        photo = PhotoFactory(contribution=ContributionFactory(is_demonstration=True))

        english = address("contribution").replace("/id/", "/en/")
        page = client.get(english).content.decode()

        assert f'src="{photo.thumbnail_url}"' in page
        assert f'href="{photo.display_url}"' in page
        assert "<strong>Demonstration</strong>" in page

    def test_many_are_accepted_at_once_and_each_is_in_the_history(
        self, client, curator
    ):
        waiting = ContributionFactory.create_batch(3)

        asked = client.post(
            address("contribution"),
            {
                "action": "accept_selected",
                "_selected_action": [contribution.pk for contribution in waiting],
            },
            follow=True,
        )
        assert not Contribution.objects.accepted().exists()
        confirm(client, asked)

        assert Contribution.objects.accepted().filter(accepted_by=curator).count() == 3
        entries = HistoryEntry.objects.filter(by=curator, verb="accepted")
        assert sorted(e.contribution_id for e in entries) == [c.pk for c in waiting]

    def test_what_cannot_be_accepted_does_not_stop_the_rest(self, client, curator):
        declined = ContributionFactory(declined=True)
        waiting = ContributionFactory()

        asked = client.post(
            address("contribution"),
            {
                "action": "accept_selected",
                "_selected_action": [declined.pk, waiting.pk],
            },
            follow=True,
        )
        response = confirm(client, asked)

        waiting.refresh_from_db()
        declined.refresh_from_db()
        assert (waiting.state, declined.state) == ("accepted", "declined")
        assert len(messages_of(asked)) == len(messages_of(response)) == 1

    def test_declining_asks_for_a_reason_first(self, client, curator):
        waiting = ContributionFactory.create_batch(2)

        response = client.post(
            address("contribution"),
            {
                "action": "decline_selected",
                "_selected_action": [contribution.pk for contribution in waiting],
            },
            follow=True,
        )

        assert not Contribution.objects.filter(state="declined").exists()
        missing = confirm(client, response, reason=" ")
        assert missing.status_code == 422
        confirm(client, response, reason="Terlalu kabur.")
        declined = Contribution.objects.filter(state="declined")
        assert {c.decline_reason for c in declined} == {"Terlalu kabur."}
        assert declined.count() == 2
        entries = HistoryEntry.objects.filter(by=curator, verb="declined")
        assert sorted(e.contribution_id for e in entries) == [c.pk for c in waiting]
        assert {entry.reason for entry in entries} == {"Terlalu kabur."}

    @pytest.mark.parametrize("ids", ["", "x", "999999", "1,,2", "'--", "9" * 40])
    @pytest.mark.parametrize("deed", ["accept", "decline"])
    def test_deciding_on_nothing_leads_back(self, client, curator, deed, ids):
        page = address("contribution", deed)

        response = client.get(f"{page}?ids={ids}")

        assert response.status_code == 302
        assert response["Location"] == address("contribution")

    def test_its_own_page_has_both_decisions_while_it_waits(self, client, curator):
        for contribution, offered in [
            (ContributionFactory(), True),
            (ContributionFactory(accepted=True), False),
        ]:
            page = address("contribution", "change", contribution.pk)
            html = client.get(page).content.decode()
            assert ('name="_accept"' in html) is offered
            assert ('name="_decline"' in html) is offered

    def test_accepting_on_its_own_page_keeps_a_corrected_motif(self, client, curator):
        contribution, motif = ContributionFactory(), MotifFactory()
        page = address("contribution", "change", contribution.pk)
        data = form_of(client.get(page)) | {"motif": motif.pk, "_accept": "1"}

        client.post(page, data | {"revision": contribution.revision})

        contribution.refresh_from_db()
        assert (contribution.state, contribution.motif) == ("accepted", motif)

    def test_naming_a_motif_ends_its_givers_doubt(self, client, curator):
        contribution = ContributionFactory(motif=None, opinion="unsure")
        page = address("contribution", "change", contribution.pk)
        motif = MotifFactory()

        response = client.post(page, form_of(client.get(page)) | {"motif": motif.pk})

        contribution.refresh_from_db()
        assert response.status_code == 302
        assert (contribution.motif, contribution.opinion) == (motif, "")

    def test_a_correction_keeps_what_became_of_it_meanwhile(
        self, client, curator, monkeypatch
    ):
        contribution = ContributionFactory(accepted=True)
        page = address("contribution", "change", contribution.pk)
        data = form_of(client.get(page)) | {"motif": MotifFactory().pk}
        meanwhile(
            monkeypatch,
            "contribution",
            lambda: withdraw_contribution(
                contribution=Contribution.objects.get(pk=contribution.pk),
                by=contribution.given_by,
            ),
        )

        client.post(page, data)

        contribution.refresh_from_db()
        assert contribution.state == "withdrawn"
        assert contribution.motif_id == data["motif"]

    def test_declining_on_its_own_page_asks_for_a_reason(self, client, curator):
        contribution = ContributionFactory()
        page = address("contribution", "change", contribution.pk)

        response = client.post(page, form_of(client.get(page)) | {"_decline": "1"})

        assert response["Location"].endswith(f"decline/?ids={contribution.pk}")

    def test_what_people_gave_cannot_be_rewritten(self, client, curator):
        contribution = ContributionFactory(story="Ceritaku.")
        page = address("contribution", "change", contribution.pk)
        data = form_of(client.get(page))

        client.post(
            page, data | {"story": "Lain.", "state": "accepted", "licence": "CC0-1.0"}
        )

        contribution.refresh_from_db()
        assert contribution.story == "Ceritaku."
        assert (contribution.state, contribution.licence) == ("submitted", "CC-BY-4.0")

    def test_nobody_adds_contributions_here(self, client, curator):
        assert client.get(address("contribution", "add")).status_code == 403

    def test_looking_without_the_right_to_moderate_offers_no_decision(self, client):
        group = Group.objects.get(name=CURATOR_GROUP)
        looker = UserFactory(is_staff=True)
        looker.user_permissions.set(
            group.permissions.filter(codename="view_contribution")
        )
        client.force_login(looker)
        contribution = ContributionFactory()

        page = client.get(address("contribution")).content.decode()
        decline = client.get(
            f"{address('contribution', 'decline')}?ids={contribution.pk}"
        )

        assert "accept_selected" not in page
        assert decline.status_code == 403


def test_everything_that_curators_look_after_has_a_place():
    assert {model._meta.model_name for model in site._registry} >= set(MODELS)
