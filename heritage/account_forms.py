"""Forms of one's own account."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm, SignupForm
from django import forms
from django.utils.translation import gettext_lazy as _

from heritage.models import User


class SignInForm(LoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail or user name")
        self.fields["login"].widget.attrs["autocomplete"] = "username"
        self.fields["remember"].label = _("Stay signed in on this device")


class SignUpForm(SignupForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = _("Nobody else sees it.")
        self.fields["username"].help_text = _(
            "To sign in with instead of the e-mail. It is never shown."
        )


class ProfileForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ("public_name", "mail_language")

    def clean_public_name(self) -> str:
        """One line, and no address: it is shown beside photos."""
        name = " ".join(str(self.cleaned_data["public_name"]).split())
        if "@" in name or "://" in name:
            raise forms.ValidationError(_("A name, not an address."))
        return name


class CloseForm(forms.Form):
    contributions = forms.ChoiceField(
        label=_("What becomes of your contributions"),
        choices=[
            ("keep", _("They stay, and nobody is named beside them.")),
            ("withdraw", _("They are withdrawn: nobody sees them any more.")),
        ],
        widget=forms.RadioSelect,
    )
