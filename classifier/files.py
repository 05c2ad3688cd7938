"""The model and its runtime as files, for browsers that recognise by themselves.

Their addresses carry a digest or a version, so they never change.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import brotli
from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest
from django.urls import reverse
from django.views.decorators.http import require_safe

from classifier import model_folders, network, prototypes
from classifier.predictor import ArtifactError, NoModel, Portable

logger = logging.getLogger(__name__)

FOREVER = "public, max-age=31536000, immutable"
# Photos in it may be taken back.
A_WHILE = "public, max-age=600"
TYPES = {".js": "text/javascript; charset=utf-8", ".wasm": "application/wasm"}


def describe(model: network.Network) -> dict[str, Any]:
    """Return what a program needs to run the network, as the API gives it."""
    try:
        size = model.file.stat().st_size
        compared = network.memory()
    except (OSError, ArtifactError, NoModel) as error:
        logger.warning("no program can run the model by itself: %s", error)
        size, compared = 0, None
    return {
        **model.manifest,
        "url": reverse("model-file", args=[model.sha256]),
        "bytes": size,
        "memory": compared and _describe_memory(model.sha256, compared),
        "local": size > 0,
    }


def _describe_memory(sha256: str, compared: Portable) -> dict[str, Any]:
    return {
        "url": reverse("memory-file", args=[sha256, compared.sha256]),
        "sha256": compared.sha256,
        "bytes": len(compared.content),
        "axes": compared.axes,
        "rows": compared.rows,
        "layers": compared.layers,
    }


def runtime() -> Path | None:
    """Return the folder of the runtime, or None before `collect_vendor` has run."""
    folders = [
        path
        for path in sorted(settings.RUNTIME_FOLDER.glob("*"))
        if path.is_dir() and path.suffix != ".partial"
    ]
    return folders[-1] if folders else None


def runtime_url() -> str:
    """Return the runtime's address, or "" when there is none."""
    folder = runtime()
    return reverse("runtime-folder", args=[folder.name]) if folder else ""


def runtime_bytes() -> int:
    """Return how much a browser loads of the runtime, compressed."""
    folder = runtime()
    if folder is None:
        return 0
    files = folder.glob("*.br")
    return sum(file.stat().st_size for file in files if "compat" not in file.name)


@require_safe
def model_file(request: HttpRequest, sha256: str) -> FileResponse:
    """Give a champion's LiteRT file; an earlier one's for pages that are still open."""
    model = network.current()
    if model is not None and model.sha256 == sha256:
        file = model.file
    else:
        file = model_folders.earlier_file(sha256) or Path()
    if not file.name:
        raise Http404
    try:
        if _takes_brotli(request):
            body: Any = BytesIO(_packed_model(file, sha256))
        else:
            body = file.open("rb")
    except OSError as error:
        raise Http404 from error
    response = FileResponse(body, content_type="application/octet-stream")
    if _takes_brotli(request):
        response["Content-Encoding"] = "br"
    response["Vary"] = "Accept-Encoding"
    return _lasting(response)


@require_safe
def memory_file(request: HttpRequest, sha256: str, digest: str) -> FileResponse:
    """Give what the champion compares photos with; no earlier one's (decision 13)."""
    model = network.current()
    try:
        found = network.memory() if model and model.sha256 == sha256 else None
    except (ArtifactError, NoModel) as error:
        raise Http404 from error
    if found is None or found.sha256 != digest:
        raise Http404
    return _in_memory(request, found.content)


@require_safe
def prototypes_file(request: HttpRequest, sha256: str) -> FileResponse:
    """Give the prototypes of motifs that the champion never learned, for browsers."""
    prototypes.recognised()
    found = prototypes.content(sha256)
    if found is None:
        raise Http404
    response = _in_memory(request, found)
    response["Cache-Control"] = A_WHILE
    return response


@lru_cache(maxsize=1)
def _packed_model(file: Path, sha256: str) -> bytes:
    """Return the model's file compressed, a tenth less; once in a process."""
    return _packed(file.read_bytes())


def _in_memory(request: HttpRequest, content: bytes) -> FileResponse:
    """Give rows of small numbers, compressed where that is read."""
    packs = _takes_brotli(request)
    body = BytesIO(_packed_rows(content) if packs else content)
    response = FileResponse(body, content_type="application/octet-stream")
    if packs:
        response["Content-Encoding"] = "br"
    response["Vary"] = "Accept-Encoding"
    return _lasting(response)


@lru_cache(maxsize=2)
def _packed_rows(content: bytes) -> bytes:
    return _packed(content)


def _packed(content: bytes) -> bytes:
    packed: bytes = brotli.compress(content, quality=5)
    return packed


def _takes_brotli(request: HttpRequest) -> bool:
    return "br" in request.headers.get("Accept-Encoding", "")


@require_safe
def runtime_file(request: HttpRequest, version: str, name: str = "") -> FileResponse:
    """Give a file of the runtime, compressed where the browser can take it."""
    folder = runtime()
    # Compared with what is there, never joined with what was asked for.
    files = {} if folder is None else {path.name: path for path in folder.iterdir()}
    if folder is None or folder.name != version or Path(name).suffix not in TYPES:
        raise Http404
    packed = files.get(f"{name}.br")
    path = packed if packed and _takes_brotli(request) else files.get(name)
    if path is None:
        raise Http404
    response = FileResponse(path.open("rb"), content_type=TYPES[Path(name).suffix])
    if path is packed:
        response["Content-Encoding"] = "br"
    response["Vary"] = "Accept-Encoding"
    return _lasting(response)


def _lasting(response: FileResponse) -> FileResponse:
    response["Cache-Control"] = FOREVER
    response["X-Content-Type-Options"] = "nosniff"
    return response
