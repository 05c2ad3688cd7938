"""What people fill in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from motifs import reasons
from motifs.models import ProblemReport


class DeclineForm(forms.Form):
    """Why contributions are declined; one reason for all that were selected."""

    code = forms.ChoiceField(
        label=_("Reason"),
        required=False,
        choices=[
            *((reason.code, reason.label) for reason in reasons.REASONS),
            ("", _("Only my own words")),
        ],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("In your own words"),
        help_text=_("The contributor will read it. Say what would help next time."),
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        max_length=2000,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("code") and not cleaned.get("reason"):
            self.add_error("reason", _("Give a reason; the contributor will read it."))
        return cleaned


class AccessForm(forms.Form):
    """Who may see a motif or a photo, and why."""

    reason = forms.CharField(
        label=_("Why"),
        help_text=_("It stays in the history, with your name."),
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        max_length=2000,
    )
    protocol_note = forms.CharField(
        label=_("community protocol"),
        help_text=_("The community's own conditions, in its own words."),
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        max_length=4000,
        required=False,
    )


class MergeForm(forms.Form):
    """Into which motif, and why."""

    into = forms.SlugField(widget=forms.HiddenInput)
    rationale = forms.CharField(
        label=_("Rationale"),
        help_text=_("Why they are one motif, and who says so. It stays public."),
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        max_length=4000,
    )


class ResolutionForm(forms.Form):
    """What was done about a problem."""

    resolution = forms.CharField(
        label=_("what was done"),
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        max_length=4000,
    )


class ProblemForm(forms.Form):
    """What a reader found wrong. ``website`` is for machines; people do not see it."""

    kind = forms.ChoiceField(
        label=_("What is wrong?"),
        choices=ProblemReport.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what is wrong.")},
    )
    text = forms.CharField(
        label=_("Say it in your own words"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6, "class": "input"}),
        error_messages={"required": _("Write a few words, so that we understand.")},
    )
    contact = forms.EmailField(
        label=_("Your e-mail, if you want an answer"),
        required=False,
        widget=forms.EmailInput(attrs={"class": "input", "autocomplete": "email"}),
    )
    website = forms.CharField(required=False)

    @property
    def is_by_a_machine(self) -> bool:
        """Whether the field that nobody sees was filled in."""
        return bool(self.data.get("website"))
