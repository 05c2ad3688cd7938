"""The API's description names every answer and refusal of identify."""

from __future__ import annotations

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema


@pytest.fixture(scope="module")
def schema() -> dict:
    return SchemaGenerator().get_schema(request=None, public=True)


def test_the_schema_is_valid(schema):
    validate_schema(schema)


def test_identify_is_documented_once_without_a_slash(schema):
    paths = [path for path in schema["paths"] if "identify" in path]

    assert paths == ["/api/v1/identify", "/api/v1/identify/{job_id}"]


def test_every_status_of_identify_is_documented(schema):
    responses = schema["paths"]["/api/v1/identify"]["post"]["responses"]

    refusals = {"400", "413", "415", "422", "429", "503"}
    assert set(responses) == {"200", "202"} | refusals
    for status in refusals:
        assert list(responses[status]["content"]) == ["application/problem+json"]


def test_photos_are_documented_as_files_of_a_form(schema):
    body = schema["paths"]["/api/v1/identify"]["post"]["requestBody"]["content"]

    assert list(body) == ["multipart/form-data"]
    name = body["multipart/form-data"]["schema"]["$ref"].rsplit("/", 1)[1]
    image = schema["components"]["schemas"][name]["properties"]["image"]
    assert image["type"] == "array"
    assert image["items"] == {"type": "string", "format": "binary"}
    assert (image["minItems"], image["maxItems"]) == (1, 5)


def test_an_example_answer_is_given(schema):
    answer = schema["paths"]["/api/v1/identify"]["post"]["responses"]["200"]

    examples = answer["content"]["application/json"]["examples"]
    assert examples
