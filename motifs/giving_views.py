"""Give photos of a cloth, or suggest a change to a motif's page: one calm flow.

With scripts, a draft is made first; photos come to it in pieces and texts as they are
typed. Without, one form brings everything. Both end in the same actions.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from motifs import pictures, seeing
from motifs.actions import (
    MAX_PHOTOS,
    add_photo,
    edit_contribution,
    remove_photo,
    start_contribution,
    submit_contribution,
)
from motifs.contribution_keys import for_its_giver
from motifs.giving_forms import LICENCES, PEOPLE, GivingForm, form_of, motif_groups
from motifs.languages import reader_language
from motifs.merged import became, moved_query
from motifs.models import Claim, Contribution, Motif, Photo
from motifs.refusals import (
    AlreadyDecided,
    NoLicence,
    NoPhotos,
    NoText,
    NotThere,
    PeopleNotSaid,
    Refusal,
    TooManyPhotos,
)
from motifs.throttles import seconds_to_wait

if TYPE_CHECKING:
    from heritage.models import User

FILES = "photos"
WITHOUT = "without"
"""In the form once it was said that a photo has come in part only."""
FORM_BYTES = 256 * 1024
MOST_BYTES = MAX_PHOTOS * pictures.MAX_BYTES + FORM_BYTES
ANCHORS = {
    NoLicence: "licence",
    NoPhotos: FILES,
    TooManyPhotos: FILES,
    PeopleNotSaid: "people",
    NoText: "suggested_text",
}
"""Where on the page a refusal is put right."""


# The limit on bytes comes before the CSRF check reads the form.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def contribution_new(request: HttpRequest) -> HttpResponse:
    """Offer the empty form, with ``?motif=`` chosen; take it where no script did.

    ``?kind=edit`` suggests a change to that motif's page, with ``&claim=`` to one
    statement of it.
    """
    return _too_large(request) or _new(request)


@csrf_protect
def _new(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        there = moved_query(request, Motif.objects.published())
        if there is not None:
            return there
    about = _About(request)
    if request.method != "POST":
        initial = {"motif": about.motif.slug if about.motif else ""}
        return _page(request, form_of(about.kind)(initial=initial), about=about)
    if (refused := _throttled(request)) is not None:
        return refused
    contribution = _start(request, about)
    return _received(request, contribution)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def contribution_edit(request: HttpRequest, key: str) -> HttpResponse:
    """Go on with a draft, or change what has been submitted and not decided on."""
    return _too_large(request) or _edit(request, key)


@csrf_protect
@for_its_giver()
def _edit(request: HttpRequest, key: str) -> HttpResponse:
    contribution = _found(key)
    seeing.note(request.user, [contribution.pk])
    if not contribution.is_pending and not contribution.is_mendable:
        messages.info(request, str(AlreadyDecided()))
        return redirect(contribution)
    if request.method == "POST":
        return _received(request, contribution)
    form = form_of(contribution.kind)(
        initial=_initial(contribution), contribution=contribution
    )
    return _page(request, form, contribution)


@never_cache
@require_POST
def draft_new(request: HttpRequest) -> HttpResponse:
    """Begin a draft for a script; answer with the addresses that go on with it."""
    about = _About(request)
    if (refused := _throttled(request)) is not None:
        return refused
    contribution = _start(request, about)
    errors = _saved(contribution, _bound(request, contribution))
    return JsonResponse({**addresses(contribution), "errors": errors}, status=201)


@never_cache
@require_POST
@for_its_giver(is_page=False)
def contribution_save(request: HttpRequest, key: str) -> HttpResponse:
    """Keep what a script sends of a draft's texts; say which of them cannot be kept."""
    contribution = _found(key)
    if contribution.state != Contribution.State.DRAFT:
        return JsonResponse({"error": str(AlreadyDecided())}, status=409)
    errors = _saved(contribution, _bound(request, contribution))
    return JsonResponse({"errors": errors}, status=422 if errors else 200)


@never_cache
@require_POST
@for_its_giver(is_page=False)
def photo_remove(request: HttpRequest, key: str, photo_id: int) -> HttpResponse:
    """Take a photo out, for a script."""
    photos = Photo.objects.select_related("contribution__given_by")
    photo = get_object_or_404(photos, pk=photo_id, contribution__key=key)
    try:
        remove_photo(photo=photo, by=photo.contribution.given_by)
    except NotThere as error:
        raise Http404 from error
    except Refusal as refusal:
        return HttpResponse(str(refusal), status=409, content_type="text/plain")
    return HttpResponse(status=204)


