"""What became of a contribution, for those who have its address."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from motifs.actions import withdraw_contribution
from motifs.models import Contribution
from motifs.refusals import AlreadyWithdrawn


@never_cache
@require_safe
def contribution_detail(request: HttpRequest, key: str) -> HttpResponse:
    """Show a contribution's state, its terms and its photos."""
    contribution = get_object_or_404(
        Contribution.objects.select_related("motif").prefetch_related("photos"), key=key
    )
    context = {"contribution": contribution, "states": Contribution.State}
    response = render(request, "motifs/contribution_detail.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


@never_cache
@require_POST
def withdraw(request: HttpRequest, key: str) -> HttpResponse:
    """Take a contribution back; its key says that it is its giver who asks."""
    contribution = get_object_or_404(
        Contribution.objects.select_related("given_by"), key=key
    )
    try:
        withdraw_contribution(contribution=contribution, by=contribution.given_by)
    except AlreadyWithdrawn as refusal:
        messages.info(request, str(refusal))
    return redirect(contribution)
