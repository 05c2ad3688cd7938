"""Where mails go: a server that is named, else files."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SHOW = (
    "from heritage import settings as s; "
    "print(s.EMAIL_BACKEND.rsplit('.', 2)[-2], getattr(s, 'EMAIL_HOST', ''),"
    " getattr(s, 'EMAIL_FILE_PATH', ''), s.DEFAULT_FROM_EMAIL,"
    " s.CURATOR_SECOND_FACTOR, sep='|')"
)


def settings_with(**variables: str) -> list[str]:
    names = ("EMAIL_URL", "DEFAULT_FROM_EMAIL", "HTTPS", "CURATOR_SECOND_FACTOR")
    kept = {key: value for key, value in os.environ.items() if key not in names}
    shown = subprocess.run(
        [sys.executable, "-c", SHOW],
        env=kept | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return shown.stdout.strip().split("|")


def test_without_a_server_mails_are_files_under_var():
    backend, _host, folder, sender, factor = settings_with(VAR_DIR="/srv/var")

    assert (backend, folder) == ("filebased", "/srv/var/mail")
    assert sender == "Langgundi <noreply@localhost>"
    assert factor == "False"


def test_a_server_is_one_address():
    backend, host, *_, sender, _factor = settings_with(
        EMAIL_URL="smtp+tls://me:secret@mail.example.org:587",
        DEFAULT_FROM_EMAIL="Kain <kain@example.org>",
    )

    assert (backend, host) == ("smtp", "mail.example.org")
    assert sender == "Kain <kain@example.org>"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"HTTPS": "1"}, "True"),
        ({"HTTPS": "1", "CURATOR_SECOND_FACTOR": "0"}, "False"),
        ({"CURATOR_SECOND_FACTOR": "1"}, "True"),
    ],
)
def test_the_second_factor_is_needed_where_there_is_https(said, expected):
    assert settings_with(**said)[-1] == expected
