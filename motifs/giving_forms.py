"""What a giver fills in: of a cloth, or of a change to a motif's page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from motifs.languages import reader_language
from motifs.models import Contribution, Motif

Licence = Contribution.Licence

LICENCES = {
    Licence.CC_BY_SA: _(
        "Anybody may use and change it, if they name you and share the result on the "
        "same terms. Most catalogues choose this."
    ),
    Licence.CC_BY: _("Anybody may use and change it, if they name you."),
    Licence.CC0: _("Anybody may use it for anything, without naming you."),
    Licence.RESERVED: _("It stays yours; only this catalogue may keep and show it."),
}
"""Each licence in a sentence."""
PEOPLE = {
    Contribution.People.NONE: _("Nobody can be recognised"),
    Contribution.People.AGREED: _("Somebody can, and has agreed to be shown"),
}
MOST_STORY = 5000


def motif_groups() -> list[tuple[str, list[Motif]]]:
    """Return published motifs by the family they belong to, each in reading order."""
    motifs = list(
        Motif.objects.published().with_labels(reader_language()).order_by("slug")
    )
    motifs.sort(key=lambda motif: motif.preferred_name.casefold())
    groups = [
        (str(family.label), [motif for motif in motifs if motif.family == family])
        for family in Motif.Family
    ]
    return [(label, members) for label, members in groups if members]


class GivingForm(forms.Form):
    """Nothing is required here: a draft is kept as it is, submitting asks for more."""

    licence = forms.ChoiceField(choices=Licence.choices, required=False)
    credit_line = forms.CharField(max_length=200, required=False)

    def __init__(
        self, *args: Any, contribution: Contribution | None = None, **kwargs: Any
    ) -> None:
        self.contribution = contribution
        super().__init__(*args, **kwargs)

    def changes(self) -> dict[str, Any]:
        """Return what is valid of what was given, as ``edit_contribution`` takes it."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name in self.data
        }


class ClothForm(GivingForm):
    """One cloth: what its giver knows of it, and on what terms they give it."""

    motif = forms.ModelChoiceField(
        Motif.objects.none(), to_field_name="slug", required=False
    )
    place = forms.CharField(max_length=200, required=False)
    maker = forms.CharField(max_length=200, required=False)
    made = forms.CharField(max_length=60, required=False)
    technique = forms.ChoiceField(
        choices=Contribution.Technique.choices, required=False
    )
    story = forms.CharField(max_length=MOST_STORY, required=False)
    people = forms.ChoiceField(
        choices=[("", ""), *((value, value) for value in PEOPLE)], required=False
    )
    consent_to_show = forms.BooleanField(required=False)
    consent_to_train = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.contribution.motif_id if self.contribution else None
        field = self.fields["motif"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - see above
        # A motif that was restricted since stays what they said.
        field.queryset = Motif.objects.filter(
            Q(pk__in=Motif.objects.published().values("pk")) | Q(pk=chosen)
        )

    def changes(self) -> dict[str, Any]:
        changes = super().changes()
        # A box that is not ticked is not sent at all.
        for name in ("consent_to_show", "consent_to_train"):
            changes[name] = bool(self.cleaned_data.get(name))
        if "motif" in changes:
            before = self.contribution.opinion if self.contribution else ""
            unsure = Contribution.Opinion.UNSURE
            changes["opinion"] = "" if changes["motif"] else before or unsure
        return changes


class SuggestionForm(GivingForm):
    """A change to a motif's page, and where it is written."""

    suggested_text = forms.CharField(max_length=MOST_STORY, required=False)
    suggested_source = forms.CharField(max_length=2000, required=False)


def form_of(kind: str) -> type[GivingForm]:
    return SuggestionForm if kind == Contribution.Kind.EDIT else ClothForm
