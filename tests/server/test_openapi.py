"""/openapi.json describes what the server does: all of it, for programs and for people."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from connectors.server.contract import Endpoint
from connectors.server.routes import endpoints
from connectors.server.routing import ANY
from tests.server.conftest import Served


def test_every_endpoint_says_what_it_answers_and_fits_a_path_once() -> None:
    names = [endpoint.name for endpoint in endpoints()]
    assert len(names) == len(set(names))
    for endpoint in endpoints():
        assert endpoint.hidden or endpoint.answers, endpoint.name
        assert endpoint.summary.endswith("."), endpoint.name


@pytest.mark.parametrize("endpoint", endpoints(), ids=lambda each: each.name)
def test_every_schema_is_one(endpoint: Endpoint) -> None:
    schemas = [endpoint.query, endpoint.headers, endpoint.body, *endpoint.path_schema.values()]
    schemas += [reply.schema for reply in endpoint.answers.values()]
    for schema in schemas:
        if schema is not None:
            Draft202012Validator.check_schema(schema)


def test_the_document_names_every_endpoint(served: Served) -> None:
    found = served.session.get(f"{served.url}/openapi.json", timeout=10).json()
    assert found["openapi"].startswith("3.1")
    operations = sum(len(methods) for methods in found["paths"].values())
    shown = [endpoint for endpoint in endpoints() if not endpoint.hidden]
    assert operations == sum(len(ANY) if endpoint.method == "*" else 1 for endpoint in shown)


def test_the_reference_for_people_names_them_too(served: Served) -> None:
    page = served.session.get(f"{served.url}/docs/api", timeout=10)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "<script>" not in page.text
    for endpoint in endpoints():
        assert endpoint.hidden or endpoint.summary.split(".")[0] in page.text.replace("&#39;", "'"), endpoint.name
