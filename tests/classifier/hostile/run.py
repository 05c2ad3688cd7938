"""Give every hostile file to the API and say what each cost.

    python -m tests.classifier.hostile.run

Each file is answered by a forked process of its own, so that its processor time and
its memory are its own. One JSON document a line: name, status, type, code, cpu_s,
extra_mb. Needs the environment of a site, and Linux for the memory.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
from pathlib import Path
from typing import Any

import django

STATUS = Path("/proc/self/status")


def memory_mb(field: str) -> float:
    """``VmRSS``, what is used now, or ``VmHWM``, the most so far."""
    found = re.search(rf"{field}:\s+(\d+) kB", STATUS.read_text())
    assert found is not None
    return int(found[1]) / 1024


def cpu_s() -> float:
    """Processor time of this process and of those that it started and saw end."""
    used = [
        resource.getrusage(who)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    return sum(one.ru_utime + one.ru_stime for one in used)


def child_mb() -> float:
    """The most memory that one process started from here has had, or 0."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def answer(file: bytes, name: str) -> dict[str, Any]:
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.test.client import BOUNDARY, MULTIPART_CONTENT, Client, encode_multipart

    client = Client(raise_request_exception=False)
    photo = SimpleUploadedFile(name, file, "image/jpeg")
    body = encode_multipart(BOUNDARY, {"image": photo})
    before, start = memory_mb("VmRSS"), cpu_s()
    response = client.generic("POST", "/api/v1/identify", body, MULTIPART_CONTENT)
    try:
        code = response.json().get("code")
    except ValueError:
        code = None
    return {
        "status": response.status_code,
        "type": response.headers["Content-Type"],
        "code": code,
        "cpu_s": round(cpu_s() - start, 3),
        "extra_mb": round(memory_mb("VmHWM") - before + child_mb(), 1),
    }


def in_a_process_of_its_own(file: bytes, name: str) -> dict[str, Any]:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            told = json.dumps(answer(file, name))
        except BaseException as error:
            told = json.dumps({"died": repr(error)})
        os.write(writer, told.encode())
        # No clean-up of what the parent has open.
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read()
    _pid, ended = os.waitpid(child, 0)
    return json.loads(told) if told else {"died": f"ended with {ended}"}


def report(row: dict[str, Any]) -> None:
    # Flushed, so that nothing waits in a buffer that a fork would copy.
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heritage.settings")
    django.setup()
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["testserver"]
    # The process that answers has been up for a while: what it loads once is no cost
    # of a file. The network itself must be loaded after the fork, with its threads.
    import heritage.urls  # noqa: F401
    from tests.classifier.hostile import FILES, NAMES, jpeg

    for name, make in FILES.items():
        told = in_a_process_of_its_own(make(), "photo.jpg")
        report({"name": name} | told)
    for kind, name in NAMES.items():
        told = in_a_process_of_its_own(jpeg.sound(), name)
        report({"name": f"a name {kind}"} | told)


if __name__ == "__main__":
    sys.exit(main())
