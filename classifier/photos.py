"""Photos out of a request, within limits, before anything of them is decoded."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError

from classifier import problems

FIELD = "image"
# What a form with five photos adds to them: boundaries, headers, the CSRF token.
FORM_BYTES = 64 * 1024


class Quota(FileUploadHandler):
    """Ends the reading of a request as soon as its photos pass the limit together."""

    def __init__(self, request: HttpRequest, most_bytes: int) -> None:
        super().__init__(request)
        self._left = most_bytes

    @property
    def is_exceeded(self) -> bool:
        return self._left < 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self._left -= len(raw_data)
        if self.is_exceeded:
            # Django then keeps what it has, so that it is closed with the request.
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the keeping of the file to the handlers that follow."""
        return


def photos_in(request: HttpRequest) -> list[UploadedFile]:
    """Return the one to five photos of a request, open and at their beginning.

    Must come before anything reads ``request.POST``: the limit on bytes is kept while
    the request is read. They are closed, and temporary files deleted, with the
    request.

    Raises Problem: no photo, too many, too large together, or not a multipart form.
    """
    _refuse_by_length(request)
    if request.content_type not in (
        "",
        "multipart/form-data",
        "application/x-www-form-urlencoded",
    ):
        raise problems.wrong_format()
    quota = Quota(request, settings.IDENTIFY_MAX_BYTES)
    request.upload_handlers = [quota, *request.upload_handlers]
    try:
        files = request.FILES
    except (MultiPartParserError, UnreadablePostError) as error:
        raise problems.malformed() from error
    except SuspiciousOperation as error:
        # Django's own limits: too many files or fields, or a long text field.
        raise _for_django_limit(error) from error
    if quota.is_exceeded:
        raise problems.too_large()
    photos: list[UploadedFile] = files.getlist(FIELD)
    if not photos:
        raise problems.no_image()
    if len(photos) > settings.IDENTIFY_MAX_PHOTOS:
        raise problems.too_many_images()
    return photos


def _refuse_by_length(request: HttpRequest) -> None:
    """Refuse a request that says it is too long without reading it."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError as error:
        raise problems.malformed() from error
    if length > settings.IDENTIFY_MAX_BYTES + FORM_BYTES:
        raise problems.too_large()


def _for_django_limit(error: SuspiciousOperation) -> problems.Problem:
    match type(error).__name__:
        case "RequestDataTooBig":
            return problems.too_large()
        case "TooManyFilesSent":
            return problems.too_many_images()
        case _:
            return problems.malformed()