class _About:
    """What the address says that is given: photos, or a change to a motif's page."""

    def __init__(self, request: HttpRequest) -> None:
        asked = request.GET if request.method in ("GET", "HEAD") else request.POST
        self.kind = (
            Contribution.Kind.EDIT
            if asked.get("kind") == Contribution.Kind.EDIT
            else Contribution.Kind.PHOTOS
        )
        published = Motif.objects.published()
        slug = asked.get("motif", "")[:60]
        self.motif = published.filter(slug=slug).first() or became(slug, published)
        if self.kind == Contribution.Kind.EDIT and self.motif is None:
            raise Http404
        self.claim_key = ""
        if self.kind == Contribution.Kind.EDIT and (key := asked.get("claim", "")):
            claims = Claim.objects.filter(motif=self.motif, key=key[:100])
            self.claim_key = key if claims.exists() else ""


def _start(request: HttpRequest, about: _About) -> Contribution:
    is_edit = about.kind == Contribution.Kind.EDIT
    return start_contribution(
        by=_signed_in(request),
        kind=about.kind,
        language=reader_language(),
        motif=about.motif if is_edit else None,
        claim_key=about.claim_key,
        # To suggest a text for a page is to agree that the page shows it.
        consent_to_show=is_edit,
    )


def _signed_in(request: HttpRequest) -> User | None:
    return request.user if request.user.is_authenticated else None


def _found(key: str) -> Contribution:
    return get_object_or_404(
        Contribution.objects.select_related("given_by", "motif"), key=key
    )


def _bound(request: HttpRequest, contribution: Contribution) -> GivingForm:
    form = form_of(contribution.kind)(request.POST, contribution=contribution)
    form.full_clean()
    return form


def _saved(contribution: Contribution, form: GivingForm) -> dict[str, str]:
    """Keep what is valid; return a sentence for each field that is not."""
    errors = {name: str(found[0]) for name, found in form.errors.items()}
    try:
        edit_contribution(
            contribution=contribution,
            by=contribution.given_by,
            changes=form.changes(),
        )
    except Refusal as refusal:
        errors[ANCHORS.get(type(refusal), "")] = str(refusal)
    return errors


def _received(request: HttpRequest, contribution: Contribution) -> HttpResponse:
    """Take the whole form: texts, photos, and what the pressed button asks for."""
    form = _bound(request, contribution)
    is_draft = contribution.state == Contribution.State.DRAFT
    may_send = is_draft or contribution.is_mendable
    if is_draft or not form.errors:
        errors = _saved(contribution, form)
    else:
        errors = {name: str(found[0]) for name, found in form.errors.items()}
    photo_errors = [
        *_add_photos(request, contribution),
        *_remove(request, contribution),
        *_left_out(request, contribution),
    ]
    by = contribution.given_by or (_signed_in(request) if is_draft else None)
    if "send" in request.POST and may_send and not errors and not photo_errors:
        try:
            submit_contribution(contribution=contribution, by=by)
        except Refusal as refusal:
            errors[ANCHORS.get(type(refusal), "")] = str(refusal)
        else:
            return redirect(contribution)
    if errors or photo_errors:
        return _page(request, form, contribution, errors, photo_errors, status=422)
    if is_draft or "remove" in request.POST:
        return redirect("contributions:contribution-edit", contribution.key)
    messages.success(request, _("Your changes are kept."))
    return redirect(contribution)


def _add_photos(request: HttpRequest, contribution: Contribution) -> list[str]:
    """Add what the form brings; a bad one does not keep the others out."""
    troubles = []
    for given in request.FILES.getlist(FILES):
        try:
            add_photo(contribution=contribution, image=given, by=contribution.given_by)
        except Refusal as refusal:
            troubles.append(f"{given.name}: {refusal}")
    return troubles


def _left_out(request: HttpRequest, contribution: Contribution) -> list[str]:
    """Say once, before it is handed on, that a photo has come in part only."""
    if WITHOUT in request.POST or not _is_last(request, contribution):
        return []
    if not contribution.uploads.unfinished().exists():
        return []
    return [
        _(
            "Only a part of a photo has arrived. Choose the same photo again, "
            "or press the button once more to go on without it."
        )
    ]


