"""What every test may rely on; nothing touches Django unless a test asks for it."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _own_media(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
):
    """Each test that has a database has a MEDIA_ROOT of its own and an empty cache."""
    if request.node.get_closest_marker("django_db") is None:
        yield
        return
    settings = request.getfixturevalue("settings")
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")
    from django.core.cache import cache

    cache.clear()
    yield
