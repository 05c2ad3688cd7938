"""Photos come out of a request within its limits."""

from __future__ import annotations

import pytest
from django.core.files.uploadhandler import StopUpload
from django.test import RequestFactory

from classifier.photos import Quota


def test_reading_ends_with_the_byte_that_is_too_many():
    quota = Quota(RequestFactory().post("/"), most_bytes=10)
    quota.receive_data_chunk(b"12345", 0)
    assert quota.receive_data_chunk(b"67890", 5) == b"67890"
    assert not quota.is_exceeded

    with pytest.raises(StopUpload):
        quota.receive_data_chunk(b"1", 10)

    assert quota.is_exceeded
