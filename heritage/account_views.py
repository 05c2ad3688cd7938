"""One's own account: the name shown, the language of mails, closing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from heritage import roles, second_factor
from heritage.account_forms import CloseForm, ProfileForm
from heritage.closing import close_account
from motifs.permissions import EXPERT_GROUP
from motifs.refusals import Refusal

if TYPE_CHECKING:
    from heritage.models import User


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Show what the site knows of the reader, and change it."""
    user = cast("User", request.user)
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("account")
    # A form that was refused has changed the object in memory, not the row.
    user.refresh_from_db(fields=["public_name"])
    shown = [EXPERT_GROUP, *roles.STAFF_GROUPS]
    context = {
        "form": form,
        "roles": list(
            user.groups.filter(name__in=shown).values_list("name", flat=True)
        ),
        "has_second_factor": second_factor.has_one(user),
    }
    return render(
        request, "account/account.html", context, status=422 if form.errors else 200
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required()  # type: ignore[untyped-decorator]
def close(request: HttpRequest) -> HttpResponse:
    """Ask what becomes of the contributions, then close the account."""
    form = CloseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        withdraw = form.cleaned_data["contributions"] == "withdraw"
        try:
            close_account(user=cast("User", request.user), withdraw=withdraw)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            logout(request)
            return redirect("account_closed")
    return render(
        request,
        "account/close.html",
        {"form": form},
        status=422 if form.errors else 200,
    )


@require_safe
def closed(request: HttpRequest) -> HttpResponse:
    """Say that an account was closed."""
    return render(request, "account/closed.html")
