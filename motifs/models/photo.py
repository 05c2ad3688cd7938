"""One photo of a contribution: its file, who may see it, and what it shows."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from motifs.models.access import Access, Protected
from motifs.models.contribution import Contribution
from motifs.models.motif import Motif
from motifs.permissions import is_curator

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser, AnonymousUser


class Outcome(models.TextChoices):
    """What a person, or the rule over several of them, says of a photo."""

    MOTIF = "motif", _("One motif")
    TWO_MOTIFS = "two_motifs", _("Two motifs in one photo")
    OTHER_MOTIF = "other_motif", _("Another motif, not known which")
    PRINTED = "printed", _("A printed copy")
    NOT_CLOTH = "not_cloth", _("Not a cloth")
    CANNOT_TELL = "cannot_tell", _("Cannot tell")


def private_path(photo: Photo, filename: str) -> str:
    """A random name with an extension of ours: nothing of the sender's is kept."""
    token = secrets.token_hex(16)
    return f"photos/{token[:2]}/{token}.{Photo.EXTENSIONS[photo.media_type]}"


def _no_motif_is_restricted() -> Q:
    """Neither what its giver named nor what stands is restricted."""
    names = ("contribution__motif", "determined_motif", "determined_second_motif")
    found = Q()
    for name in names:
        found &= Q(**{name: None}) | Q(**{f"{name}__access": Access.PUBLIC})
    return found


def _is_public() -> Q:
    """Accepted, shown by consent, and restricted by nobody: the one definition."""
    return (
        Q(
            contribution__state=Contribution.State.ACCEPTED,
            contribution__consent_to_show=True,
            withdrawn_at=None,
            access=Access.PUBLIC,
        )
        & _no_motif_is_restricted()
        & ~Q(determined_outcome=Outcome.NOT_CLOTH)
    )


class PhotoQuerySet(models.QuerySet["Photo"]):
    def given(self) -> Self:
        """Photos that were not taken back, alone or with their contribution."""
        return self.filter(withdrawn_at=None).exclude(
            contribution__state=Contribution.State.WITHDRAWN
        )

    def shown(self) -> Self:
        """Photos that everybody may see."""
        return self.filter(_is_public())

    def visible_to(self, user: AbstractUser | AnonymousUser) -> Self:
        """Every page and file starts here, so access is decided in one place."""
        if is_curator(user):
            return self._for_curator(user)
        visible = _is_public()
        if user.is_authenticated:
            visible |= Q(contribution__given_by=user.pk)
        return self.filter(visible)

    def _for_curator(self, user: AbstractUser | AnonymousUser) -> Self:
        """All but what its giver has not given yet, or has taken back."""
        State = Contribution.State
        theirs = Q(contribution__given_by=user.pk)
        not_given = Q(contribution__state__in=(State.DRAFT, State.WITHDRAWN))
        return self.filter(theirs | Q(~not_given, withdrawn_at=None))

    def visible_with_key(self, key: str) -> Self:
        """Photos of the contribution that this key opens, while they are given."""
        return self.given().filter(contribution__key=key)

    def originals_visible_to(self, user: AbstractUser | AnonymousUser) -> Self:
        """Photos whose untouched file this person may see.

        The full size is for the person who gave it and for curators; everybody else
        sees renditions.
        """
        if is_curator(user):
            return self._for_curator(user)
        if user.is_authenticated:
            return self.filter(contribution__given_by=user.pk)
        return self.none()

    def identifiable_by(self, user: AbstractUser | AnonymousUser) -> Self:
        """Photos that this person may judge.

        Curators judge what was submitted too; experts what was accepted, with consent
        to be shown or trained with, and is restricted by nobody.
        """
        State = Contribution.State
        if is_curator(user):
            return self.filter(
                contribution__state__in=(State.SUBMITTED, State.ACCEPTED),
                withdrawn_at=None,
            )
        return self.for_experts()

    def for_experts(self) -> Self:
        """Accepted, with consent to be shown or trained with, restricted by nobody."""
        return self.filter(
            Q(contribution__consent_to_show=True)
            | Q(contribution__consent_to_train=True),
            _no_motif_is_restricted(),
            contribution__state=Contribution.State.ACCEPTED,
            withdrawn_at=None,
            access=Access.PUBLIC,
        )

    def blindly_determined(self) -> Self:
        """Determined, and everybody whose view counts for it had judged blind.

        Only these may be test labels: a view given after the recogniser's guess was
        shown says something of the recogniser. Whoever disagrees does not count for a
        determination, blind or not; ``is_disputed`` says that somebody does.
        """
        from motifs.models.identification import Identification

        return self.exclude(determined_outcome="").exclude(
            Exists(Identification.objects.counting().filter(is_blind=False))
        )

    def trainable(self) -> Self:
        """Determined photos of one motif that may train, at this moment."""
        return self.learnable().filter(determined_outcome=Outcome.MOTIF)

    def learnable(self) -> Self:
        """Those, and determined photos of no motif that is known: what datasets hold.

        A network learns from the latter what it does not know; nothing else may take
        them for photos of a motif.
        """
        return self.filter(
            _no_motif_is_restricted(),
            Q(
                determined_outcome=Outcome.MOTIF,
                determined_motif__state=Motif.State.PUBLISHED,
            )
            | Q(determined_outcome__in=(Outcome.OTHER_MOTIF, Outcome.NOT_CLOTH)),
            contribution__state=Contribution.State.ACCEPTED,
            contribution__consent_to_train=True,
            contribution__is_demonstration=False,
            withdrawn_at=None,
            access=Access.PUBLIC,
        )


