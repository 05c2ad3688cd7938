"""The settings of a test run, in place before Django reads them.

A plugin named in pyproject.toml: conftest.py would come too late. Run tests with
`make test`; `python -m pytest tests/ml` works without any server.
"""

import os
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "only-for-tests")
os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")
# Two processes share one Valkey: each has a database of its own, as in Postgres.
if worker := os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw"):
    address, _, _ = os.environ["REDIS_URL"].rpartition("/")
    os.environ["REDIS_URL"] = f"{address}/{int(worker) + 1}"
# Hashed names need a collectstatic before each run; plain ones do not.
os.environ.setdefault(
    "STATICFILES_BACKEND", "django.contrib.staticfiles.storage.StaticFilesStorage"
)
# WhiteNoise warns of a missing folder, and warnings are errors here.
os.environ.setdefault("VAR_DIR", str(Path(__file__).parents[1] / "var" / "test"))
Path(os.environ["VAR_DIR"], "static").mkdir(parents=True, exist_ok=True)
# Playwright keeps an event loop running in its thread; Django would refuse the ORM.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
