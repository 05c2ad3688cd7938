"""Photos in pieces, by the protocol tus 1.0: creation, expiration, termination."""

from __future__ import annotations

import base64
import binascii
import math
import uuid
from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from motifs import uploads
from motifs.contribution_keys import for_its_giver
from motifs.models import Contribution, Upload
from motifs.refusals import AlreadyDecided, PhotoTooLarge, Refusal
from motifs.throttles import seconds_to_wait

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination"
PIECE_TYPE = "application/offset+octet-stream"
BLOCK = 256 * 1024
"""Bytes that are on the disk before the next are read: what a cut network costs."""


@never_cache
@require_http_methods(["OPTIONS", "POST"])
@for_its_giver(is_page=False)
def upload_list(request: HttpRequest, key: str) -> HttpResponse:
    """Say what can be done here, or begin a file."""
    contribution = get_object_or_404(
        Contribution.objects.select_related("given_by"), key=key
    )
    if request.method == "OPTIONS":
        return _capabilities()
    return _without_version(request) or _begin(request, contribution)


@never_cache
@require_http_methods(["OPTIONS", "HEAD", "PATCH", "DELETE", "POST"])
@for_its_giver(is_page=False)
def upload_detail(request: HttpRequest, key: str, upload_key: str) -> HttpResponse:
    """Say how much has come, take a piece, or forget the file."""
    upload = get_object_or_404(
        Upload.objects.select_related("contribution__given_by"),
        key=upload_key,
        contribution__key=key,
    )
    # Some networks let only GET and POST through; the protocol has this way around.
    method = request.headers.get("X-HTTP-Method-Override", request.method or "")
    if method == "OPTIONS":
        return _capabilities()
    if (refused := _without_version(request)) is not None:
        return refused
    if method == "HEAD":
        return _held(upload)
    if method == "PATCH":
        return _take(request, upload)
    if method == "DELETE":
        uploads.cancel_upload(upload)
        return _answer(204)
    return _answer(405, headers={"Allow": "OPTIONS, HEAD, PATCH, DELETE"})


def _begin(request: HttpRequest, contribution: Contribution) -> HttpResponse:
    try:
        length = int(request.headers.get("Upload-Length", ""))
        client_id = uuid.UUID(_metadata(request).get("client_id", ""))
    except ValueError:
        return _answer(400, "Upload-Length, or client_id in Upload-Metadata, is wrong.")
    # Beginning the same file again is free: it costs nothing here.
    if not contribution.uploads.filter(client_id=client_id).exists():
        wait_s = seconds_to_wait(request, "upload")
        if wait_s is not None:
            return _answer(
                429,
                _("Too many photos in a short time. Wait a few minutes."),
                headers={"Retry-After": str(math.ceil(wait_s))},
            )
    try:
        upload, _is_new = uploads.start_upload(
            contribution=contribution,
            client_id=client_id,
            length=length,
            by=contribution.given_by,
        )
    except (Refusal, uploads.Refused) as refusal:
        return _answer(_status_of(refusal), str(refusal))
    address = reverse(
        "contributions:upload-detail", args=[contribution.key, upload.key]
    )
    return _answer(201, upload=upload, headers={"Location": address})


def _held(upload: Upload) -> HttpResponse:
    if upload.refusal:
        # The sender begins again, and is then told why it was refused.
        return _answer(410)
    return _answer(200, upload=upload, headers={"Upload-Length": str(upload.length)})


def _take(request: HttpRequest, upload: Upload) -> HttpResponse:
    if request.content_type != PIECE_TYPE:
        return _answer(415, f"A piece is {PIECE_TYPE}.")
    try:
        offset = int(request.headers.get("Upload-Offset", ""))
        length = int(request.headers.get("Content-Length") or 0)
    except ValueError:
        return _answer(400, "Upload-Offset or Content-Length is no number.")
    if offset < 0 or offset + length > upload.length:
        return _answer(413, str(PhotoTooLarge()))
    if upload.photo_id is not None and offset + length == upload.length:
        # The last piece once more: its answer was lost on the way.
        return _answer(204, upload=upload)
    by = upload.contribution.given_by
    try:
        for block in _blocks(request):
            upload = uploads.append(upload, block, offset=offset, by=by)
            offset += len(block)
    except uploads.WrongOffset:
        upload.refresh_from_db()
        return _answer(409, upload=upload)
    except uploads.TooLong:
        return _answer(413, str(PhotoTooLarge()))
    except Upload.DoesNotExist as error:
        raise Http404 from error
    except (Refusal, uploads.Refused) as refusal:
        return _answer(_status_of(refusal), str(refusal))
    return _answer(204, upload=upload)


def _blocks(request: HttpRequest) -> Iterator[bytes]:
    """Yield the body as it comes, at least once; a cut network ends it early."""
    is_first = True
    while True:
        try:
            block = request.read(BLOCK)
        except OSError:
            return
        if block or is_first:
            yield block
        if len(block) < BLOCK:
            return
        is_first = False


def _metadata(request: HttpRequest) -> dict[str, str]:
    """Return what the sender says of the file. Raises ValueError if it is garbled."""
    found = {}
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        name, _space, value = pair.strip().partition(" ")
        if name:
            try:
                found[name] = base64.b64decode(value, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError) as error:
                raise ValueError("not base64 of text") from error
    return found


def _status_of(refusal: Exception) -> int:
    if isinstance(refusal, PhotoTooLarge):
        return 413
    return 410 if isinstance(refusal, AlreadyDecided) else 422


def _without_version(request: HttpRequest) -> HttpResponse | None:
    if request.headers.get("Tus-Resumable") == VERSION:
        return None
    return _answer(412, headers={"Tus-Version": VERSION})


def _capabilities() -> HttpResponse:
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(uploads.MAX_BYTES),
    }
    return _answer(204, headers=headers)


def _answer(
    status: int,
    text: str = "",
    *,
    upload: Upload | None = None,
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    response = HttpResponse(
        text, status=status, content_type="text/plain; charset=utf-8"
    )
    response["Tus-Resumable"] = VERSION
    response["X-Content-Type-Options"] = "nosniff"
    if upload is not None:
        response["Upload-Offset"] = str(uploads.held(upload))
        response["Upload-Expires"] = http_date(uploads.expires_at(upload).timestamp())
        if upload.photo_id is not None:
            response["Photo-Id"] = str(upload.photo_id)
    for name, value in (headers or {}).items():
        response[name] = value
    return response