class Photo(Protected):
    """One image as given, without what its file said of place, time and person."""

    EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}

    class Rule(models.TextChoices):
        """Which rule a determination rests on."""

        TWO_EXPERTS = "two_experts", _("Two experts agree")
        EXPERT_AND_CURATOR = "expert_and_curator", _("An expert and a curator agree")

    contribution = models.ForeignKey(
        Contribution,
        on_delete=models.PROTECT,
        related_name="photos",
        verbose_name=_("contribution"),
    )
    image = models.FileField(_("file"), upload_to=private_path, editable=False)
    media_type = models.CharField(_("media type"), max_length=20, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, editable=False, db_index=True)
    perceptual_hash = models.BigIntegerField(
        _("perceptual hash"),
        null=True,
        editable=False,
        help_text=_("64 bits that near copies nearly share (motifs.copies)."),
    )
    width = models.PositiveIntegerField(_("width in pixels"), editable=False)
    height = models.PositiveIntegerField(_("height in pixels"), editable=False)
    position = models.PositiveSmallIntegerField(_("position"), editable=False)
    added_at = models.DateTimeField(_("added at"), auto_now_add=True)
    withdrawn_at = models.DateTimeField(
        _("withdrawn at"),
        null=True,
        editable=False,
        help_text=_("When it was taken back while the rest of its cloth stayed."),
    )
    is_good = models.BooleanField(
        _("good photo"),
        default=False,
        help_text=_("A curator's choice of what shows a motif well."),
    )
    # What stands, by rule; only motifs.actions.identifications writes these.
    determined_outcome = models.CharField(
        _("determination"),
        max_length=12,
        choices=Outcome,
        blank=True,
        default="",
        editable=False,
    )
    determined_motif = models.ForeignKey(
        Motif,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="determined_photos",
        verbose_name=_("motif determined"),
    )
    determined_second_motif = models.ForeignKey(
        Motif,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("second motif determined"),
    )
    determined_at = models.DateTimeField(_("determined at"), null=True, editable=False)
    determined_rule = models.CharField(
        _("rule"), max_length=20, choices=Rule, blank=True, default="", editable=False
    )
    is_disputed = models.BooleanField(_("disputed"), default=False, editable=False)
    rendered_at = models.DateTimeField(
        _("rendered at"),
        null=True,
        editable=False,
        help_text=_("When its renditions in modern formats were made."),
    )
    uncertainty = models.FloatField(
        _("uncertainty"),
        null=True,
        editable=False,
        help_text=_(
            "Of the recogniser, from 0 to 1; not known where it has not looked."
        ),
    )

    objects = PhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ["contribution", "position"]
        permissions = [("identify_photo", "Can identify photos as an expert")]
        constraints = [
            models.UniqueConstraint(
                fields=["contribution", "sha256"],
                condition=Q(withdrawn_at=None),
                name="one_photo_once_per_contribution",
            ),
            models.UniqueConstraint(
                fields=["contribution", "position"],
                name="one_photo_per_position",
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"),
                name="photo_digest_is_sha256",
            ),
            models.CheckConstraint(
                condition=Q(width__gt=0, height__gt=0), name="photo_has_a_size"
            ),
            models.CheckConstraint(
                condition=Q(uncertainty=None)
                | Q(uncertainty__gte=0, uncertainty__lte=1),
                name="photo_uncertainty_is_a_share",
            ),
            models.CheckConstraint(
                condition=Q(media_type__in=["image/jpeg", "image/png", "image/webp"]),
                name="photo_media_type_is_allowed",
            ),
            models.CheckConstraint(
                condition=Q(
                    determined_outcome="",
                    determined_motif=None,
                    determined_second_motif=None,
                    determined_at=None,
                    determined_rule="",
                )
                | (
                    ~Q(determined_outcome__in=["", "cannot_tell"])
                    & Q(determined_at__isnull=False)
                    & ~Q(determined_rule="")
                ),
                name="photo_determined_what_when_and_why",
            ),
            models.CheckConstraint(
                condition=Q(determined_outcome="motif", determined_motif__isnull=False)
                | Q(
                    determined_outcome="two_motifs",
                    determined_motif__isnull=False,
                    determined_second_motif__isnull=False,
                )
                | (
                    ~Q(determined_outcome__in=["motif", "two_motifs"])
                    & Q(determined_second_motif=None)
                ),
                name="photo_determination_names_its_motifs",
            ),
        ]
        indexes = [
            models.Index(
                fields=["determined_motif", "-added_at"], name="photo_by_determination"
            ),
            models.Index(
                fields=["-id"], condition=Q(rendered_at=None), name="photo_to_render"
            ),
            models.Index(
                fields=["-id"],
                condition=Q(is_disputed=True),
                name="photo_disputed",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.contribution_id}/{self.position}"

    def get_absolute_url(self) -> str:
        """Return its own page, for those who may see it."""
        return reverse("photos:photo-detail", args=[self.pk])

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was taken back, alone or with its contribution."""
        State = Contribution.State
        is_alone = self.withdrawn_at is not None
        return is_alone or self.contribution.state == State.WITHDRAWN

    def had_digest(self, sha256: str) -> bool:
        """Whether its file has this digest, or had it before it was cleaned."""
        earlier = self.history.filter(verb="cleaned", data__was__sha256=sha256)
        return self.sha256 == sha256 or earlier.exists()

    def url(self, size: str) -> str:
        return reverse("photo-file", args=[self.pk, size])

    @property
    def thumbnail_url(self) -> str:
        """Address of the rendition whose longer side is at most 480 pixels."""
        return self.url("480")

    @property
    def display_url(self) -> str:
        """Address of the rendition whose longer side is at most 1600 pixels."""
        return self.url("1600")
