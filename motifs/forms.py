"""What people fill in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from motifs import reasons
from motifs.languages import Language
from motifs.models import Identification, Motif, Outcome, ProblemReport
from motifs.refusals import NoAnswer


class MotifChoice(forms.ModelChoiceField[Motif]):
    """A published motif by its slug."""

    def __init__(self, *, required: bool) -> None:
        super().__init__(
            Motif.objects.published(),
            to_field_name="slug",
            required=required,
            error_messages={"invalid_choice": _("There is no such motif.")},
        )


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
        help_text=_("For the history. Who reported it does not read this."),
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        max_length=4000,
    )
    answer = forms.CharField(
        label=_("answer"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "cols": 60}),
        max_length=4000,
    )
    is_unanswered = forms.BooleanField(label=_("no answer"), required=False)

    def __init__(self, data: Any, *, problem: ProblemReport) -> None:
        super().__init__(data)
        self.problem = problem
        if not problem.contact:
            del self.fields["answer"], self.fields["is_unanswered"]
            return
        language = Language(problem.mail_language).label
        self.fields["answer"].help_text = _(
            "Goes to %(address)s, once. Write it in their language: %(language)s."
        ) % {"address": problem.contact, "language": language}

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if "answer" in self.fields and "answer" in said:
            is_written = bool(str(said["answer"]).strip())
            if is_written == said.get("is_unanswered", False):
                self.add_error("answer", str(NoAnswer()))
        return said


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
        help_text=_("We delete it 30 days after the answer."),
        required=False,
        widget=forms.EmailInput(attrs={"class": "input", "autocomplete": "email"}),
    )
    website = forms.CharField(required=False)

    @property
    def is_by_a_machine(self) -> bool:
        """Whether the field that nobody sees was filled in."""
        return bool(self.data.get("website"))


class StatementForm(forms.Form):
    """What one person says that a photo shows."""

    outcome = forms.ChoiceField(
        choices=Outcome,
        error_messages={"required": _("Say what the photo shows.")},
    )
    motif = MotifChoice(required=False)
    second_motif = MotifChoice(required=False)
    certainty = forms.ChoiceField(choices=Identification.Certainty)
    remarks = forms.CharField(required=False, max_length=2000)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        outcome = said.get("outcome")
        first, second = said.get("motif"), said.get("second_motif")
        if outcome == Outcome.MOTIF and not first:
            self.add_error("motif", _("Choose the motif."))
        if outcome == Outcome.TWO_MOTIFS and (
            not first or not second or first == second
        ):
            self.add_error("second_motif", _("Choose two different motifs."))
        # A field that does not belong to the answer was left over from another one.
        if outcome not in (Outcome.MOTIF, Outcome.TWO_MOTIFS, Outcome.PRINTED):
            said["motif"] = None
        if outcome != Outcome.TWO_MOTIFS:
            said["second_motif"] = None
        return said
