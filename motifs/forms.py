"""What people fill in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from motifs.models import ProblemReport


class DeclineForm(forms.Form):
    """Why contributions are declined; one reason for all that were selected."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The contributor will read it. Say what would help next time."),
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        max_length=2000,
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
