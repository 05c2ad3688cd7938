"""What the expert's pages show, to whom and when; blindness is the server's to keep."""

import re
import time

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from classifier.groups import MODEL_KEEPER_GROUP
from motifs.actions import comment_on_photo, identify_photo, merge_motifs
from motifs.locks import lock_motifs_for_merging
from motifs.models import Identification, Motif, Photo, SkippedPhoto
from tests.at_once import at_once
from tests.factories import (
    ContributionFactory,
    CuratorFactory,
    ExpertFactory,
    MotifFactory,
    PhotoFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def expert(client):
    person = ExpertFactory()
    client.force_login(person)
    return person


def screen(photo):
    return reverse("experts:photo", args=[photo.pk])


def commit(client, photo, shown=None, *, after="", **fields):
    fields = {
        "outcome": "motif" if shown else "cannot_tell",
        "motif": shown.slug if shown else "",
        "certainty": "probable",
        "after": after,
    } | fields
    return client.post(screen(photo), fields)


def say(photo, by, motif, **how):
    return identify_photo(photo=photo, outcome="motif", motif=motif, by=by, **how)


def text_of(response):
    """The page without what differs between any two requests, nor which photo it is."""
    html = response.content.decode()
    html = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", html)
    return re.sub(r"/expert/\d+/", "/expert/…/", html)


GETS = ("next", "disputes", "agreement")


class TestWho:
    @pytest.mark.parametrize("name", GETS)
    def test_visitors_are_sent_to_sign_in(self, client, name):
        response = client.get(reverse(f"experts:{name}"))

        assert response.status_code == 302
        assert "login" in response["Location"]

    @pytest.mark.parametrize("name", GETS)
    def test_who_is_no_expert_is_refused(self, client, name):
        client.force_login(UserFactory())

        assert client.get(reverse(f"experts:{name}")).status_code == 403

    def test_nor_do_photos_open_for_them(self, client):
        photo = PhotoFactory()
        client.force_login(UserFactory())

        assert client.get(screen(photo)).status_code == 403
        assert commit(client, photo, MotifFactory()).status_code == 403
        file = reverse("experts:photo-file", args=[photo.pk, "480"])
        assert client.get(file).status_code == 403
        assert not Identification.objects.exists()

    @pytest.mark.parametrize(
        "given",
        [
            pytest.param({}, id="submitted"),
            pytest.param({"declined": True}, id="declined"),
            pytest.param({"withdrawn": True}, id="withdrawn"),
            pytest.param({"accepted": True, "consent_to_show": False}, id="no consent"),
            pytest.param(
                {"accepted": True, "motif__access": "restricted"}, id="motif restricted"
            ),
        ],
    )
    @pytest.mark.parametrize("factory", [ExpertFactory, CuratorFactory])
    def test_what_is_not_for_experts_does_not_exist(self, client, given, factory):
        photo = PhotoFactory(contribution=ContributionFactory(**given))
        client.force_login(factory())

        assert client.get(screen(photo)).status_code == 404
        assert commit(client, photo, MotifFactory()).status_code == 404
        for name, args in (
            ("skip", [photo.pk]),
            ("comment", [photo.pk]),
        ):
            address = reverse(f"experts:{name}", args=args)
            assert client.post(address, {"text": "x"}).status_code == 404
        file = reverse("experts:photo-file", args=[photo.pk, "480"])
        assert client.get(file).status_code == 404
        assert client.get(reverse("experts:next")).status_code == 200
        assert not Identification.objects.exists()

    def test_ones_own_photo_is_not_judged_here(self, client):
        giver = ExpertFactory()
        photo = PhotoFactory(
            contribution=ContributionFactory(accepted=True, given_by=giver)
        )
        client.force_login(giver)

        assert client.get(screen(photo)).status_code == 404

    def test_a_photo_that_may_only_train_is_seen_by_experts(self, client, expert):
        given = ContributionFactory(
            accepted=True, consent_to_show=False, consent_to_train=True
        )
        photo = PhotoFactory(contribution=given)

        response = client.get(reverse("experts:photo-file", args=[photo.pk, "480"]))

        assert response.status_code == 200
        assert response["Content-Type"].startswith("image/")
        assert "private" in response["Cache-Control"]
        response.close()

    def test_the_original_is_not_for_experts(self, client, expert):
        photo = PhotoFactory()
        address = reverse("experts:photo-file", args=[photo.pk, "480"])

        response = client.get(address.replace("480", "original"))

        assert response.status_code == 404

    def test_pages_are_kept_nowhere(self, client, expert):
        response = client.get(screen(PhotoFactory()))

        assert "no-store" in response["Cache-Control"]
        assert response["X-Robots-Tag"] == "noindex"

    @pytest.mark.parametrize("name", ["skip", "comment"])
    def test_what_changes_something_is_posted(self, client, expert, name):
        address = reverse(f"experts:{name}", args=[PhotoFactory().pk])

        assert client.get(address).status_code == 405
        assert client.get(reverse("experts:undo")).status_code == 405

    def test_the_rule_is_for_everybody(self, client):
        assert client.get(reverse("experts:rule")).status_code == 200

    def test_agreement_is_for_those_who_look_after_it(self, client, expert):
        assert client.get(reverse("experts:agreement")).status_code == 403
        client.force_login(CuratorFactory())
        assert client.get(reverse("experts:agreement")).status_code == 200


class TestBlindness:
    def test_the_page_is_the_same_whatever_others_said(self, client, expert):
        motif, other = MotifFactory(), MotifFactory()
        plain = PhotoFactory(contribution__motif=None, position=1)
        told = PhotoFactory(
            position=1,
            contribution__motif=motif,
            contribution__story="Dari nenek saya.",
            contribution__place="Banjarmasin",
        )
        for person, said in ((ExpertFactory(), motif), (CuratorFactory(), other)):
            say(told, person, said, remarks="Jelas sekali.")
        comment_on_photo(photo=told, by=CuratorFactory(), text="Lihat tepinya.")
        Photo.objects.filter(pk=told.pk).update(uncertainty=0.9)
        # The next photo is loaded ahead; let it be the same for both.
        client.get(reverse("experts:next"))
        first, second = client.get(screen(plain)), client.get(screen(told))

        assert first.context["photo"] == plain
        assert text_of(first) == text_of(second)

    def test_nor_does_a_mistake_give_anything_away(self, client, expert):
        photo = PhotoFactory()
        say(photo, ExpertFactory(), MotifFactory(), remarks="Jelas sekali.")

        response = client.post(screen(photo), {"outcome": "motif", "certainty": "x"})

        assert response.status_code == 422
        assert "Jelas sekali" not in response.content.decode()
        assert not Identification.objects.filter(identified_by=expert).exists()

    def test_after_committing_all_is_shown(self, client, expert):
        giver_says, other_says = MotifFactory(), MotifFactory()
        photo = PhotoFactory(contribution__motif=giver_says)
        say(photo, ExpertFactory(), other_says, remarks="Jelas sekali.")

        response = commit(client, photo, MotifFactory())
        page = client.get(response["Location"]).content.decode()

        assert response["Location"] == screen(photo)
        assert "Jelas sekali." in page
        assert reverse("classifier:guess", args=[photo.pk]) in page
        mine = Identification.objects.get(identified_by=expert)
        assert mine.is_blind

    def test_nothing_is_shown_before_all_photos_of_the_cloth_are_judged(
        self, client, expert
    ):
        first = PhotoFactory(position=1)
        second = PhotoFactory(contribution=first.contribution, position=2)
        for photo in (first, second):
            say(photo, ExpertFactory(), MotifFactory(), remarks="Jelas sekali.")

        response = commit(client, first, MotifFactory())
        assert response["Location"] == screen(second)
        page = client.get(screen(first)).content.decode()
        assert "Jelas sekali." not in page
        assert reverse("classifier:guess", args=[first.pk]) not in page
        assert "Jelas sekali." not in client.get(screen(second)).content.decode()
        assert client.get(reverse("experts:disputes")).context["total"] == 0

        commit(client, second, MotifFactory())

        for photo in (first, second):
            assert "Jelas sekali." in client.get(screen(photo)).content.decode()
        assert (
            Identification.objects.filter(identified_by=expert, is_blind=True).count()
            == 2
        )

    def test_changing_ones_mind_keeps_both(self, client, expert):
        photo, first, second = PhotoFactory(), MotifFactory(), MotifFactory()
        commit(client, photo, first)
        made = Identification.objects.get()

        commit(client, photo, second, after=made.pk)

        said = list(Identification.objects.order_by("pk"))
        assert [(one.motif, one.is_blind) for one in said] == [
            (first, True),
            (second, False),
        ]
        assert said[0].withdrawn_at is not None

    def test_a_second_press_of_the_key_is_no_change_of_mind(self, client, expert):
        photo, motif = PhotoFactory(), MotifFactory()
        commit(client, photo, motif)

        commit(client, photo, motif)
        commit(client, photo, MotifFactory())

        assert Identification.objects.count() == 1

    def test_undo_leads_back_to_the_photo(self, client, expert):
        photo = PhotoFactory()
        commit(client, photo, MotifFactory())

        response = client.post(reverse("experts:undo"))

        assert response["Location"] == screen(photo)
        made = Identification.objects.get()
        assert made.withdrawn_at is not None
        page = client.get(screen(photo))
        assert f'name="after" value="{made.pk}"' in page.content.decode()
        assert client.post(reverse("experts:undo"))["Location"] == reverse(
            "experts:next"
        )


class TestAnswers:
    @pytest.mark.parametrize(
        ("outcome", "motifs"),
        [
            ("motif", 1),
            ("two_motifs", 2),
            ("printed", 0),
            ("printed", 1),
            ("other_motif", 0),
            ("not_cloth", 0),
            ("cannot_tell", 0),
        ],
    )
    def test_each_answer_is_recorded(self, client, expert, outcome, motifs):
        photo = PhotoFactory()
        named = [MotifFactory() for _ in range(motifs)]
        slugs = [motif.slug for motif in named] + ["", ""]

        response = commit(
            client,
            photo,
            outcome=outcome,
            motif=slugs[0],
            second_motif=slugs[1],
            certainty="certain",
            remarks="Catatan.",
        )

        assert response.status_code == 302
        made = Identification.objects.get()
        assert (made.outcome, made.certainty) == (outcome, "certain")
        assert [made.motif, made.second_motif][:motifs] == named
        assert made.remarks == "Catatan."

    def test_what_is_left_over_from_another_answer_is_dropped(self, client, expert):
        motif, other = MotifFactory(), MotifFactory()

        commit(client, PhotoFactory(), outcome="not_cloth", motif=motif.slug)
        commit(client, PhotoFactory(), motif, second_motif=other.slug)

        assert [
            (one.motif, one.second_motif)
            for one in Identification.objects.order_by("pk")
        ] == [(None, None), (motif, None)]

    @pytest.mark.parametrize(
        "fields",
        [
            {"outcome": ""},
            {"outcome": "maybe"},
            {"outcome": "motif", "motif": ""},
            {"outcome": "motif", "motif": "tidak-ada"},
            {"outcome": "two_motifs", "motif": "one"},
            {"outcome": "two_motifs", "motif": "one", "second_motif": "one"},
            {"certainty": ""},
            {"remarks": "x" * 2001},
        ],
    )
    def test_a_mistake_comes_back(self, client, expert, fields):
        MotifFactory(slug="one")

        response = commit(client, PhotoFactory(), **fields)

        assert response.status_code == 422
        assert response.context["form"].errors
        assert not Identification.objects.exists()

    def test_drafts_cannot_be_named(self, client, expert):
        response = commit(client, PhotoFactory(), MotifFactory(draft=True))

        assert response.status_code == 422


class TestTheNext:
    def test_it_leads_from_photo_to_photo_until_none_is_left(self, client, expert):
        photos = {PhotoFactory().pk for _ in range(3)}
        seen = set()
        for _ in range(3):
            response = client.get(reverse("experts:next"))
            pk = int(response["Location"].strip("/").split("/")[-1])
            seen.add(pk)
            commit(client, Photo.objects.get(pk=pk), MotifFactory())

        assert seen == photos
        done = client.get(reverse("experts:next"))
        assert done.status_code == 200
        assert done.context["judged_today"] == 3

    def test_it_stays_the_same_until_something_is_said(self, client, expert):
        for _ in range(5):
            PhotoFactory()

        first = client.get(reverse("experts:next"))["Location"]
        Photo.objects.update(uncertainty=0.3)

        assert client.get(reverse("experts:next"))["Location"] == first

    def test_what_was_laid_out_and_then_withdrawn_is_not_served(self, client, expert):
        photos = [PhotoFactory() for _ in range(2)]
        first = client.get(reverse("experts:next"))["Location"]
        (withdrawn,) = (photo for photo in photos if screen(photo) == first)
        withdrawn.contribution.state = "withdrawn"
        withdrawn.contribution.withdrawn_at = timezone.now()
        withdrawn.contribution.withdrawn_by = withdrawn.contribution.given_by
        withdrawn.contribution.save()

        assert client.get(reverse("experts:next"))["Location"] != first

    def test_a_skipped_photo_comes_back_another_day(self, client, expert):
        photo = PhotoFactory()

        response = client.post(reverse("experts:skip", args=[photo.pk]))

        assert response["Location"] == reverse("experts:next")
        assert client.get(reverse("experts:next")).status_code == 200
        SkippedPhoto.objects.update(
            skipped_at=timezone.now() - timezone.timedelta(days=8)
        )
        assert client.get(reverse("experts:next"))["Location"] == screen(photo)


class TestDisputes:
    @pytest.fixture
    def disputed(self):
        photo = PhotoFactory()
        for remark in ("Tepinya bergigi.", "Terlalu bulat."):
            say(photo, ExpertFactory(), MotifFactory(), remarks=remark)
        return photo

    def test_curators_see_all_views_side_by_side(self, client, disputed):
        client.force_login(CuratorFactory())

        page = client.get(reverse("experts:disputes")).content.decode()

        assert "Tepinya bergigi." in page
        assert "Terlalu bulat." in page

    def test_experts_see_those_that_they_have_judged(self, client, expert, disputed):
        address = reverse("experts:disputes")
        assert client.get(address).context["total"] == 0

        commit(client, disputed, MotifFactory())

        assert client.get(address).context["total"] == 1
        assert "Terlalu bulat." in client.get(address).content.decode()

    def test_a_comment_is_written_there(self, client, expert, disputed):
        address = reverse("experts:comment", args=[disputed.pk])
        client.post(address, {"text": "Belum.", "from": "disputes"})
        assert not disputed.comments.exists()
        commit(client, disputed, MotifFactory())

        response = client.post(address, {"text": "Lihat.", "from": "disputes"})

        assert response["Location"] == reverse("experts:disputes")
        assert "Lihat." in client.get(response["Location"]).content.decode()

    def test_a_restricted_one_is_not_listed_for_curators_either(self, client, disputed):
        Photo.objects.filter(pk=disputed.pk).update(access="restricted")
        client.force_login(CuratorFactory())

        assert client.get(reverse("experts:disputes")).context["total"] == 0

    def test_the_number_of_queries_does_not_grow(
        self, client, django_assert_max_num_queries
    ):
        for _ in range(6):
            photo = PhotoFactory()
            for _ in range(3):
                say(photo, ExpertFactory(), MotifFactory())
        client.force_login(CuratorFactory())
        client.get(reverse("experts:disputes"))

        with django_assert_max_num_queries(14):
            client.get(reverse("experts:disputes"))


def test_the_screens_queries_do_not_grow(client, expert):
    def queries(address):
        with CaptureQueriesContext(connection) as made:
            assert client.get(address).status_code == 200
        return len(made)

    def fill(number):
        for _ in range(number):
            given = ContributionFactory(accepted=True, motif=MotifFactory())
            photo = PhotoFactory(contribution=given)
            for _ in range(2):
                say(photo, ExpertFactory(), MotifFactory(), remarks="Jelas.")

    fill(3)
    judged, blind = Photo.objects.order_by("pk")[:2]
    commit(client, judged, MotifFactory())
    counts = []
    for more in (0, 5):
        fill(more)
        for _ in range(more):
            say(judged, ExpertFactory(), MotifFactory())
            comment_on_photo(photo=judged, by=CuratorFactory(), text="Lihat.")
        client.get(reverse("experts:next"))
        counts.append((queries(screen(blind)), queries(screen(judged))))

    assert counts[0] == counts[1]
    assert counts[0][0] <= 13


def test_agreement_is_shown_with_its_interval(client):
    people = [ExpertFactory(first_name=name) for name in ("Siti", "Amat")]
    a, b = MotifFactory(), MotifFactory()
    for said in ((a, a), (b, b), (a, b)):
        photo = PhotoFactory()
        for person, motif in zip(people, said, strict=True):
            say(photo, person, motif, is_blind=True)
    client.force_login(CuratorFactory())

    page = client.get(reverse("experts:agreement"), headers={"accept-language": "en"})

    (pair,) = page.context["agreement"].pairs
    html = page.content.decode()
    assert pair.agreement.n == 3
    assert "Siti · Amat" in html
    assert reverse("classifier:anchoring") in html


@pytest.fixture
def secret():
    """A motif that only its curators and no expert may hear of."""
    return MotifFactory(name="Naga Balimbur", access="restricted")


def test_a_restricted_motif_that_a_curator_saw_is_named_to_curators_only(
    client, expert, secret
):
    photo = PhotoFactory()
    say(photo, CuratorFactory(), secret)
    commit(client, photo, MotifFactory())

    for page in (screen(photo), reverse("experts:disputes")):
        html = client.get(page).content.decode()
        assert "bukan untuk umum" in html or "not public" in html
        assert "Naga Balimbur" not in html
    client.force_login(CuratorFactory())
    assert "Naga Balimbur" in client.get(reverse("experts:disputes")).content.decode()


def test_nor_is_what_oneself_saw_before_it_was_restricted(client, expert):
    photo, motif = PhotoFactory(), MotifFactory(name="Naga Balimbur")
    commit(client, photo, motif)

    Motif.objects.filter(pk=motif.pk).update(access="restricted")

    assert "Naga Balimbur" not in client.get(screen(photo)).content.decode()


def test_agreement_names_restricted_motifs_to_curators_only(client, secret):
    photo, other = PhotoFactory(), MotifFactory()
    for motif in (secret, other):
        say(photo, CuratorFactory(), motif, is_blind=True)
    keeper = UserFactory()
    keeper.groups.add(Group.objects.get(name=MODEL_KEEPER_GROUP))
    page = reverse("experts:agreement")

    client.force_login(keeper)
    hidden = client.get(page).content.decode()
    client.force_login(CuratorFactory())

    assert other.preferred_name in hidden
    assert "Naga Balimbur" not in hidden
    assert "Naga Balimbur" in client.get(page).content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_merge_and_a_commit_at_once_do_not_wait_for_each_other():
    photo, old, new = PhotoFactory(), MotifFactory(), MotifFactory()
    curator, people = CuratorFactory(), [ExpertFactory() for _ in range(3)]
    say(photo, ExpertFactory(), old)

    def merge():
        with transaction.atomic():
            lock_motifs_for_merging()
            time.sleep(0.3)
            merge_motifs(motif=old, into=new, by=curator, rationale="Sama.")

    def judge(person):
        browser = Client()
        browser.force_login(person)
        time.sleep(0.1)
        assert commit(browser, photo).status_code == 302

    raised = at_once(merge, *(lambda one=one: judge(one) for one in people))

    assert raised == [None] * 4
    assert photo.identifications.standing().count() == 4


def test_the_admin_only_shows_statements(client):
    made = say(PhotoFactory(), ExpertFactory(), MotifFactory())
    client.force_login(CuratorFactory())
    listed = reverse("admin:motifs_identification_changelist")

    assert client.get(listed).status_code == 200
    for name, args in (("add", []), ("delete", [made.pk])):
        address = reverse(f"admin:motifs_identification_{name}", args=args)
        assert client.get(address).status_code == 403
    change = reverse("admin:motifs_identification_change", args=[made.pk])
    assert client.get(change).status_code == 200
    assert client.post(change, {"remarks": "Lain."}).status_code == 403
    client.force_login(get_user_model().objects.get(pk=made.identified_by_id))
    assert client.get(listed).status_code == 302
