"""What people give: contributions and their photos."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from motifs.models.motif import Motif
from motifs.permissions import is_curator

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractUser, AnonymousUser


def both_or_neither(at: str, by: str) -> Q:
    """When and who are recorded together."""
    return Q(**{at: None, by: None}) | Q(
        **{f"{at}__isnull": False, f"{by}__isnull": False}
    )


def new_key() -> str:
    """Return a key that nobody guesses: 128 random bits."""
    return secrets.token_urlsafe(16)


class ContributionQuerySet(models.QuerySet["Contribution"]):
    def waiting(self) -> Self:
        return self.filter(state=Contribution.State.SUBMITTED)

    def accepted(self) -> Self:
        return self.filter(state=Contribution.State.ACCEPTED)


class Contribution(models.Model):
    """One act of giving: a person, photos of one cloth, a licence and consent.

    Never deleted. It is drafted, submitted, then accepted or declined, and may be
    withdrawn at any time; who did so and when is on the row.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Submitted")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Licence(models.TextChoices):
        """By SPDX identifier."""

        CC0 = "CC0-1.0", _("CC0 1.0 (no conditions)")
        CC_BY = "CC-BY-4.0", _("CC BY 4.0 (name me)")
        CC_BY_SA = "CC-BY-SA-4.0", _("CC BY-SA 4.0 (name me, share alike)")
        CC_BY_NC = "CC-BY-NC-4.0", _("CC BY-NC 4.0 (name me, not for profit)")

    class Opinion(models.TextChoices):
        """What the giver says of the cloth where they name no motif."""

        NONE = "", _("No opinion")
        UNSURE = "unsure", _("Does not know which motif it is")
        NOT_CLOTH = "not_cloth", _("Not a cloth")

    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    """Opens the contribution's page; whoever has no account has only this."""
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="contributions",
        verbose_name=_("given by"),
        help_text=_("Nobody where it was given without an account."),
    )
    given_at = models.DateTimeField(_("given at"), auto_now_add=True)
    motif = models.ForeignKey(
        Motif,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="contributions",
        verbose_name=_("motif suggested"),
    )
    opinion = models.CharField(
        _("opinion"), max_length=10, choices=Opinion, blank=True, default=""
    )
    place = models.CharField(_("place"), max_length=200, blank=True)
    maker = models.CharField(_("maker"), max_length=200, blank=True)
    story = models.TextField(_("story"), blank=True)
    licence = models.CharField(_("licence"), max_length=20, choices=Licence, blank=True)
    credit_line = models.CharField(
        _("credit line"),
        max_length=200,
        blank=True,
        help_text=_("How the rights holder wishes to be named."),
    )
    consent_to_show = models.BooleanField(_("may be shown"), default=False)
    consent_to_train = models.BooleanField(_("may train the recogniser"), default=False)
    is_demonstration = models.BooleanField(
        _("demonstration"),
        default=False,
        help_text=_("Made of rendered cloth, to try the site with. Never trains."),
    )
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.DRAFT, editable=False
    )
    submitted_at = models.DateTimeField(_("submitted at"), null=True, editable=False)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, editable=False)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("accepted by"),
    )
    declined_at = models.DateTimeField(_("declined at"), null=True, editable=False)
    declined_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("declined by"),
    )
    decline_reason = models.TextField(_("reason"), blank=True, editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("withdrawn by"),
    )

    objects = ContributionQuerySet.as_manager()

    class Meta:
        verbose_name = _("contribution")
        verbose_name_plural = _("contributions")
        ordering = ["-given_at", "-pk"]
        permissions = [
            ("moderate_contribution", "Can accept and decline contributions")
        ]
        indexes = [models.Index(fields=["state", "-given_at"], name="queue")]
        constraints = [
            models.CheckConstraint(
                condition=both_or_neither("accepted_at", "accepted_by"),
                name="contribution_accepted_when_and_who",
            ),
            models.CheckConstraint(
                condition=both_or_neither("declined_at", "declined_by"),
                name="contribution_declined_when_and_who",
            ),
            models.CheckConstraint(
                # Without an account, the key says that it is the giver.
                condition=both_or_neither("withdrawn_at", "withdrawn_by")
                | Q(withdrawn_at__isnull=False, given_by=None),
                name="contribution_withdrawn_when_and_who",
            ),
            models.CheckConstraint(
                condition=Q(motif=None) | Q(opinion=""),
                name="contribution_names_a_motif_or_says_why_not",
            ),
            models.CheckConstraint(
                condition=Q(declined_at=None, decline_reason="")
                | (Q(declined_at__isnull=False) & ~Q(decline_reason="")),
                name="contribution_declined_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(declined_at=None),
                name="contribution_accepted_or_declined_not_both",
            ),
            models.CheckConstraint(
                condition=Q(submitted_at__isnull=False)
                | Q(accepted_at=None, declined_at=None),
                name="contribution_judged_only_if_submitted",
            ),
            models.CheckConstraint(
                condition=(
                    Q(
                        state="draft",
                        submitted_at=None,
                        withdrawn_at=None,
                    )
                    | Q(
                        state="submitted",
                        submitted_at__isnull=False,
                        accepted_at=None,
                        declined_at=None,
                        withdrawn_at=None,
                    )
                    | Q(state="accepted", accepted_at__isnull=False, withdrawn_at=None)
                    | Q(state="declined", declined_at__isnull=False, withdrawn_at=None)
                    | Q(state="withdrawn", withdrawn_at__isnull=False)
                ),
                name="contribution_state_follows_its_dates",
            ),
            models.CheckConstraint(
                condition=Q(submitted_at=None) | ~Q(licence=""),
                name="contribution_submitted_with_a_licence",
            ),
            models.CheckConstraint(
                condition=Q(is_demonstration=False) | Q(consent_to_train=False),
                name="demonstration_never_trains",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    def get_absolute_url(self) -> str:
        """Return its status page, which is for those who have the address."""
        return reverse("contributions:contribution-detail", args=[self.key])


def private_path(photo: Photo, filename: str) -> str:
    """A random name with an extension of ours: nothing of the sender's is kept."""
    token = secrets.token_hex(16)
    return f"photos/{token[:2]}/{token}.{Photo.EXTENSIONS[photo.media_type]}"


class PhotoQuerySet(models.QuerySet["Photo"]):
    def shown(self) -> Self:
        """Photos that everybody may see."""
        return self.filter(
            contribution__state=Contribution.State.ACCEPTED,
            contribution__consent_to_show=True,
        )

    def visible_to(self, user: AbstractUser | AnonymousUser) -> Self:
        """Every page and file starts here, so access is decided in one place."""
        if is_curator(user):
            return self._for_curator(user)
        visible = Q(
            contribution__state=Contribution.State.ACCEPTED,
            contribution__consent_to_show=True,
        )
        if user.is_authenticated:
            visible |= Q(contribution__given_by=user.pk)
        return self.filter(visible)

    def _for_curator(self, user: AbstractUser | AnonymousUser) -> Self:
        """All but what its giver has not given yet, or has taken back."""
        State = Contribution.State
        theirs = Q(contribution__given_by=user.pk)
        not_given = Q(contribution__state__in=(State.DRAFT, State.WITHDRAWN))
        return self.filter(theirs | ~not_given)

    def visible_with_key(self, key: str) -> Self:
        """Photos of the contribution that this key opens, while they are given."""
        return self.filter(contribution__key=key).exclude(
            contribution__state=Contribution.State.WITHDRAWN
        )

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


class Photo(models.Model):
    """One image as given, without what its file said of place, time and person."""

    EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}

    contribution = models.ForeignKey(
        Contribution,
        on_delete=models.PROTECT,
        related_name="photos",
        verbose_name=_("contribution"),
    )
    image = models.FileField(_("file"), upload_to=private_path, editable=False)
    media_type = models.CharField(_("media type"), max_length=20, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, editable=False)
    width = models.PositiveIntegerField(_("width in pixels"), editable=False)
    height = models.PositiveIntegerField(_("height in pixels"), editable=False)
    position = models.PositiveSmallIntegerField(_("position"), editable=False)
    added_at = models.DateTimeField(_("added at"), auto_now_add=True)

    objects = PhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ["contribution", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["contribution", "sha256"],
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
                condition=Q(media_type__in=["image/jpeg", "image/png", "image/webp"]),
                name="photo_media_type_is_allowed",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.contribution_id}/{self.position}"

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
