"""Motif and its names: what everything else in the catalogue is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Lower
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from motifs import drawings
from motifs.folding import fold
from motifs.languages import Language, preference, reader_language
from motifs.models.access import Access, Protected
from motifs.permissions import is_curator

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser, AnonymousUser

    from motifs.models.photo import Photo


class Confidence(models.TextChoices):
    """How well the sources bear a statement out."""

    HIGH = "high", _("Well sourced")
    MEDIUM = "medium", _("Fairly well sourced")
    LOW = "low", _("Weakly sourced")
    INFERRED = "inferred", _("Read from drawings")
    NONE = "none", _("Unsourced")


class MotifQuerySet(models.QuerySet["Motif"]):
    def published(self) -> Self:
        """Motifs that everybody may see; restricted ones exist for curators only."""
        return self.filter(state=Motif.State.PUBLISHED, access=Access.PUBLIC)

    def visible_to(self, user: AbstractUser | AnonymousUser) -> Self:
        """Every page and endpoint starts here: drafts exist for curators only."""
        if is_curator(user):
            return self.exclude(state=Motif.State.MERGED)
        return self.published()

    def with_labels(self, language: str) -> Self:
        """Add what a list shows of each motif, in the reader's language.

        ``preferred_name``, ``gloss``, ``summary`` and ``summary_language`` come with
        the row, so that a list costs one query however long it is.
        """
        from motifs.models.claim import Claim

        preferred = MotifName.objects.preferred().filter(motif=OuterRef("pk"))
        depicts = Claim.objects.filter(
            motif=OuterRef("pk"), kind=Claim.Kind.DEPICTS
        ).in_reading_order(language)
        return self.annotate(
            preferred_name=Coalesce(
                Subquery(preferred.filter(language=Language.BANJAR).values("name")[:1]),
                F("slug"),
                output_field=models.TextField(),
            ),
            gloss=Coalesce(
                Subquery(preferred.filter(language=language).values("name")[:1]),
                Value(""),
                output_field=models.TextField(),
            ),
            summary=Coalesce(
                Subquery(depicts.values("text")[:1]),
                Value(""),
                output_field=models.TextField(),
            ),
            summary_language=Coalesce(
                Subquery(depicts.values("language")[:1]),
                Value(""),
                output_field=models.TextField(),
            ),
        )

    def in_catalogue_order(self) -> Self:
        """Best documented first, then by name. Needs ``with_labels``."""
        order = {status: place for place, status in enumerate(Motif.Status)}
        return self.order_by(
            Case(*(When(status=s, then=Value(place)) for s, place in order.items())),
            Lower("preferred_name"),
            "slug",
        )


class Motif(Protected):
    """A named, recurring design of Sasirangan cloth.

    The slug is permanent, here and in the database: links, photos and trained
    networks refer to it. A motif that turns out to be another one is merged, and its
    address then leads there.
    """

    class Family(models.TextChoices):
        """How the design is laid out on cloth."""

        LAJUR = "lajur", _("Lajur (lines)")
        CEPLOK = "ceplok", _("Ceplok (scattered)")
        UNKNOWN = "unknown", _("Layout not known")

    class Status(models.TextChoices):
        """How much is known: of two sources or more, of one, or only a name."""

        DOCUMENTED = "documented", _("Documented")
        THIN = "thin", _("Thinly documented")
        NAME_ONLY = "name_only", _("Known by name only")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        MERGED = "merged", _("Merged")

    slug = models.SlugField(
        _("slug"),
        max_length=60,
        unique=True,
        help_text=_("Part of the address. It can never be changed."),
    )
    family = models.CharField(
        _("family"), max_length=10, choices=Family, default=Family.UNKNOWN
    )
    family_confidence = models.CharField(
        _("confidence in the family"),
        max_length=10,
        choices=Confidence,
        default=Confidence.NONE,
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.NAME_ONLY
    )
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.DRAFT, editable=False
    )
    published_at = models.DateTimeField(
        _("published at"), null=True, blank=True, editable=False
    )
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("published by"),
    )
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged_from",
        verbose_name=_("merged into"),
    )

    objects = MotifQuerySet.as_manager()

    # The spelling that a search met; the search sets it on what it found.
    matched_name: str = ""
    # A photo for lists where there is no drawing; set by the page that shows it.
    example: Photo | None = None

    class Meta:
        verbose_name = _("motif")
        verbose_name_plural = _("motifs")
        ordering = ["slug"]
        permissions = [("publish_motif", "Can publish a motif")]
        constraints = [
            models.CheckConstraint(
                condition=Q(slug__regex=r"^[a-z0-9]+(-[a-z0-9]+)*$"),
                name="motif_slug_is_lower_case_words",
                violation_error_message=_(
                    "Use lower-case letters and digits, with hyphens between words."
                ),
            ),
            models.CheckConstraint(
                condition=Q(family__in=["lajur", "ceplok", "unknown"]),
                name="motif_family_is_known_word",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["documented", "thin", "name_only"]),
                name="motif_status_is_known_word",
            ),
            models.CheckConstraint(
                condition=Q(state="draft", published_at=None)
                | Q(state="published", published_at__isnull=False)
                | Q(state="merged"),
                name="motif_published_when",
            ),
            models.CheckConstraint(
                condition=Q(published_by=None) | Q(published_at__isnull=False),
                name="motif_publisher_has_a_date",
            ),
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False)
                | (~Q(state="merged") & Q(merged_into=None)),
                name="motif_merged_into_another_only_if_merged",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")),
                name="motif_is_not_merged_into_itself",
            ),
        ]

    def __str__(self) -> str:
        return self.preferred_name

    def get_absolute_url(self) -> str:
        return reverse("motifs:motif-detail", args=[self.slug])

    @property
    def is_public(self) -> bool:
        """Whether everybody may see it, as ``published`` says of many."""
        return self.state == self.State.PUBLISHED and self.access == Access.PUBLIC

    @cached_property
    def preferred_name(self) -> str:
        """The Banjar name the catalogue files it under; its slug if it has none."""
        return self._preferred(Language.BANJAR) or self.slug

    @cached_property
    def gloss(self) -> str:
        """What the name means in the reader's language, or nothing."""
        return self._preferred(reader_language())

    @cached_property
    def summary(self) -> str:
        """What it depicts, in the reader's language if there is such a text."""
        return self._depicts[0]

    @cached_property
    def summary_language(self) -> str:
        return self._depicts[1]

    @cached_property
    def _depicts(self) -> tuple[str, str]:
        from motifs.models.claim import Claim

        claims = Claim.objects.filter(motif=self, kind=Claim.Kind.DEPICTS)
        first = claims.in_reading_order(reader_language()).first()
        return (first.text, first.language) if first else ("", "")

    def _preferred(self, language: str) -> str:
        names = self.names.preferred().filter(language=language)
        return names.values_list("name", flat=True).first() or ""

    @property
    def drawing(self) -> SafeString:
        """The drawing as inline SVG with ids of its own, or nothing."""
        return drawings.inline(self.slug)

    @property
    def drawing_url(self) -> str:
        return drawings.drawing_url(self.slug)

    @property
    def rendering_url(self) -> str:
        """The address of the picture of cloth made from the drawing, or nothing."""
        return drawings.rendering_url(self.slug)


