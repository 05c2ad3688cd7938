"""What a form beside an answer may say."""

from __future__ import annotations

from django import forms

from motifs.models import Contribution, Motif

NO_MOTIF = ("unsure", "not_cloth")


class ReportForm(forms.Form):
    """Somebody's opinion against the recogniser's, and on what terms they give it."""

    report_id = forms.UUIDField()
    # A motif's slug, or one of NO_MOTIF.
    shows = forms.CharField(max_length=100)
    licence = forms.ChoiceField(choices=Contribution.Licence.choices)
    consent = forms.ChoiceField(choices=[("all", ""), ("none", "")])

    def clean_shows(self) -> Motif | str:
        shows: str = self.cleaned_data["shows"]
        if shows in NO_MOTIF:
            return shows
        motif = Motif.objects.published().filter(slug=shows).first()
        if motif is None:
            raise forms.ValidationError("not a published motif")
        return motif
