"""Rows for tests: the least that the database's rules allow, so tests say the rest."""

from datetime import UTC, datetime
from io import BytesIO

import factory
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from factory.django import DjangoModelFactory
from PIL import Image

from motifs import pictures
from motifs.models import (
    Citation,
    Claim,
    Contribution,
    LookAlike,
    Motif,
    MotifName,
    Photo,
    Source,
)
from motifs.permissions import CURATOR_GROUP, EXPERT_GROUP

LONG_AGO = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def picture_bytes(size=(96, 72), colour="indigo", format="JPEG", **options):
    """A picture as a file's bytes; another colour is another picture."""
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, format, **options)
    return out.getvalue()


class UserFactory(DjangoModelFactory):
    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"orang-{n}")
    # Tests sign in with force_login; a real password would cost a third of a second.
    password = "!"


class CuratorFactory(UserFactory):
    is_staff = True

    @factory.post_generation
    def group(self, create, extracted, **kwargs):
        self.groups.add(Group.objects.get(name=CURATOR_GROUP))


class ExpertFactory(UserFactory):
    @factory.post_generation
    def group(self, create, extracted, **kwargs):
        self.groups.add(Group.objects.get(name=EXPERT_GROUP))


class MotifNameFactory(DjangoModelFactory):
    class Meta:
        model = MotifName

    motif = factory.SubFactory("tests.factories.MotifFactory")
    name = factory.Sequence(lambda n: f"Ngaran {n}")
    language = "bjn"
    kind = "alternative"


class MotifFactory(DjangoModelFactory):
    """A published motif with a preferred Banjar name; ``name=False`` leaves it out."""

    class Meta:
        model = Motif
        skip_postgeneration_save = True

    class Params:
        draft = factory.Trait(state="draft", published_at=None)

    slug = factory.Sequence(lambda n: f"motif-{n}")
    family = "lajur"
    status = "documented"
    state = "published"
    published_at = LONG_AGO

    @factory.post_generation
    def name(self, create, extracted, **kwargs):
        if extracted is False:
            return
        text = extracted or self.slug.replace("-", " ").title()
        MotifNameFactory(motif=self, name=text, kind="preferred")


class SourceFactory(DjangoModelFactory):
    class Meta:
        model = Source

    key = factory.Sequence(lambda n: f"SUMBER-{n}")
    title = factory.Sequence(lambda n: f"Buku {n}")


class ClaimFactory(DjangoModelFactory):
    class Meta:
        model = Claim

    motif = factory.SubFactory(MotifFactory)
    kind = "depicts"
    language = "id"
    text = factory.Sequence(lambda n: f"Pernyataan {n}.")
    confidence = "high"


class CitationFactory(DjangoModelFactory):
    class Meta:
        model = Citation

    claim = factory.SubFactory(ClaimFactory)
    source = factory.SubFactory(SourceFactory)


class LookAlikeFactory(DjangoModelFactory):
    class Meta:
        model = LookAlike

    first = factory.SubFactory(MotifFactory)
    second = factory.SubFactory(MotifFactory)
    tell_id = "Yang satu lebih rapat."
    tell_en = "One is denser."


class ContributionFactory(DjangoModelFactory):
    """A submitted contribution, to be shown; the traits are its other states."""

    class Meta:
        model = Contribution

    class Params:
        # Given without an account: whoever has its key is its giver.
        keyed = factory.Trait(given_by=None)
        draft = factory.Trait(state="draft", submitted_at=None)
        accepted = factory.Trait(
            state="accepted",
            accepted_at=LONG_AGO,
            accepted_by=factory.SubFactory(UserFactory),
        )
        declined = factory.Trait(
            state="declined",
            declined_at=LONG_AGO,
            declined_by=factory.SubFactory(UserFactory),
            decline_reason="Terlalu kabur.",
        )
        withdrawn = factory.Trait(
            state="withdrawn",
            withdrawn_at=LONG_AGO,
            withdrawn_by=factory.SubFactory(UserFactory),
        )

    given_by = factory.SubFactory(UserFactory)
    motif = factory.SubFactory(MotifFactory)
    licence = "CC-BY-4.0"
    people = "none"
    consent_to_show = True
    state = "submitted"
    submitted_at = LONG_AGO


class PhotoFactory(DjangoModelFactory):
    """A photo with a real file; ``content`` is its bytes."""

    class Meta:
        model = Photo

    class Params:
        content = factory.Sequence(
            lambda n: picture_bytes(colour=(n * 37 % 256, n * 91 % 256, n * 53 % 256))
        )

    contribution = factory.SubFactory(ContributionFactory, accepted=True)
    position = factory.Sequence(lambda n: n + 1)
    media_type = factory.LazyAttribute(
        lambda o: pictures.describe(o.content).media_type
    )
    sha256 = factory.LazyAttribute(lambda o: pictures.describe(o.content).sha256)
    width = factory.LazyAttribute(lambda o: pictures.describe(o.content).width)
    height = factory.LazyAttribute(lambda o: pictures.describe(o.content).height)
    image = factory.LazyAttribute(lambda o: ContentFile(o.content, name="photo"))
