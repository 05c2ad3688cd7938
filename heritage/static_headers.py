"""Headers of static files."""

from __future__ import annotations

from typing import Any

WORKER_POLICY = (
    "default-src 'none'; connect-src 'self'; script-src 'self' 'wasm-unsafe-eval'"
)


def add_headers(headers: Any, path: str, url: str) -> None:
    """Let the recogniser's worker compile WebAssembly, and nothing else do so.

    A worker follows its own file's policy, not that of the page that starts it.
    """
    if ".worker." in url:
        headers["Content-Security-Policy"] = WORKER_POLICY
