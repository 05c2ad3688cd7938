"""How django-allauth is used here: user names, sign-in stages, mails, second factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import ValidationError
from django.utils.crypto import get_random_string
from django.utils.translation import get_language, gettext, override

from heritage import second_factor
from heritage.models import User

if TYPE_CHECKING:
    from allauth.mfa.models import Authenticator
    from django.http import HttpRequest, HttpResponseBase

# Neither vowels nor what looks alike: no words, and it can be read aloud.
LETTERS = "bcdfghjkmnpqrstvwxz23456789"
SIGN_IN_STAGES = [
    "heritage.adapters.VerifiedEmailStage",
    "allauth.mfa.stages.AuthenticateStage",
]


class VerifiedEmailStage(EmailVerificationStage):  # type: ignore[misc]
    """Nobody enters with an address that is not verified.

    Who has no address at all was made by whoever runs the site, on its command line;
    whoever signs up must name one.
    """

    def handle(self) -> tuple[HttpResponseBase | None, bool]:
        user = self.login.user
        if user is not None and not user.email and not has_address(user):
            return None, True
        answer: tuple[HttpResponseBase | None, bool] = super().handle()
        return answer


def has_address(user: User) -> bool:
    return bool(EmailAddress.objects.filter(user_id=user.pk).exists())


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def get_login_stages(self) -> list[str]:
        return list(SIGN_IN_STAGES)

    def generate_unique_username(
        self, txts: list[str | None], regex: str | None = None
    ) -> str:
        """Return a random name: one made of the address would tell half of it."""
        while True:
            name = f"orang-{get_random_string(8, LETTERS)}"
            if not User.objects.filter(username=name).exists():
                return name

    def clean_username(self, username: str, shallow: bool = False) -> str:
        name = str(super().clean_username(username, shallow))
        if "@" in name:
            # One could take somebody else's address as a name.
            raise ValidationError(gettext("A user name has no @ in it."))
        return name

    def save_user(
        self, request: HttpRequest, user: User, form: Any, commit: bool = True
    ) -> User:
        user.mail_language = get_language() or user.mail_language
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def send_mail(
        self, template_prefix: str, email: str, context: dict[str, Any]
    ) -> None:
        """Write in the person's own language; to a stranger in the page's."""
        person = context.get("user") or (
            User.objects.filter(emailaddress__email__iexact=email).first()
            or User.objects.filter(email__iexact=email).first()
        )
        language = person.mail_language if person else get_language()
        with override(language):
            super().send_mail(template_prefix, email, context)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Whoever needs a second factor cannot switch it off."""
        return not second_factor.is_required(authenticator.user)
