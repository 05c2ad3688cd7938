"""A photo's page, the gallery of a motif, and a contributor's page."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ml import prototypes
from motifs import actions, galleries
from motifs.actions import identify_photo, record
from motifs.models import Access, Contribution, HistoryEntry, Photo
from tests.factories import (
    LONG_AGO,
    ContributionFactory,
    CuratorFactory,
    MotifFactory,
    PhotoFactory,
    UserFactory,
    picture_bytes,
)
from tests.motifs.judging import choose_public_name, determine, expert

pytestmark = pytest.mark.django_db


def given(**fields):
    return ContributionFactory(accepted=True, **fields)


def photo_of(motif=None, **fields):
    return PhotoFactory(contribution=given(motif=motif, **fields))


def address(photo, language="en"):
    return f"/{language}/photos/{photo.pk}/"


def text(client, photo, language="en"):
    return client.get(address(photo, language)).content.decode()


def linked(page):
    found = page.split('<script type="application/ld+json">')[1]
    return json.loads(found.partition("</script>")[0])


class TestWho:
    @pytest.mark.parametrize("state", ["draft", "declined", "withdrawn", "submitted"])
    def test_what_is_not_accepted_does_not_exist_for_others(self, client, state):
        traits = {} if state == "submitted" else {state: True}
        photo = PhotoFactory(contribution=ContributionFactory(**traits))

        assert client.get(address(photo)).status_code == 404
        client.force_login(UserFactory(is_staff=True))
        assert client.get(address(photo)).status_code == 404

    def test_a_restricted_photo_does_not_exist_for_others(self, client):
        photo = PhotoFactory(access=Access.RESTRICTED)

        assert client.get(address(photo)).status_code == 404
        client.force_login(CuratorFactory())
        page = client.get(address(photo))
        assert page.status_code == 200
        assert page["X-Robots-Tag"] == "noindex"
        assert "Not everybody sees this photo" in page.content.decode()
        assert "ld+json" not in page.content.decode()

    def test_its_giver_sees_it_at_any_time(self, client):
        photo = PhotoFactory(contribution=ContributionFactory(declined=True))
        client.force_login(photo.contribution.given_by)

        assert client.get(address(photo)).status_code == 200

    @pytest.mark.parametrize("number", ["0", "999999", "9" * 40])
    def test_a_number_that_is_nobodys_is_not_found(self, client, number):
        assert client.get(f"/en/photos/{number}/").status_code == 404

    def test_only_reading(self, client):
        assert client.post(address(PhotoFactory())).status_code == 405

    def test_its_address_is_the_models(self, client):
        photo = PhotoFactory()

        assert client.get(photo.get_absolute_url()).context["photo"] == photo


class TestPage:
    def test_what_was_said_of_the_cloth_is_told(self, client):
        photo = photo_of(
            place="Martapura",
            maker="Acil Rusmini",
            made="1998",
            technique="stitched",
            story="Dipakai nenek.",
            credit_line="Museum Lambung Mangkurat",
        )

        page = text(client, photo)

        for said in (
            "Martapura",
            "Acil Rusmini",
            "1998",
            "Stitched and dyed",
            "Dipakai nenek.",
            "Museum Lambung Mangkurat",
        ):
            assert said in page

    def test_texts_are_escaped_on_the_page_and_in_its_metadata(self, client):
        photo = photo_of(
            story="<script>alert(1)</script>",
            credit_line="</script><script>alert(2)</script>",
        )

        page = text(client, photo)

        assert "<script>alert" not in page
        assert linked(page)["creditText"] == photo.contribution.credit_line

    @pytest.mark.parametrize(
        ("licence", "url"),
        [
            ("CC-BY-SA-4.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
            ("CC-BY-4.0", "https://creativecommons.org/licenses/by/4.0/"),
            ("CC0-1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ],
    )
    def test_the_licence_is_linked_and_said_to_programs(self, client, licence, url):
        photo = photo_of(licence=licence)

        page = text(client, photo)

        assert f'<a rel="license" href="{url}">' in page
        assert f'<link rel="license" href="{url}">' in page
        assert linked(page)["license"] == url

    def test_where_all_rights_are_reserved_the_page_itself_is_the_licence(self, client):
        photo = photo_of(licence=Contribution.Licence.RESERVED)

        page = text(client, photo)

        assert 'rel="license"' not in page
        assert "All rights reserved" in page
        assert linked(page)["license"].endswith(f"{address(photo)}#licence")

    def test_programs_learn_whose_it_is_what_it_shows_and_where_its_file_is(
        self, client
    ):
        motif = MotifFactory(name="Gigi Haruan")
        photo = determine(
            PhotoFactory(
                contribution=given(motif=motif, credit_line="Rusmini"),
                content=picture_bytes(size=(2000, 1000)),
            ),
            motif,
        )

        described = linked(text(client, photo))

        assert described["@type"] == "ImageObject"
        assert described["contentUrl"].endswith(photo.display_url)
        assert described["contentUrl"].startswith("http://")
        assert (described["width"], described["height"]) == (1600, 800)
        assert described["creditText"] == "Rusmini"
        assert described["acquireLicensePage"].endswith("#licence")
        assert [about["name"] for about in described["about"]] == ["Gigi Haruan"]

    def test_a_suggestion_is_no_fact_for_programs(self, client):
        assert "about" not in linked(text(client, photo_of()))

    def test_the_protocol_of_photo_and_motif_is_shown(self, client):
        motif = MotifFactory(protocol_note="Hanya untuk upacara.")
        photo = determine(photo_of(motif), motif)
        Photo.objects.update(protocol_note="Jangan dicetak.")

        page = text(client, photo)

        assert "Hanya untuk upacara." in page
        assert "Jangan dicetak." in page
        assert "What the community asks" not in text(client, PhotoFactory())

    def test_other_photos_of_the_cloth_stand_beside_it_and_no_others(self, client):
        photo = PhotoFactory()
        sibling = PhotoFactory(contribution=photo.contribution)
        PhotoFactory(contribution=photo.contribution, access=Access.RESTRICTED)
        PhotoFactory()

        others = client.get(address(photo)).context["others"]

        assert [one.photo for one in others] == [sibling]

    def test_it_says_how_to_cite_it(self, client):
        photo = photo_of(credit_line="Rusmini")

        page = text(client, photo)

        assert f"http://testserver{address(photo)}" in page.partition("citation")[2]

    def test_it_is_asked_for_each_time(self, client):
        cache = client.get(address(PhotoFactory()))["Cache-Control"]

        assert set(cache.split(", ")) == {"private", "no-cache"}

    def test_its_queries_do_not_grow_with_rows(self, client, django_assert_num_queries):
        photo = PhotoFactory()

        def grow(count):
            for _ in range(count):
                sibling = PhotoFactory(contribution=photo.contribution)
                determine(sibling, MotifFactory())
                identify_photo(
                    photo=photo, outcome="motif", motif=MotifFactory(), by=expert()
                )

        grow(1)
        client.get(address(photo))
        with CaptureQueriesContext(connection) as before:
            client.get(address(photo))
        grow(4)

        with django_assert_num_queries(len(before)):
            client.get(address(photo))
        assert len(before) <= 8


class TestDetermination:
    def test_two_experts_are_told_as_the_rule(self, client):
        motif = MotifFactory(name="Gigi Haruan")
        photo = determine(photo_of(MotifFactory(name="Lain")), motif)

        page = text(client, photo)

        assert "It shows Gigi Haruan." in page
        assert "Two experts agree." in page
        assert "Lain" not in page.partition("<main")[2]

    def test_an_expert_and_a_curator_are_told_as_the_rule(self, client):
        motif = MotifFactory()
        photo = photo_of(motif)
        for person in (expert(), CuratorFactory()):
            identify_photo(photo=photo, outcome="motif", motif=motif, by=person)

        assert "An expert and a curator agree." in text(client, photo)

    def test_what_its_giver_calls_it_is_marked_as_a_suggestion(self, client):
        page = text(client, photo_of(MotifFactory(name="Gigi Haruan")))

        assert "Perhaps Gigi Haruan" in page
        assert "Its giver calls it Gigi Haruan." in page
        assert "It shows" not in page

    def test_a_cloth_nobody_knows_is_a_page_too(self, client):
        page = text(client, photo_of(None, opinion="unsure"))

        assert "Its giver does not know which motif it is." in page

    @pytest.mark.parametrize(
        ("outcome", "said"),
        [
            ("printed", "It is a print of Gigi Haruan, not stitched and dyed."),
            ("two_motifs", "It shows two motifs: Gigi Haruan and Hiris Pudak."),
        ],
    )
    def test_other_outcomes_are_told(self, client, outcome, said):
        motif, second = (
            MotifFactory(name="Gigi Haruan"),
            MotifFactory(name="Hiris Pudak"),
        )
        extra = {"second_motif": second} if outcome == "two_motifs" else {}
        photo = determine(photo_of(motif), motif, outcome=outcome, **extra)

        assert said in text(client, photo)

    def test_another_motif_than_suggested_takes_the_suggestion_away(self, client):
        photo = determine(photo_of(MotifFactory(name="Lain")), outcome="other_motif")

        page = text(client, photo)

        assert "It shows another motif than was suggested" in page
        assert "Lain" not in page.partition("<main")[2]

    def test_a_print_of_an_unknown_motif_keeps_its_givers_suggestion(self, client):
        photo = determine(photo_of(MotifFactory(name="Lain")), outcome="printed")

        page = text(client, photo)

        assert "It is a print of Lain, not stitched and dyed." not in page
        assert "Lain is what its giver calls it" in page

    def test_a_motif_that_is_not_published_is_not_named(self, client):
        draft = MotifFactory(draft=True, name="Rahasia")

        assert "Rahasia" not in text(client, photo_of(draft))


class TestHistory:
    def given_and_judged(self, motif):
        giver = UserFactory(username="rusmini")
        curator = CuratorFactory(username="pak-kurator")
        draft = actions.start_contribution(
            by=giver,
            motif=motif,
            people="none",
            licence="CC0-1.0",
            consent_to_show=True,
        )
        photo = PhotoFactory(contribution=draft)
        actions.submit_contribution(contribution=draft, by=giver)
        actions.accept_contribution(contribution=draft, by=curator)
        return photo, giver, curator

    def test_it_tells_roles_and_dates_and_no_names(self, client):
        motif = MotifFactory(name="Gigi Haruan")
        photo, giver, curator = self.given_and_judged(motif)
        determine(photo, motif)

        page = client.get(address(photo))

        assert [event.sentence for event in page.context["history"]] == [
            "Its giver sent it in.",
            "A curator accepted it.",
            "An expert looked at it. They see Gigi Haruan.",
            "An expert looked at it. They see Gigi Haruan.",
            "It shows Gigi Haruan. Two experts agree.",
        ]
        told = page.content.decode()
        for person in (
            giver,
            curator,
            *(i.identified_by for i in photo.identifications.all()),
        ):
            assert person.username not in told

    def test_what_one_expert_said_is_not_told_before_it_is_determined(self, client):
        motif = MotifFactory(name="Gigi Haruan")
        photo, _giver, _curator = self.given_and_judged(None)
        identify_photo(photo=photo, outcome="motif", motif=motif, by=expert())

        page = client.get(address(photo))

        assert page.context["history"][-1].sentence == "An expert looked at it."
        assert "Gigi Haruan" not in page.content.decode()

    def test_who_chose_a_public_name_is_named_and_linked(self, client, monkeypatch):
        photo, giver, _curator = self.given_and_judged(MotifFactory())
        choose_public_name(giver, "Rusmini dari Martapura", monkeypatch)

        page = text(client, photo)

        assert "Rusmini dari Martapura" in page
        assert f"/en/contributors/{giver.pk}/" in page

    def test_what_is_for_curators_is_not_told(self, client):
        photo, _giver, curator = self.given_and_judged(MotifFactory())
        for verb in ("flagged", "reported", "restricted", "opened", "resolved"):
            record(verb, by=curator, photo=photo, reason="Alasan rahasia")

        page = client.get(address(photo))

        assert len(page.context["history"]) == 2
        assert "Alasan rahasia" not in page.content.decode()

    def test_a_decision_that_was_taken_back_is_not_told(self, client):
        contribution, curator = ContributionFactory(), CuratorFactory()
        photo = PhotoFactory(contribution=contribution)
        actions.accept_contribution(contribution=contribution, by=curator)
        actions.reopen_contribution(contribution=contribution, by=curator)
        actions.accept_contribution(contribution=contribution, by=curator)

        page = client.get(address(photo))

        told = [event.sentence for event in page.context["history"]]
        assert told == ["A curator accepted it."]

    def test_what_happened_to_another_photo_of_the_cloth_is_not_told(self, client):
        photo, _giver, _curator = self.given_and_judged(MotifFactory())
        determine(PhotoFactory(contribution=photo.contribution), MotifFactory())

        assert len(client.get(address(photo)).context["history"]) == 2

    def test_a_lifted_determination_stays_in_the_history(self, client):
        motif = MotifFactory(name="Gigi Haruan")
        photo, _giver, _curator = self.given_and_judged(motif)
        determine(photo, motif)
        said = photo.identifications.first()
        actions.withdraw_identification(identification=said, by=said.identified_by)

        *_rest, took_back, lifted = client.get(address(photo)).context["history"]

        assert took_back.sentence == "An expert took their view back."
        assert lifted.sentence.startswith("The determination was lifted")

    def test_a_motif_that_was_restricted_since_is_not_named(self, client):
        hidden, motif = MotifFactory(name="Rahasia"), MotifFactory(name="Gigi Haruan")
        photo, _giver, _curator = self.given_and_judged(motif)
        determine(photo, hidden)
        photo.identifications.update(withdrawn_at=timezone.now())
        determine(photo, motif)
        hidden.access = Access.RESTRICTED
        hidden.save()

        page = client.get(address(photo))

        assert page.status_code == 200
        assert "Rahasia" not in page.content.decode()
        assert "It shows a motif that is not public. Two experts agree." in [
            event.sentence for event in page.context["history"]
        ]

    def test_every_verb_has_its_place(self):
        """A new verb is either told or for curators; nobody forgets to decide."""
        from motifs.photo_history import PUBLIC

        verbs = HistoryEntry.Verb
        curators = {
            verbs.DECLINED,
            verbs.WITHDRAWN,
            verbs.TAKEN_DOWN,
            verbs.FLAGGED,
            verbs.RESTRICTED,
            verbs.OPENED,
            verbs.MERGED,
            verbs.PUBLISHED,
            verbs.REPORTED,
            verbs.RESOLVED,
        }
        assert set(PUBLIC) | curators <= set(verbs)
        assert not set(PUBLIC) & curators


class TestGallery:
    def photos(self, client, motif):
        return list(client.get(f"/en/motifs/{motif.slug}/").context["photos"])

    def test_confirmed_photos_come_before_suggested_ones(self, client):
        motif = MotifFactory()
        suggested = photo_of(motif, accepted_at=timezone.now())
        confirmed = determine(photo_of(MotifFactory()), motif)

        assert self.photos(client, motif) == [confirmed, suggested]
        page = client.get(f"/en/motifs/{motif.slug}/").content.decode()
        assert page.index("Two experts agree.") < page.index("Suggested by its giver")

    def test_a_photo_determined_as_another_motif_is_not_there(self, client):
        motif, other = MotifFactory(), MotifFactory()
        photo = determine(photo_of(motif), other)

        assert self.photos(client, motif) == []
        assert self.photos(client, other) == [photo]

    def test_a_photo_of_two_motifs_is_on_both_pages(self, client):
        first, second = MotifFactory(), MotifFactory()
        photo = determine(
            photo_of(None), first, outcome="two_motifs", second_motif=second
        )

        assert self.photos(client, first) == self.photos(client, second) == [photo]

    @pytest.mark.parametrize(("outcome", "stays"), [("other_motif", 0), ("printed", 1)])
    def test_a_suggestion_stands_beside_a_print_and_nothing_else(
        self, client, outcome, stays
    ):
        motif = MotifFactory()
        determine(photo_of(motif), outcome=outcome)

        assert len(self.photos(client, motif)) == stays

    def test_good_photos_come_first_among_the_confirmed(self, client):
        motif = MotifFactory()
        plain, good = (determine(photo_of(motif), motif) for _ in range(2))
        good.is_good = True
        good.save()
        newest = determine(photo_of(motif, accepted_at=timezone.now()), motif)

        assert self.photos(client, motif) == [good, newest, plain]

    def test_each_leads_to_its_page_and_is_never_cropped(self, client):
        photo = PhotoFactory(content=picture_bytes(size=(90, 300)))
        motif = photo.contribution.motif

        page = client.get(f"/en/motifs/{motif.slug}/").content.decode()

        assert f'href="{address(photo)}"' in page
        assert 'width="90" height="300"' in page

    def test_more_than_twelve_are_on_a_page_of_their_own(self, client):
        motif = MotifFactory()
        contribution = given(motif=motif)
        PhotoFactory.create_batch(30, contribution=contribution)

        assert len(self.photos(client, motif)) == 12
        more = f"/en/motifs/{motif.slug}/photos/"
        assert more in client.get(f"/en/motifs/{motif.slug}/").content.decode()
        first = client.get(more)
        second = client.get(more, {"after": first.context["after"]})
        shown = [c.photo for p in (first, second) for c in p.context["captions"]]
        assert shown == list(contribution.photos.order_by("position"))
        assert not second.context["after"]
        assert "noindex" in second.content.decode()

    def test_a_page_that_is_not_there_is_not_found(self, client):
        more = f"/en/motifs/{MotifFactory().slug}/photos/"

        assert client.get(more, {"after": "x"}).status_code == 404

    def test_photos_of_a_motif_that_is_not_public_are_not_found(self, client):
        for motif in (MotifFactory(draft=True), MotifFactory(access="restricted")):
            assert client.get(f"/en/motifs/{motif.slug}/photos/").status_code == 404

    def test_without_photos_it_says_how_many_would_teach_the_recogniser(self, client):
        motif = MotifFactory()
        page = f"/en/motifs/{motif.slug}/"
        lacking = "that may train it, and the recogniser can learn this motif from"

        assert f"3 more confirmed photos {lacking}" in client.get(page).content.decode()
        determine(photo_of(motif, consent_to_train=True), motif)
        determine(photo_of(motif, consent_to_train=True), motif)
        # Neither without consent to train nor without agreement does it learn.
        determine(photo_of(motif), motif)
        photo_of(motif, consent_to_train=True)
        assert f"1 more confirmed photo {lacking}" in client.get(page).content.decode()
        determine(photo_of(motif, consent_to_train=True), motif)
        assert lacking not in client.get(page).content.decode()

    def test_what_it_says_is_what_the_recogniser_needs(self):
        assert galleries.LEARNS_FROM == prototypes.LEAST

    def test_the_motifs_metadata_names_its_real_photos(self, client):
        motif = MotifFactory(name="Gigi Haruan")
        photo = photo_of(motif)
        photo_of(motif, is_demonstration=True)

        described = linked(client.get(f"/en/motifs/{motif.slug}/").content.decode())

        assert described["@type"] == "DefinedTerm"
        assert described["name"] == "Gigi Haruan"
        assert [image["url"] for image in described["image"]] == [
            f"http://testserver{address(photo)}"
        ]

    def test_its_pages_queries_do_not_grow_with_rows(
        self, client, django_assert_num_queries
    ):
        motif = MotifFactory()
        page = f"/en/motifs/{motif.slug}/photos/"

        def grow(count):
            for _ in range(count):
                determine(photo_of(None), motif)
                photo_of(motif)

        grow(1)
        client.get(page)
        with CaptureQueriesContext(connection) as before:
            client.get(page)
        grow(4)

        with django_assert_num_queries(len(before)):
            client.get(page)
        assert len(before) <= 5


class TestExamples:
    def test_a_confirmed_photo_is_a_better_example_than_a_suggested_one(self):
        from motifs.presentation import accepted_photos

        motif, other = MotifFactory(), MotifFactory()
        photo_of(motif, accepted_at=timezone.now())
        confirmed = determine(photo_of(other), motif)

        assert accepted_photos([motif], 1) == {motif.pk: [confirmed]}
        assert accepted_photos([other], 1) == {}

    def test_a_motif_that_nobody_drew_shows_a_photo_in_lists(self, client):
        motif = MotifFactory()
        photo = photo_of(motif)

        listed = client.get("/en/motifs/").content.decode()

        assert photo.thumbnail_url in listed


class TestContributor:
    @pytest.fixture
    def rusmini(self, monkeypatch):
        person = UserFactory(username="akun-rusmini")
        choose_public_name(person, "Rusmini", monkeypatch)
        return person

    def test_it_shows_what_they_gave_and_counts_it(self, client, rusmini):
        motif = MotifFactory(name="Gigi Haruan")
        confirmed = determine(photo_of(motif, given_by=rusmini), motif)
        sibling = PhotoFactory(contribution=confirmed.contribution)
        for fields in ({"consent_to_show": False}, {"is_demonstration": True}):
            photo_of(given_by=rusmini, **fields)
        PhotoFactory(contribution=ContributionFactory(given_by=rusmini))
        photo_of()

        response = client.get(f"/en/contributors/{rusmini.pk}/")

        shown = [caption.photo for caption in response.context["captions"]]
        assert shown == [confirmed, sibling]
        counts = response.context["counts"]
        assert (counts.photos, counts.cloths, counts.confirmed) == (2, 1, 1)
        page = response.content.decode()
        assert "Rusmini" in page
        assert "Gigi Haruan" in page
        assert "akun-rusmini" not in page

    def test_who_chose_no_public_name_has_no_page(self, client):
        photo = PhotoFactory()
        giver = photo.contribution.given_by

        assert client.get(f"/en/contributors/{giver.pk}/").status_code == 404
        client.force_login(giver)
        assert client.get(f"/en/contributors/{giver.pk}/").status_code == 404
        assert "/contributors/" not in text(client, photo)

    @pytest.mark.parametrize("number", ["0", "999999", "9" * 40, "rusmini"])
    def test_nobodys_page_is_not_found(self, client, number):
        assert client.get(f"/en/contributors/{number}/").status_code == 404

    def test_a_closed_account_has_no_page(self, client):
        person = UserFactory(public_name="Rusmini")
        page = f"/en/contributors/{person.pk}/"
        assert client.get(page).status_code == 200

        person.is_active = False
        person.save()

        assert client.get(page).status_code == 404

    def test_the_name_stands_where_no_credit_line_was_given(self, client, rusmini):
        photo = photo_of(given_by=rusmini)

        described = linked(text(client, photo))

        assert described["creditText"] == "Rusmini"
        assert described["creator"] == {"@type": "Person", "name": "Rusmini"}

    def test_more_are_on_further_pages(self, client, rusmini):
        PhotoFactory.create_batch(25, contribution=given(given_by=rusmini))
        page = f"/en/contributors/{rusmini.pk}/"

        first = client.get(page)
        second = client.get(page, {"after": first.context["after"]})

        assert len(first.context["captions"]) == 24
        assert len(second.context["captions"]) == 1
        assert client.get(page, {"after": "x"}).status_code == 404

    def test_an_empty_page_teaches(self, client, rusmini):
        page = client.get(f"/en/contributors/{rusmini.pk}/").content.decode()

        assert "once a curator has accepted them" in page


def test_long_ago_is_when_it_was_published(client):
    photo = PhotoFactory()

    assert linked(text(client, photo))["datePublished"] == LONG_AGO.date().isoformat()