def _is_last(request: HttpRequest, contribution: Contribution) -> bool:
    """Return whether the pressed button ends the giving or the changing."""
    is_draft = contribution.state == Contribution.State.DRAFT
    return "send" in request.POST or ("save" in request.POST and not is_draft)


def _remove(request: HttpRequest, contribution: Contribution) -> list[str]:
    photos = {str(photo.pk): photo for photo in contribution.photos.given()}
    if photo := photos.get(request.POST.get("remove", "")):
        try:
            remove_photo(photo=photo, by=contribution.given_by)
        except Refusal as refusal:
            return [str(refusal)]
    return []


def addresses(contribution: Contribution) -> dict[str, str]:
    """Where a script goes on with this contribution."""

    def address(name: str, *arguments: Any) -> str:
        return reverse(f"contributions:{name}", args=[contribution.key, *arguments])

    return {
        "key": contribution.key,
        "edit": address("contribution-edit"),
        "save": address("contribution-save"),
        "uploads": address("upload-list"),
        # The script puts a photo's number in the place of 0.
        "remove": address("photo-remove", 0),
        "thumbnail": f"{reverse('photo-file', args=[0, '480'])}?key={contribution.key}",
    }


def _initial(contribution: Contribution) -> dict[str, Any]:
    names = form_of(contribution.kind).base_fields
    initial = {name: getattr(contribution, name) for name in names}
    if "motif" in initial:
        initial["motif"] = contribution.motif.slug if contribution.motif else ""
    return initial


def _page(
    request: HttpRequest,
    form: GivingForm,
    contribution: Contribution | None = None,
    errors: dict[str, str] | None = None,
    photo_errors: list[str] | None = None,
    *,
    about: _About | None = None,
    status: int = 200,
) -> HttpResponse:
    kind = contribution.kind if contribution else about.kind if about else ""
    motif = contribution.motif if contribution else about.motif if about else None
    claim_key = (
        contribution.claim_key if contribution else about.claim_key if about else ""
    )
    is_edit = kind == Contribution.Kind.EDIT
    # The motif's own published names only: it may have been restricted since.
    values = {name: form[name].value() for name in form.fields}
    context: dict[str, Any] = {
        "contribution": contribution,
        "is_submitted": bool(contribution and contribution.submitted_at),
        "is_edit": is_edit,
        "motif": motif,
        "claim_key": claim_key,
        "claim": _claim(motif, claim_key),
        "values": values,
        "errors": errors or {},
        "photo_errors": photo_errors or [],
        "licences": [
            (value.value, value.label, sentence)
            for value, sentence in LICENCES.items()
            if not (is_edit and value == Contribution.Licence.RESERVED)
        ],
        "licence_chosen": values["licence"] or Contribution.Licence.CC_BY_SA,
        "people": [(value.value, label) for value, label in PEOPLE.items()],
        "techniques": [
            *Contribution.Technique.choices[1:],
            Contribution.Technique.choices[0],
        ],
        "motif_groups": [] if is_edit else motif_groups(),
        "photos": list(contribution.photos.given()) if contribution else [],
        "unfinished": list(contribution.uploads.unfinished()) if contribution else [],
        "is_said": bool(contribution and _is_last(request, contribution)),
        "addresses": addresses(contribution) if contribution else None,
        "max_photos": MAX_PHOTOS,
        "max_bytes": pictures.MAX_BYTES,
    }
    response = render(request, "motifs/contribution_form.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response


def _claim(motif: Motif | None, key: str) -> Claim | None:
    if motif is None or not key:
        return None
    claims = Claim.objects.filter(motif=motif, key=key)
    return claims.in_reading_order(reader_language()).first()


def _throttled(request: HttpRequest) -> HttpResponse | None:
    wait_s = seconds_to_wait(request, "give")
    if wait_s is None:
        return None
    response = render(request, "motifs/giving_busy.html", status=429)
    response["Retry-After"] = str(math.ceil(wait_s))
    return response


def _too_large(request: HttpRequest) -> HttpResponse | None:
    """Refuse a form by what it says of its length, or of how many files it holds."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > MOST_BYTES:
        return render(request, "motifs/giving_too_large.html", status=413)
    if request.method == "POST":
        try:
            request.POST  # noqa: B018 - reading it here is the check
        except TooManyFilesSent:
            return render(request, "motifs/giving_too_large.html", status=413)
    return None
