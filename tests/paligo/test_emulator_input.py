"""Whatever is asked, the answer is one of the service's."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3 import encode_multipart_formdata

from connectors.paligo.emulator import API_KEY, INSTANCE, USERNAME, Account, Emulator
from connectors.paligo.emulator.account import TABLES
from connectors.paligo.emulator.bodies import OPERATORS, PROPERTIES
from connectors.paligo.emulator.exchange import Request
from connectors.paligo.emulator.operations import OPERATIONS

EMULATOR = Emulator(Account.generate(documents=30, jobs=1))
ADMIN = "Basic " + base64.b64encode(f"{USERNAME}:{API_KEY}".encode()).decode()
KEYS = sorted({key for operation in OPERATIONS for key in operation.body or {}})
NUMBERS = [row["id"] for table in TABLES for row in EMULATOR.truth(table)]
NAMES = [
    "documents",
    "forks",
    "taxonomies",
    "component",
    "publication",
    "STATUS_RELEASED",
    "true",
    "0",
    "<a/>",
    "UUID-x",
]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([*NAMES, *NUMBERS])
CONDITIONS = st.dictionaries(st.sampled_from(["value", "values", "start", "end"]), SCALARS | st.lists(SCALARS)).flatmap(
    lambda rest: st.fixed_dictionaries(
        {
            "operator": st.sampled_from(list(OPERATORS)),
            "property": st.sampled_from(sorted(set().union(*PROPERTIES.values()))),
        }
    ).map(lambda first: {**first, **rest})
)
VALUES = SCALARS | st.lists(SCALARS | CONDITIONS) | st.dictionaries(st.text(), SCALARS)
BODIES = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5).map(lambda body: json.dumps(body).encode())


PARTS = st.dictionaries(st.sampled_from(KEYS), st.text() | st.sampled_from(NAMES) | st.tuples(st.text(), st.binary()))


def ask(method, target, body=b"", content_type=""):
    answer = EMULATOR.respond(Request(method, target, "127.0.0.1", ADMIN, body, INSTANCE, content_type))
    if answer.headers.get("Content-Type", "application/json") == "application/json":
        json.loads(answer.body or b"null")
    return answer.status


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from([operation for operation in OPERATIONS if operation.method != "DELETE"]),
    st.sampled_from(NUMBERS) | st.text() | st.integers(),
    BODIES | st.binary(),
    st.dictionaries(
        st.sampled_from(["page", "per_page", "parent", "name", "checkout", "type", "created_start_at"]), SCALARS
    ),
)
def test_every_operation_answers_every_input(operation, key, body, query):
    text = "&".join(f"{name}={value}" for name, value in query.items())
    path = operation.path.replace("{id}", str(key))
    assert ask(operation.method, f"/api/v2{path}?{text}", body) in (200, 201, 400, 404, 405, 422)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from([operation for operation in OPERATIONS if "file" in (operation.body or {}).values()]),
    st.sampled_from(NUMBERS),
    PARTS,
)
def test_every_form_is_answered(operation, key, parts):
    body, content_type = encode_multipart_formdata(parts, boundary="b")
    path = operation.path.replace("{id}", str(key))
    assert ask(operation.method, f"/api/v2{path}", body, content_type) in (200, 201, 404, 422)


@settings(max_examples=300, deadline=None)
@given(st.binary() | st.binary().map(lambda some: b"--b" + some), st.text())
def test_every_broken_form_is_refused(body, boundary):
    for content_type in ("multipart/form-data; boundary=b", f"multipart/form-data; boundary={boundary}", boundary):
        assert ask("POST", "/api/v2/images/", body, content_type) in (201, 422)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(list(PROPERTIES)), st.lists(CONDITIONS, max_size=3))
def test_every_search_is_answered(resource, where):
    body = json.dumps({"resource": resource, "where": where}).encode()
    assert ask("POST", "/api/v2/search/", body) in (201, 422)


@settings(max_examples=200, deadline=None)
@given(st.text(), st.text())
def test_every_address_is_answered(method, target):
    assert ask(method, f"/{target}") in (404, 405)
    assert ask("GET", f"/api/v2/{target}") in (200, 404, 405)


@pytest.mark.parametrize(
    "authorization", ["", "Basic", "Basic \xff", "Bearer x", ADMIN.replace("Basic", "Digest"), ADMIN + "="]
)
def test_every_wrong_authorization_is_401(authorization):
    request = Request("GET", "/api/v2/groups", "127.0.0.1", authorization, b"", INSTANCE)
    assert EMULATOR.respond(request).status == 401
