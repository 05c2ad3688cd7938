"""What the database itself refuses, whoever asks."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from motifs.models import Claim, Contribution, LookAlike, Motif, MotifName, Photo
from tests.factories import (
    LONG_AGO,
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


def refused(constraint):
    """The block breaks this rule of the database."""
    return pytest.raises(IntegrityError, match=constraint)


class TestMotif:
    def test_its_slug_can_never_change(self):
        motif = MotifFactory(slug="gigi-haruan")

        motif.slug = "gigi-aruan"

        with refused("slug of motif gigi-haruan is permanent"):
            motif.save()

    def test_saving_it_unchanged_is_no_change_of_slug(self):
        motif = MotifFactory(slug="gigi-haruan", family="lajur")

        motif.family = "ceplok"
        motif.save()

        motif.refresh_from_db()
        assert motif.family == "ceplok"

    @pytest.mark.parametrize("slug", ["Gigi", "gigi_haruan", "-gigi", "gigi-", "a--b"])
    def test_its_slug_is_lower_case_words_with_hyphens(self, slug):
        with refused("motif_slug_is_lower_case_words"):
            MotifFactory(slug=slug)

    def test_two_motifs_cannot_share_a_slug(self):
        MotifFactory(slug="ular-lidi")

        with refused("slug"):
            MotifFactory(slug="ular-lidi")

    @pytest.mark.parametrize(
        ("field", "constraint"),
        [
            ("family", "motif_family_is_known_word"),
            ("status", "motif_status_is_known_word"),
        ],
    )
    def test_its_words_are_of_the_vocabulary(self, field, constraint):
        with refused(constraint):
            MotifFactory(**{field: "lainnya"})

    def test_a_published_motif_says_since_when(self):
        with refused("motif_published_when"):
            MotifFactory(published_at=None)

    def test_a_draft_has_no_date_of_publication(self):
        with refused("motif_published_when"):
            MotifFactory(state="draft", published_at=LONG_AGO)

    def test_who_published_needs_a_when(self):
        with refused("motif_publisher_has_a_date"):
            MotifFactory(draft=True, published_by=UserFactory())

    def test_a_merged_motif_names_the_other(self):
        with refused("motif_merged_into_another_only_if_merged"):
            MotifFactory(state="merged")

    def test_only_a_merged_motif_names_another(self):
        with refused("motif_merged_into_another_only_if_merged"):
            MotifFactory(merged_into=MotifFactory())

    def test_a_motif_is_not_merged_into_itself(self):
        motif = MotifFactory()

        with refused("motif_is_not_merged_into_itself"):
            Motif.objects.filter(pk=motif.pk).update(state="merged", merged_into=motif)

    def test_visitors_see_what_is_published_and_curators_drafts_too(self):
        published, draft = MotifFactory(), MotifFactory(draft=True)
        MotifFactory(state="merged", merged_into=published)

        assert set(Motif.objects.visible_to(AnonymousUser())) == {published}
        assert set(Motif.objects.visible_to(UserFactory())) == {published}
        assert set(Motif.objects.visible_to(CuratorFactory())) == {published, draft}

    def test_a_motif_fetched_alone_has_the_labels_of_a_list(self, settings):
        motif = MotifFactory(slug="ular-lidi", name="Ular Lidi")
        MotifNameFactory(motif=motif, name="Ular", language="id", kind="preferred")
        ClaimFactory(motif=motif, language="en", text="A thin snake.")

        alone = Motif.objects.get(slug="ular-lidi")
        listed = Motif.objects.with_labels("id").get(slug="ular-lidi")

        for found in (alone, listed):
            assert found.preferred_name == "Ular Lidi"
            assert found.gloss == "Ular"
            assert (found.summary, found.summary_language) == ("A thin snake.", "en")

    def test_a_motif_without_a_name_goes_by_its_slug(self):
        MotifFactory(slug="tanpa-ngaran", name=False)

        assert str(Motif.objects.get()) == "tanpa-ngaran"
        assert Motif.objects.with_labels("id").get().preferred_name == "tanpa-ngaran"

    def test_the_best_documented_come_first_then_by_name(self):
        MotifFactory(name="Bintang", status="name_only")
        MotifFactory(name="ular lidi", status="documented")
        MotifFactory(name="Bayam Raja", status="documented")
        MotifFactory(name="Kulit Kayu", status="thin")

        found = Motif.objects.with_labels("id").in_catalogue_order()

        assert [motif.preferred_name for motif in found] == [
            "Bayam Raja",
            "ular lidi",
            "Kulit Kayu",
            "Bintang",
        ]


class TestMotifName:
    def test_one_preferred_name_per_motif_and_language(self):
        motif = MotifFactory()

        with refused("one_preferred_name_per_motif_and_language"):
            MotifNameFactory(motif=motif, kind="preferred")

    def test_another_language_and_another_motif_have_their_own(self):
        motif = MotifFactory()
        MotifNameFactory(motif=motif, language="id", kind="preferred")

        MotifFactory()

        assert MotifName.objects.preferred().count() == 3

    def test_a_spelling_stands_once_per_motif_and_language(self):
        first = MotifNameFactory(name="Iris Puduk")

        with refused("one_spelling_once_per_motif_and_language"):
            MotifNameFactory(motif=first.motif, name="Iris Puduk", kind="misspelling")

    def test_the_same_word_may_name_it_in_two_languages(self):
        name = MotifNameFactory(name="Gelombang", language="bjn")

        MotifNameFactory(motif=name.motif, name="Gelombang", language="id")

        assert MotifName.objects.filter(name="Gelombang").count() == 2

    def test_a_name_is_not_empty(self):
        with refused("motif_name_is_not_empty"):
            MotifNameFactory(name="")

    def test_its_kind_is_of_the_vocabulary(self):
        with refused("motif_name_kind_is_known_word"):
            MotifNameFactory(kind="julukan")

    def test_the_folded_form_follows_the_name_however_it_is_saved(self):
        motif = MotifFactory()
        one = MotifNameFactory(motif=motif, name="Hiris Pudak")
        many = MotifName.objects.bulk_create([MotifName(motif=motif, name="Kembang")])

        one.name = "Hiris Gagatas"
        one.save()

        folded = MotifName.objects.filter(pk__in=[one.pk, many[0].pk])
        assert set(folded.values_list("folded", flat=True)) == {
            "iris gagatas",
            "kambang",
        }

    def test_a_name_that_unfolds_to_many_letters_still_fits(self):
        name = MotifNameFactory(name="\ufdfa" * 120)

        assert len(name.folded) > 1000


class TestClaimsAndSources:
    def test_a_claim_has_one_text_per_language(self):
        claim = ClaimFactory(key="a/depicts/1", language="id")
        ClaimFactory(motif=claim.motif, key="a/depicts/1", language="en")

        with refused("one_text_per_claim_key_and_language"):
            ClaimFactory(motif=claim.motif, key="a/depicts/1", language="en")

    def test_claims_that_contradict_each_other_stand_side_by_side(self):
        motif = MotifFactory()

        ClaimFactory(motif=motif, kind="meaning", text="Keberanian.")
        ClaimFactory(motif=motif, kind="meaning", text="Ketakutan.")

        assert motif.claims.count() == 2

    @pytest.mark.parametrize("empty", ["key", "text"])
    def test_a_claim_has_key_and_text(self, empty):
        with refused("claim_has_key_and_text"):
            ClaimFactory(**{empty: ""})

    def test_its_kind_is_of_the_vocabulary(self):
        with refused("claim_kind_is_known_word"):
            ClaimFactory(kind="gosip")

    def test_claims_of_ones_own_get_keys_of_their_own(self):
        one, other = ClaimFactory(), ClaimFactory()

        assert one.key != other.key

    def test_a_source_that_is_cited_stays(self):
        citation = CitationFactory()

        with pytest.raises(ProtectedError):
            citation.source.delete()

    def test_a_claim_cites_a_place_once(self):
        citation = CitationFactory(locator="12")
        CitationFactory(claim=citation.claim, source=citation.source, locator="13")

        with refused("one_citation_per_claim_source_and_place"):
            CitationFactory(claim=citation.claim, source=citation.source, locator="12")

    @pytest.mark.parametrize("year", [1499, 2201])
    def test_a_year_is_a_year(self, year):
        with refused("source_year_is_a_year"):
            SourceFactory(year=year)

    @pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://a.b", ""])
    def test_a_sources_address_is_of_the_web(self, url):
        with refused("source_address_is_of_the_web"):
            SourceFactory(url=url)

    def test_a_source_has_a_title(self):
        with refused("source_has_key_and_title"):
            SourceFactory(title="")

    def test_main_statements_come_first_and_in_the_readers_language(self):
        motif = MotifFactory()
        ClaimFactory(motif=motif, key="b", language="id", text="lain")
        ClaimFactory(motif=motif, key="a", language="en", text="main", is_main=True)
        ClaimFactory(motif=motif, key="a", language="id", text="utama", is_main=True)

        in_english = Claim.objects.in_reading_order("en")

        assert [claim.text for claim in in_english] == ["main", "utama", "lain"]


class TestLookAlike:
    def test_one_row_per_pair(self):
        pair = LookAlikeFactory()

        with refused("one_look_alike_row_per_pair"):
            LookAlikeFactory(first=pair.first, second=pair.second)

    def test_the_pair_is_ordered_so_the_reverse_is_no_second_row(self):
        pair = LookAlikeFactory()

        with refused("look_alike_pair_is_ordered"):
            LookAlikeFactory(first=pair.second, second=pair.first)

    def test_a_motif_is_not_its_own_look_alike(self):
        motif = MotifFactory()

        with refused("look_alike_pair_is_ordered"):
            LookAlikeFactory(first=motif, second=motif)
        with pytest.raises(ValidationError):
            LookAlike(first=motif, second=motif).clean()

    def test_entering_a_pair_the_other_way_round_is_put_in_order(self):
        one, other = MotifFactory(), MotifFactory()
        pair = LookAlike(first=other, second=one)

        pair.full_clean()

        assert (pair.first, pair.second) == (one, other)

    def test_it_is_found_from_either_side(self):
        pair = LookAlikeFactory()

        assert LookAlike.objects.of(pair.first).get().other(pair.first) == (
            pair.second.pk
        )
        assert LookAlike.objects.of(pair.second).get().other(pair.second) == (
            pair.first.pk
        )

    def test_the_tell_falls_back_to_the_other_language(self):
        pair = LookAlikeFactory(tell_id="Lebih rapat.", tell_en="")

        assert pair.tell("en") == ("Lebih rapat.", "id")


class TestContribution:
    @pytest.mark.parametrize("state", ["accepted", "declined", "withdrawn"])
    def test_when_and_who_are_recorded_together(self, state):
        rule = f"contribution_{state}_when_and_who"

        with refused(rule), transaction.atomic():
            ContributionFactory(**{state: True, f"{state}_by": None})
        with refused(rule), transaction.atomic():
            ContributionFactory(**{f"{state}_by": UserFactory()})

    @pytest.mark.parametrize("state", ["submitted", "accepted", "declined"])
    def test_a_state_needs_its_date(self, state):
        with refused("contribution_state_follows_its_dates"):
            ContributionFactory(draft=True, state=state)

    def test_what_is_withdrawn_is_in_no_other_state(self):
        with refused("contribution_state_follows_its_dates"):
            ContributionFactory(
                accepted=True, withdrawn_at=LONG_AGO, withdrawn_by=UserFactory()
            )

    def test_a_decline_has_a_reason(self):
        with refused("contribution_declined_with_a_reason"):
            ContributionFactory(declined=True, decline_reason="")

    def test_a_reason_belongs_to_a_decline(self):
        with refused("contribution_declined_with_a_reason"):
            ContributionFactory(decline_reason="Terlalu kabur.")

    def test_it_is_not_accepted_and_declined_at_once(self):
        declined = ContributionFactory(declined=True)

        with refused("contribution_accepted_or_declined_not_both"):
            Contribution.objects.filter(pk=declined.pk).update(
                accepted_at=timezone.now(), accepted_by=declined.declined_by
            )

    def test_it_is_judged_only_after_it_was_submitted(self):
        with refused("contribution_judged_only_if_submitted"):
            ContributionFactory(accepted=True, submitted_at=None)

    def test_it_is_submitted_with_a_licence(self):
        ContributionFactory(draft=True, licence="")

        with refused("contribution_submitted_with_a_licence"):
            ContributionFactory(licence="")

    def test_a_demonstration_never_trains(self):
        with refused("demonstration_never_trains"):
            ContributionFactory(is_demonstration=True, consent_to_train=True)

    def test_a_person_who_gave_something_stays(self):
        contribution = ContributionFactory()

        with pytest.raises(ProtectedError):
            contribution.given_by.delete()


class TestPhoto:
    def test_a_photo_stands_once_in_a_contribution(self):
        photo = PhotoFactory()

        with refused("one_photo_once_per_contribution"):
            PhotoFactory(contribution=photo.contribution, sha256=photo.sha256)

    def test_the_same_photo_may_be_given_twice_by_others(self):
        photo = PhotoFactory()

        PhotoFactory(sha256=photo.sha256)

        assert Photo.objects.filter(sha256=photo.sha256).count() == 2

    def test_each_photo_has_its_place(self):
        photo = PhotoFactory()

        with refused("one_photo_per_position"):
            PhotoFactory(contribution=photo.contribution, position=photo.position)

    @pytest.mark.parametrize(
        ("wrong", "constraint"),
        [
            ({"sha256": "ABC"}, "photo_digest_is_sha256"),
            ({"width": 0}, "photo_has_a_size"),
            ({"height": 0}, "photo_has_a_size"),
        ],
    )
    def test_its_facts_are_facts(self, wrong, constraint):
        with refused(constraint):
            PhotoFactory(**wrong)

    def test_no_svg_is_ever_a_photo(self):
        photo = PhotoFactory()

        with refused("photo_media_type_is_allowed"), transaction.atomic():
            Photo.objects.filter(pk=photo.pk).update(media_type="image/svg+xml")

    def test_a_contribution_with_photos_cannot_be_deleted(self):
        photo = PhotoFactory()

        with pytest.raises(ProtectedError):
            photo.contribution.delete()

    def test_its_file_has_a_random_name(self):
        photo = PhotoFactory()

        assert photo.image.name.startswith("photos/")
        assert "photo" not in photo.image.name.removeprefix("photos/")
        assert photo.image.name.endswith(".jpg")

    def test_who_may_see_a_photo(self):
        shown = PhotoFactory()
        private = PhotoFactory(
            contribution=ContributionFactory(accepted=True, consent_to_show=False)
        )
        others = [
            PhotoFactory(contribution=ContributionFactory(**{state: True}))
            for state in ("draft", "declined", "withdrawn")
        ]
        waiting = PhotoFactory(contribution=ContributionFactory())
        draft, declined, withdrawn = others

        def seen_by(user):
            return set(Photo.objects.visible_to(user))

        assert set(Photo.objects.shown()) == {shown}
        assert seen_by(AnonymousUser()) == {shown}
        assert seen_by(UserFactory()) == {shown}
        assert seen_by(waiting.contribution.given_by) == {shown, waiting}
        # What is not yet given, or taken back, is for nobody but its giver.
        assert seen_by(CuratorFactory()) == {shown, private, waiting, declined}
        assert seen_by(draft.contribution.given_by) == {shown, draft}
        assert seen_by(withdrawn.contribution.given_by) == {shown, withdrawn}

    def test_an_original_is_for_its_giver_and_for_curators(self):
        photo = PhotoFactory()

        def seen_by(user):
            return set(Photo.objects.originals_visible_to(user))

        assert seen_by(AnonymousUser()) == set()
        assert seen_by(UserFactory()) == set()
        assert seen_by(photo.contribution.given_by) == {photo}
        assert seen_by(CuratorFactory()) == {photo}

    def test_a_curator_who_left_is_a_curator_no_more(self):
        PhotoFactory(contribution=ContributionFactory())
        curator = CuratorFactory(is_active=False)

        assert not Photo.objects.visible_to(curator).exists()
