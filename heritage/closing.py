"""Close an account: the person goes, what they said of photos stays."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from heritage.models import User
from motifs.actions import withdraw_contribution
from motifs.models import Contribution, ProblemReport, SeenCloth
from motifs.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator


class LastSuperuser(Refusal):
    sentence = _(
        "You are the only administrator of this site: make somebody else one first."
    )


@transaction.atomic
def close_account(*, user: User, withdraw: bool) -> None:
    """Forget who a person is, and end every session of theirs.

    The row stays, without name, address or rights, because identifications and the
    history point to it. Drafts are withdrawn in any case: nobody can finish them.

    Args:
        withdraw: take back every contribution; else they stay, named after nobody.

    Raises LastSuperuser.
    """
    locked = User.objects.select_for_update().get(pk=user.pk)
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if locked.is_superuser and not others.exists():
        raise LastSuperuser
    given = Contribution.objects.filter(given_by=locked).exclude(
        state=Contribution.State.WITHDRAWN
    )
    if not withdraw:
        given.update(credit_line="")
        given = given.filter(state=Contribution.State.DRAFT)
    for contribution in given:
        withdraw_contribution(contribution=contribution, by=locked)
    ProblemReport.objects.filter(reported_by=locked).update(
        reported_by=None, contact=""
    )
    SeenCloth.objects.filter(seen_by=locked).delete()
    EmailAddress.objects.filter(user=locked).delete()
    Authenticator.objects.filter(user=locked).delete()
    locked.groups.clear()
    locked.user_permissions.clear()
    locked.username = f"closed-{secrets.token_hex(8)}"
    locked.first_name = locked.last_name = locked.email = locked.public_name = ""
    locked.is_active = locked.is_staff = locked.is_superuser = False
    locked.last_login = None
    locked.closed_at = timezone.now()
    locked.set_unusable_password()
    locked.save()
    Session.objects.filter(pk__in=list(_sessions_of(locked))).delete()


def _sessions_of(user: User) -> Iterator[str]:
    """Sessions name their person only inside, so each that lives is looked at."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            yield session.session_key
