"""What people give: contributions and their photos."""

from __future__ import annotations

import secrets
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from motifs import reasons
from motifs.languages import READER_LANGUAGES, Language
from motifs.models.motif import Motif


def both_or_neither(at: str, by: str) -> Q:
    """When and who are recorded together."""
    return Q(**{at: None, by: None}) | Q(
        **{f"{at}__isnull": False, f"{by}__isnull": False}
    )


def new_key() -> str:
    """Return a key that nobody guesses: 128 random bits."""
    return secrets.token_urlsafe(16)


class ContributionQuerySet(models.QuerySet["Contribution"]):
    def pending(self) -> Self:
        """Those that their giver may still change: nobody has decided on them."""
        return self.filter(
            state__in=(Contribution.State.DRAFT, Contribution.State.SUBMITTED)
        )

    def waiting(self) -> Self:
        return self.filter(state=Contribution.State.SUBMITTED)

    def accepted(self) -> Self:
        return self.filter(state=Contribution.State.ACCEPTED)


class Contribution(models.Model):
    """One act of giving: photos of one cloth, or an edit suggested to a motif's page.

    Never deleted. It is drafted, submitted, then accepted or declined, and may be
    withdrawn at any time; who did so and when is on the row.
    """

    class Kind(models.TextChoices):
        PHOTOS = "photos", _("Photos of a cloth")
        EDIT = "edit", _("A suggested edit")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Submitted")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Licence(models.TextChoices):
        """By SPDX identifier."""

        CC_BY_SA = "CC-BY-SA-4.0", _("CC BY-SA 4.0 (name me, share alike)")
        CC_BY = "CC-BY-4.0", _("CC BY 4.0 (name me)")
        CC0 = "CC0-1.0", _("CC0 1.0 (no conditions)")
        RESERVED = (
            "LicenseRef-catalogue-only",
            _("All rights reserved, for this catalogue only"),
        )

    class Opinion(models.TextChoices):
        """What the giver says of the cloth where they name no motif."""

        NONE = "", _("No opinion")
        UNSURE = "unsure", _("Does not know which motif it is")
        NOT_CLOTH = "not_cloth", _("Not a cloth")

    class Technique(models.TextChoices):
        """How the motif came onto the cloth."""

        UNSURE = "", _("Not known")
        STITCHED = "stitched", _("Stitched and dyed")
        PRINTED = "printed", _("Printed")

    class People(models.TextChoices):
        """Whether somebody can be recognised in the photos."""

        NOT_SAID = "", _("Not said")
        NONE = "none", _("Nobody can be recognised")
        AGREED = "agreed", _("Whoever can be recognised has agreed")

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
    kind = models.CharField(
        _("kind"), max_length=6, choices=Kind, default=Kind.PHOTOS, editable=False
    )
    language = models.CharField(
        _("language"),
        max_length=10,
        blank=True,
        help_text=_("The giver's, for what is written to them."),
    )
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
    made = models.CharField(
        _("made"), max_length=60, blank=True, help_text=_("When, as far as known.")
    )
    technique = models.CharField(
        _("technique"), max_length=10, choices=Technique, blank=True, default=""
    )
    story = models.TextField(_("story"), blank=True)
    suggested_text = models.TextField(_("suggested text"), blank=True)
    suggested_source = models.TextField(_("its source"), blank=True)
    claim_key = models.CharField(
        _("statement"),
        max_length=100,
        blank=True,
        help_text=_("The key of the claim that a suggested edit is about, if of one."),
    )
    applied_claim = models.ForeignKey(
        "motifs.Claim",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="edits",
        verbose_name=_("statement changed"),
        help_text=_("The claim that an accepted edit made or changed."),
    )
    people = models.CharField(
        _("people in the photos"), max_length=10, choices=People, blank=True, default=""
    )
    licence = models.CharField(_("licence"), max_length=32, choices=Licence, blank=True)
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
    attention = models.PositiveSmallIntegerField(
        _("needs attention"),
        default=0,
        editable=False,
        help_text=_("The sum of what the checks noted of its photos."),
    )
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.DRAFT, editable=False
    )
    revision = models.PositiveIntegerField(
        _("revision"),
        default=0,
        editable=False,
        help_text=_("How often its giver has changed it since it was first sent."),
    )
    edited_at = models.DateTimeField(
        _("last edited at"), null=True, blank=True, editable=False
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
    decline_reason = models.TextField(
        _("reason"),
        blank=True,
        editable=False,
        help_text=_("As it was written to its giver, in their language."),
    )
    # Of what the reason was made, to say it again in another language.
    decline_reason_code = models.CharField(
        _("reason chosen"), max_length=20, blank=True, default="", editable=False
    )
    decline_note = models.TextField(
        _("the curator's own words"), blank=True, default="", editable=False
    )
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
        indexes = [
            models.Index(fields=["state", "-given_at"], name="queue"),
            models.Index(
                fields=["-attention", "submitted_at", "id"],
                condition=Q(state="submitted"),
                name="queue_by_attention",
            ),
        ]
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
                condition=~Q(decline_reason="")
                | Q(decline_reason_code="", decline_note=""),
                name="contribution_reason_is_written_out",
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
            models.CheckConstraint(
                condition=Q(kind="photos", suggested_text="")
                | Q(kind="edit", motif__isnull=False),
                name="contribution_edit_is_of_a_motif",
            ),
            models.CheckConstraint(
                # Once withdrawn, as long as others' text stands where its own stood.
                condition=Q(applied_claim=None)
                | Q(kind="edit", accepted_at__isnull=False),
                name="contribution_only_an_accepted_edit_is_applied",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    def get_absolute_url(self) -> str:
        """Return its status page, which is for those who have the address."""
        return reverse("contributions:contribution-detail", args=[self.key])

    @property
    def mail_language(self) -> str:
        """Of what is written to its giver: the account's, else that of the gift."""
        said = self.given_by.mail_language if self.given_by else self.language
        return said if said in READER_LANGUAGES else Language.INDONESIAN.value

    @property
    def is_pending(self) -> bool:
        """Whether its giver may still change it."""
        return self.state in (self.State.DRAFT, self.State.SUBMITTED)

    @property
    def is_mendable(self) -> bool:
        """Whether its giver may mend it and send it again: while it is declined."""
        is_declined = self.state == self.State.DECLINED
        return is_declined and reasons.is_mendable(self.decline_reason_code)

    @property
    def decline_text(self) -> str:
        """Why it was declined, in the language of the page being made."""
        said = reasons.text(self.decline_reason_code, self.decline_note)
        return said or self.decline_reason
