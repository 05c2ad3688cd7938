"""The web process identifies photos and never loads TensorFlow."""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

# What a web process does: load the application, answer a request through it.
PROCESS = """
import json, sys
from django.core.handlers.wsgi import WSGIHandler
from heritage.wsgi import application
from django.conf import settings
from django.test.client import Client, ClientHandler
from tests.classifier.pictures import photo

assert isinstance(application, WSGIHandler)
settings.ALLOWED_HOSTS = ["testserver"]
response = Client().post("/api/v1/identify", {"image": photo()})
heavy = ("tensorflow", "keras", "torch", "jax", "sklearn", "scipy")
loaded = [name for name in heavy if name in sys.modules]
print(json.dumps([response.status_code, loaded, "ai_edge_litert" in sys.modules]))
"""


@pytest.mark.django_db
def test_the_web_process_identifies_without_tensorflow():
    name = connection.settings_dict["NAME"]
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}")

    done = subprocess.run(
        [sys.executable, "-c", PROCESS],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": address.geturl()},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "[200, [], true]"
