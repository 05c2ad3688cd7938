"""Claims, the sources that bear them, and the motifs that are taken for others."""

from __future__ import annotations

import secrets
from typing import Self

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import (
    CombinedSearchVector,
    SearchVector,
    SearchVectorField,
)
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from motifs.languages import Language, preference
from motifs.models.motif import Confidence, Motif


class Source(models.Model):
    """A work, a page or an interview that claims rest on."""

    class Kind(models.TextChoices):
        MOTIF = "motif", _("About motifs")
        BACKGROUND = "background", _("Background")

    # The number it has in the list of one page; the page sets it.
    number: int = 0

    key = models.CharField(
        _("key"),
        max_length=40,
        unique=True,
        help_text=_("A short name that claims cite, such as SEMAN-A."),
    )
    title = models.TextField(_("title"))
    author = models.TextField(_("author"), blank=True)
    url = models.URLField(_("address"), max_length=500, null=True, blank=True)
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.MOTIF)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(year=None) | Q(year__range=(1500, 2200)),
                name="source_year_is_a_year",
                violation_error_message=_("The year lies between 1500 and 2200."),
            ),
            models.CheckConstraint(
                condition=~Q(key="") & ~Q(title=""),
                name="source_has_key_and_title",
            ),
            # Pages link to it: no address that a browser would run.
            models.CheckConstraint(
                condition=Q(url=None) | Q(url__regex=r"^https?://"),
                name="source_address_is_of_the_web",
                violation_error_message=_(
                    "An address starts with http:// or https://, or is left empty."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.title}"


def new_claim_key() -> str:
    """A key for a claim that does not come from the data files."""
    return f"claim/{secrets.token_hex(6)}"


class ClaimQuerySet(models.QuerySet["Claim"]):
    def in_reading_order(self, language: str) -> Self:
        """Main statements first; of one statement, the reader's language first."""
        order = {code: place for place, code in enumerate(preference(language))}
        return self.order_by(
            F("is_main").desc(),
            "position",
            "key",
            Case(*(When(language=code, then=Value(n)) for code, n in order.items())),
        )


class Claim(models.Model):
    """One sourced statement about a motif, in one language.

    Claims may contradict each other and stand side by side. Translations of one
    statement share its key.
    """

    class Kind(models.TextChoices):
        DEPICTS = "depicts", _("What it depicts")
        MEANING = "meaning", _("What it means")
        RECOGNISE = "recognise", _("How to recognise it")
        USE = "use", _("How it is used")
        ORIGIN = "origin", _("Where it comes from")
        DISAGREEMENT = "disagreement", _("Where sources disagree")

    motif = models.ForeignKey(
        Motif, on_delete=models.CASCADE, related_name="claims", verbose_name=_("motif")
    )
    key = models.CharField(
        _("key"),
        max_length=100,
        default=new_claim_key,
        help_text=_("Translations of one statement share its key."),
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    language = models.CharField(_("language"), max_length=3, choices=Language)
    text = models.TextField(_("text"))
    confidence = models.CharField(
        _("confidence"), max_length=10, choices=Confidence, default=Confidence.NONE
    )
    is_main = models.BooleanField(
        _("main statement"),
        default=False,
        help_text=_("Shown first among statements of its kind."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    # Stemmed and unstemmed words side by side: the Indonesian stemmer cuts some
    # words to a stump that nobody types.
    search = models.GeneratedField(
        expression=CombinedSearchVector(
            SearchVector("text", config="simple"),
            "||",
            Case(
                When(language="en", then=SearchVector("text", config="english")),
                default=SearchVector("text", config="indonesian"),
            ),
            None,
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        ordering = ["motif", "kind", "position", "key", "language"]
        indexes = [GinIndex(fields=["search"], name="claim_search")]
        constraints = [
            models.UniqueConstraint(
                fields=["key", "language"],
                name="one_text_per_claim_key_and_language",
                violation_error_message=_(
                    "This statement has a text in this language already."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(key="") & ~Q(text=""), name="claim_has_key_and_text"
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "depicts",
                        "meaning",
                        "recognise",
                        "use",
                        "origin",
                        "disagreement",
                    ]
                ),
                name="claim_kind_is_known_word",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.language})"

    @property
    def anchor(self) -> str:
        """Where on its motif's page it stands, in any language."""
        return f"statement-{self.key}"


class Citation(models.Model):
    """Where in a source a claim stands."""

    claim = models.ForeignKey(
        Claim,
        on_delete=models.CASCADE,
        related_name="citations",
        verbose_name=_("claim"),
    )
    source = models.ForeignKey(
        Source,
        on_delete=models.PROTECT,
        related_name="citations",
        verbose_name=_("source"),
    )
    locator = models.CharField(
        _("locator"),
        max_length=120,
        blank=True,
        help_text=_("Page, figure or section."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("citation")
        verbose_name_plural = _("citations")
        ordering = ["claim", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["claim", "source", "locator"],
                name="one_citation_per_claim_source_and_place",
                violation_error_message=_("This claim cites this place already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.source.key} {self.locator}".strip()


class LookAlikeQuerySet(models.QuerySet["LookAlike"]):
    def of(self, motif: Motif) -> Self:
        return self.filter(Q(first=motif) | Q(second=motif))


class LookAlike(models.Model):
    """Two motifs that are taken for each other, and what tells them apart.

    One row a pair: the motif that was entered earlier is the first.
    """

    first = models.ForeignKey(
        Motif, on_delete=models.CASCADE, related_name="+", verbose_name=_("motif")
    )
    second = models.ForeignKey(
        Motif, on_delete=models.CASCADE, related_name="+", verbose_name=_("other motif")
    )
    tell_id = models.TextField(_("what tells them apart, in Indonesian"), blank=True)
    tell_en = models.TextField(_("what tells them apart, in English"), blank=True)
    is_sourced = models.BooleanField(
        _("sourced"),
        default=False,
        help_text=_("A source says so; otherwise it is read from drawings."),
    )

    objects = LookAlikeQuerySet.as_manager()

    class Meta:
        verbose_name = _("look-alike pair")
        verbose_name_plural = _("look-alike pairs")
        ordering = ["first", "second"]
        constraints = [
            models.CheckConstraint(
                condition=Q(first__lt=F("second")),
                name="look_alike_pair_is_ordered",
                violation_error_message=_("Choose two different motifs."),
            ),
            models.UniqueConstraint(
                fields=["first", "second"],
                name="one_look_alike_row_per_pair",
                violation_error_message=_("This pair is recorded already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} / {self.second}"

    def clean(self) -> None:
        """Put the pair in order, so that entering it the other way round is the same.

        Raises ValidationError if both are the same motif.
        """
        if self.first_id is None or self.second_id is None:
            return
        if self.first_id == self.second_id:
            raise ValidationError(_("Choose two different motifs."))
        if self.first_id > self.second_id:
            self.first, self.second = self.second, self.first

    def other(self, motif: Motif) -> int:
        """The id of the pair's other motif."""
        return self.second_id if self.first_id == motif.pk else self.first_id

    def tell(self, language: str) -> tuple[str, str]:
        """What tells them apart, and its language: the reader's if there is one."""
        texts = {"id": self.tell_id, "en": self.tell_en}
        for code in preference(language):
            if texts.get(code):
                return texts[code], code
        return "", language
