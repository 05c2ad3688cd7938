"""The page on which a curator restricts a motif or a photo, or opens it again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext

from motifs.actions import open_access, restrict_access
from motifs.forms import AccessForm
from motifs.models import Access
from motifs.permissions import is_curator
from motifs.refusals import Refusal


def access_url(model_admin: admin.ModelAdmin[Any]) -> URLPattern:
    """Where the access of this admin's things is decided."""

    def view(request: HttpRequest, subject_id: int) -> HttpResponse:
        return _page(model_admin, request, subject_id)

    name = f"{model_admin.opts.app_label}_{model_admin.opts.model_name}_access"
    return path(
        "<int:subject_id>/access/", model_admin.admin_site.admin_view(view), name=name
    )


def _page(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, subject_id: int
) -> HttpResponse:
    if not is_curator(request.user):
        raise PermissionDenied
    found = model_admin.get_queryset(request).filter(pk=subject_id).first()
    if found is None:
        raise Http404
    subject: Any = found
    form = AccessForm(
        request.POST if request.method == "POST" else None,
        initial={"protocol_note": subject.protocol_note},
    )
    becomes = request.POST.get("access", subject.access)
    if becomes not in Access.values:
        # What is not understood must not make anything public.
        raise BadRequest
    if form.is_valid():
        restricts = becomes == Access.RESTRICTED
        decide = restrict_access if restricts else open_access
        by: Any = request.user
        try:
            decide(subject=subject, by=by, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            sentence = (
                gettext("%(subject)s is restricted; for others it does not exist.")
                if restricts
                else gettext("%(subject)s is public.")
            )
            messages.success(request, sentence % {"subject": subject})
            opts = model_admin.opts
            return redirect(
                f"admin:{opts.app_label}_{opts.model_name}_change", subject.pk
            )
    context = {
        **model_admin.admin_site.each_context(request),
        "title": gettext("Access of %(subject)s") % {"subject": subject},
        "opts": model_admin.opts,
        "object": subject,
        "is_restricted": subject.access == Access.RESTRICTED,
        "form": form,
    }
    return TemplateResponse(
        request,
        "admin/motifs/access.html",
        context,
        status=422 if form.is_bound else 200,
    )
