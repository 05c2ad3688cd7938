"""What people fill in."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class DeclineForm(forms.Form):
    """Why contributions are declined; one reason for all that were selected."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The contributor will read it. Say what would help next time."),
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        max_length=2000,
    )