class FoldedField(models.CharField[str, str]):
    """Always the folded form of the field it follows, bulk inserts included."""

    def __init__(self, *args: Any, follows: str, **kwargs: Any) -> None:
        self.follows = follows
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["editable"]
        return name, path, args, {**kwargs, "follows": self.follows}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        folded = fold(getattr(model_instance, self.follows))
        setattr(model_instance, self.attname, folded)
        return folded


class MotifNameQuerySet(models.QuerySet["MotifName"]):
    def preferred(self) -> Self:
        return self.filter(kind=MotifName.Kind.PREFERRED)

    def in_reading_order(self, language: str) -> Self:
        """Preferred before alternative before misspelling, Banjar first, then hers."""
        kinds = {kind: place for place, kind in enumerate(MotifName.Kind)}
        codes = [Language.BANJAR, *preference(language)]
        languages = {code: place for place, code in reversed(list(enumerate(codes)))}
        return self.order_by(
            Case(*(When(language=c, then=Value(n)) for c, n in languages.items())),
            Case(*(When(kind=kind, then=Value(n)) for kind, n in kinds.items())),
            "position",
            "name",
        )


class MotifName(models.Model):
    """One name of a motif in one language.

    Misspellings are kept as well: people search with them, and sources print them.
    """

    class Kind(models.TextChoices):
        PREFERRED = "preferred", _("preferred")
        ALTERNATIVE = "alternative", _("alternative")
        MISSPELLING = "misspelling", _("misspelling")

    motif = models.ForeignKey(
        Motif, on_delete=models.CASCADE, related_name="names", verbose_name=_("motif")
    )
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(
        _("language"), max_length=3, choices=Language, default=Language.BANJAR
    )
    kind = models.CharField(
        _("kind"), max_length=12, choices=Kind, default=Kind.ALTERNATIVE
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    folded = FoldedField(follows="name")

    objects = MotifNameQuerySet.as_manager()

    class Meta:
        verbose_name = _("name")
        verbose_name_plural = _("names")
        ordering = ["motif", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["motif", "language", "name"],
                name="one_spelling_once_per_motif_and_language",
                violation_error_message=_("This motif has this name already."),
            ),
            models.UniqueConstraint(
                fields=["motif", "language"],
                condition=Q(kind="preferred"),
                name="one_preferred_name_per_motif_and_language",
                violation_error_message=_(
                    "A motif has one preferred name in each language."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(name=""), name="motif_name_is_not_empty"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["preferred", "alternative", "misspelling"]),
                name="motif_name_kind_is_known_word",
            ),
        ]

    def __str__(self) -> str:
        return self.name
