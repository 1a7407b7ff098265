"""Requests, retries and pages against executed cases of the reference runtime.

A case may differ only by a named rule whose predicate looks at the case's input. The cases are not
part of this repository: CONNECTORS_ORACLE names their folder, CONNECTORS_REFERENCE_PROVIDERS the
reference's definition file.
"""

import gzip
import json
import os
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.errors import HostRefused, InputError, PageLoop, PaginationError, UnresolvedPlaceholder
from connectors.runtime import retry
from connectors.runtime.catalog import Catalog, Provider
from connectors.runtime.connection import Connection
from connectors.runtime.headers import DEFAULTS
from connectors.runtime.integration import Integration
from connectors.runtime.paginate import Pager
from connectors.runtime.request import Call, FilePart, HostPolicy, build
from connectors.runtime.template import Moment, functions, placeholders

ROOT = Path(__file__).resolve().parents[2]
ORACLE = Path(os.environ.get("CONNECTORS_ORACLE") or ROOT.parent / "shared" / "nango" / "oracle")
PROVIDERS = Path(os.environ.get("CONNECTORS_REFERENCE_PROVIDERS") or "/nonexistent")
MODES = {"API_KEY", "BASIC", "NONE"}
NOW = datetime(2024, 3, 9, 8, 5, 7, 123000, tzinfo=UTC)
FROZEN = Moment(NOW, lambda: "11111111-2222-4333-8444-555555555555")
OPEN = HostPolicy(override="any")
REQUEST_VARIABLES = {"connection_id", "method", "endpoint", "host", "path", "params", "contentType"} | {
    "urlCanonicalParams",
    "bodyCanonicalParams",
}
LATER_FUNCTIONS = {"awsSigV4", "ed25519Sign"}


def cases(name):
    path = ORACLE / f"{name}.json.gz"
    if not path.exists():
        pytest.skip("the executed cases are not beside this checkout; CONNECTORS_ORACLE names their folder")
    with gzip.open(path) as file:
        return json.load(file)["cases"]


@pytest.fixture(scope="module")
def reference():
    if not PROVIDERS.exists():
        pytest.skip("CONNECTORS_REFERENCE_PROVIDERS does not name the reference's providers.yaml")
    return Catalog([PROVIDERS])


def provider_of(case, reference):
    return (
        reference.get(case["provider"]) if "provider" in case else Provider("synthetic", case["definition"], "oracle")
    )


def in_scope(case, provider):
    return provider.definition.get("auth_mode") in MODES and case["credentials"].get("type", "NONE") in MODES


# --- What the rules look at: inputs only ---------------------------------------------------------


def base_template(case, provider):
    """The base URL template that applies: the override, the integration's, or a side of A || B."""
    request, custom = case["request"], (case.get("integration") or {}).get("custom", {})
    template = request.get("base_url_override") or custom.get("baseUrl") or provider.base_url or ""
    if "${" not in template or "||" not in template:
        return template
    parts = [part.strip() for part in template.split("||")]
    name = re.search(r"connectionConfig\.(\w+)", template)
    return parts[0] if name and case["connection_config"].get(name[1]) else parts[1]


def has_value(case, name, *, empty_counts):
    config, credentials = case["connection_config"], case["credentials"]
    group, _, field = name.partition(".")
    if group in ("connectionConfig", "connection_config"):
        value = config.get(field, config.get(f"connectionConfig.{field}"))
    elif group == "credentials":
        value = credentials.get(field)
    elif group == "metadata":
        value = case.get("metadata", {}).get(field)
    elif name in REQUEST_VARIABLES:
        return True
    else:
        value = credentials.get(name)
    return value is not None if empty_counts else bool(value)


def unresolved_placeholder(case, provider):
    """A value is missing where the reference sends the placeholder's own text."""
    address = base_template(case, provider) + case["request"].get("endpoint", "")
    if not all(has_value(case, name, empty_counts=False) for name in placeholders(address)):
        return True
    for template in provider.headers.values():
        names = [name for name in placeholders(template) if not has_value(case, name, empty_counts=True)]
        if names and ("connectionConfig" not in template or functions(template)):
            return True
    return False


def later_function(case, provider):
    """The definition signs with a function that this version does not have; it says so, instead of signing wrongly."""
    return any(later_function_in(template) for template in provider.headers.values())


def later_function_in(template):
    return bool(LATER_FUNCTIONS & set(functions(template)))


def host_position(case, provider):
    """A value in the host is no host name."""
    template = base_template(case, provider)
    authority = re.match(r"https?://([^/?#]*)", template)
    values = [
        str(case["connection_config"].get(name.removeprefix("connectionConfig."), ""))
        for name in placeholders(authority[1] if authority else "")
    ]
    return any(value and not re.fullmatch(r"[A-Za-z0-9._-]+(:[0-9]+)?", value) for value in values)


def base_url_inside_endpoint(case, provider):
    """The base URL stands in the middle of the endpoint, or at its front with the host or a step going on behind it."""
    endpoint, base = case["request"].get("endpoint", ""), provider.base_url or "\0"
    before, found, after = endpoint.partition(base)
    return bool(found) and (before.strip("/") != "" or not (after == "" or after[0] in "/?#" or base.endswith("/")))


def value_as_template(case, provider):
    """The endpoint holds `||` behind a templated base URL; the reference cuts it off there."""
    return "${" in base_template(case, provider) and "||" in case["request"].get("endpoint", "")


REFUSALS = (
    ("later-function", later_function, UnresolvedPlaceholder),
    ("unresolved-placeholder", unresolved_placeholder, UnresolvedPlaceholder),
    ("host-position", host_position, HostRefused),
)
OTHER_REQUESTS = (
    ("base-url-inside-endpoint", base_url_inside_endpoint),
    ("value-as-template", value_as_template),
)


# --- Requests ------------------------------------------------------------------------------------


def built(case, provider):
    request = case["request"]
    connection = Connection(
        provider,
        case["connection_config"],
        case["credentials"],
        metadata=case.get("metadata", {}),
        id="conn-1",
        integration=Integration(custom=(case.get("integration") or {}).get("custom", {})),
    )
    call = Call(
        method=request.get("method", "GET"),
        endpoint=request.get("endpoint", ""),
        params=request.get("params"),
        headers=request.get("headers", {}),
        data=request.get("data"),
        base_url_override=request.get("base_url_override"),
    )
    return build(connection, call, policy=OPEN, moment=FROZEN)


def as_expected(request, expected):
    """Whether the request is the expected one. The cases are written before the HTTP client adds its defaults."""
    added = {name: value for name, value in request.headers.items() if name not in expected_headers(expected)}
    allowed = {**DEFAULTS, "content-length": added.get("content-length"), "content-type": added.get("content-type")}
    own = {name: value for name, value in request.headers.items() if name not in added}
    return (
        request.method == expected["method"]
        and request.url == expected["url"]
        and own == expected_headers(expected)
        and all(allowed.get(name) == value for name, value in added.items())
        and same_body(request.body, expected["body"])
    )


def expected_headers(expected):
    return {name.lower(): value for name, value in expected["headers"].items()}


def same_body(body, expected):
    if expected is None:
        return not body
    if isinstance(expected, str):
        return body == expected.encode()
    return json.loads(body) == expected


def verdict(case, provider):
    """ "same", the name of the rule by which it differs, or what is wrong."""
    expected = case["expected"]
    try:
        request = built(case, provider)
    except InputError as error:
        if "error" in expected:
            return "same"
        rules = [name for name, applies, kind in REFUSALS if isinstance(error, kind) and applies(case, provider)]
        return rules[0] if rules else f"{case['id']}: {error!r}, not {expected['url']}"
    if "error" in expected:
        return f"{case['id']}: {request.url}, not an error"
    if as_expected(request, expected):
        return "same"
    rules = [name for name, applies in OTHER_REQUESTS if applies(case, provider)]
    return (
        rules[0] if rules else f"{case['id']}: {request.url} {dict(request.headers)} {request.body!r}, not {expected}"
    )


@pytest.mark.parametrize("name", ["proxy_requests", "proxy_requests_synthetic"])
def test_the_same_request_is_built_for_the_same_connection_and_call(name, reference, record_property):
    verdicts = Counter()
    for case in cases(name):
        provider = provider_of(case, reference)
        if in_scope(case, provider):
            verdicts[verdict(case, provider)] += 1
    record_property(name, dict(verdicts))
    known = {"same", *(rule[0] for rule in REFUSALS), *(rule[0] for rule in OTHER_REQUESTS)}
    assert [found for found in verdicts if found not in known] == []
    assert verdicts["same"] >= 100


def test_signatures_see_the_request_as_the_reference_shows_it():
    for case in cases("proxy_requests_synthetic"):
        if not case["id"].startswith("signing/"):
            continue
        headers = case["definition"]["proxy"]["headers"]
        for name in [name for name, template in headers.items() if later_function_in(template)]:
            del headers[name]
            del case["expected"]["headers"][name]
        assert verdict(case, provider_of(case, None)) == "same"


def test_whatever_is_refused_by_a_rule_is_refused_in_every_case_of_it(reference):
    for case in cases("proxy_requests"):
        provider = provider_of(case, reference)
        if in_scope(case, provider) and host_position(case, provider) and not unresolved_placeholder(case, provider):
            with pytest.raises(HostRefused):
                built(case, provider)


# --- What arrives at a server --------------------------------------------------------------------


def test_headers_and_body_arrive_as_the_reference_sends_them():
    compared = 0
    for case in cases("wire"):
        if case["definition"]["auth_mode"] not in MODES:
            continue
        text = json.dumps(case).replace("SERVER_A", "server-a.example.com")
        case = json.loads(text)
        wire = case["expected"]["requests_on_wire"][0]
        request = case["request"]
        files = {"f": FilePart("h.txt", b"hello", "text/plain")} if "files" in request else None
        call = Call(
            request["method"], request["endpoint"], headers=request.get("headers", {}), data=request.get("data")
        )
        connection = Connection(Provider("s", case["definition"], "oracle"), {}, case["credentials"])
        call = Call(call.method, call.endpoint, headers=call.headers, data=call.data, files=files)
        sent = build(connection, call, boundary="BOUNDARY")
        body = b"" if sent.body is None else sent.body if isinstance(sent.body, bytes) else b"".join(sent.body)
        expected = {name.lower(): value for name, value in wire["headers"].items()}
        for name in ("content-type", "accept", "authorization", "x-key"):
            assert sent.headers.get(name) == expected.get(name), (case["id"], name)
        assert sent.url == f"http://server-a.example.com{wire['path']}", case["id"]
        assert body.decode() == wire["body"], case["id"]
        assert int(sent.headers.get("content-length", 0)) == len(body), case["id"]
        compared += 1
    assert compared >= 20


# --- Retries -------------------------------------------------------------------------------------


def capped(case):
    """retry-after-unnamed: waits have a floor of zero and a ceiling."""
    wait = case["expected"]["wait_ms"]
    return wait is not None and not 0 <= wait <= retry.LONGEST_WAIT * 1000


def unnamed_retry_after(case, settings):
    """retry-after-unnamed: the answer has the header and the definition does not name it."""
    headers = {name.lower() for name in case["response"].get("headers", {})}
    return "retry-after" in headers and "retry-after" not in [
        name.lower() for name in (settings or {}).get("after", [])
    ]


def test_the_same_is_repeated_after_the_same_wait(reference):
    differing = Counter()
    for case in cases("retry"):
        if "attempt_index" in case:
            assert retry.backoff(case["attempt_index"]) * 1000 == case["expected"]["wait_ms"]
            continue
        settings = provider_of(case, reference).retry if "provider" in case else case["proxy_retry"]
        options, response, expected = case.get("request_options") or {}, case["response"], case["expected"]
        decision = retry.decide(
            settings,
            status=response.get("status"),
            headers=response.get("headers", {}),
            body=response.get("data"),
            error_code=response.get("code"),
            retry_on=options.get("retryOn", ()),
            attempt=0,
            now=NOW.timestamp(),
        )
        assert decision.retry == expected["retry"], case["id"]
        wait = 3000 if expected["wait_ms"] is None else expected["wait_ms"]
        if not decision.retry or (decision.wait * 1000 == wait and decision.reason == expected["reason"]):
            differing["same"] += 1
        elif capped(case) or unnamed_retry_after(case, settings):
            differing["retry-after-unnamed"] += 1
            assert 0 <= decision.wait <= retry.LONGEST_WAIT
        elif "retryHeader" in options:
            differing["retry-header-dropped"] += 1  # the reference drops the option too before it gets there
        else:
            pytest.fail(f"{case['id']}: {decision}, not {expected}")
    assert differing["same"] >= 300


def test_whole_retry_loops_have_the_same_calls_and_waits():
    for case in cases("retry_sequences"):
        waits = []
        for attempt, status in enumerate(case["statuses"]):
            if status == 200 or attempt == case["retries"]:
                break
            decision = retry.decide(
                case["proxy_retry"],
                status=status,
                headers=case["headers"],
                retry_on=case["retry_on"] or (),
                attempt=attempt,
                now=NOW.timestamp(),
            )
            if not decision.retry:
                break
            waits.append(decision.wait * 1000)
        assert (waits, attempt + 1) == (case["expected"]["waits_ms"], case["expected"]["calls"]), case["id"]


# --- Pages ---------------------------------------------------------------------------------------


def repeated_page(case, settings):
    """A link or cursor comes a second time."""
    found = [re.findall(r"<([^>]*)>", (page.get("headers") or {}).get("link", "")) for page in case["pages"]]
    paths = [settings.get("link_path_in_response_body"), settings.get("cursor_path_in_response")]
    for page in case["pages"]:
        for path in filter(None, paths):
            value = page.get("data")
            for step in path.split("."):
                value = value.get(step) if isinstance(value, dict) else None
            found.append([value] if isinstance(value, (str, int)) and value != "" else [])
    marks = [mark for marks in found for mark in marks]
    return len(marks) != len(set(marks))


def limit_without_name(case, settings):
    """A limit is asked for and the definition has no name for it."""
    return bool(settings.get("limit")) and not settings.get("limit_name_in_request")


def walk(case, settings):
    """The calls made, the pages yielded, and the error that ended the walk."""
    request, calls, yielded = case["request"], [], []
    call = Call(request.get("method", "GET"), request["endpoint"], request.get("params"), data=request.get("data"))
    try:
        pager = Pager(settings, call)
        call = pager.first()
        while call:
            calls.append(
                {
                    "method": call.method,
                    "endpoint": call.endpoint,
                    "params": call.params,
                    "data": call.data,
                    "base_url_override": call.base_url_override,
                }
            )
            answer = case["pages"][len(calls) - 1] if len(calls) <= len(case["pages"]) else {"data": {}}
            page = pager.after(answer.get("headers") or {}, answer.get("data"), call)
            if page.items is not None or settings["type"] == "link":
                yielded.append(page.items)
            call = page.next
    except (PaginationError, PageLoop) as error:
        return calls, yielded, error
    return calls, yielded, None


def test_lists_are_walked_with_the_same_calls(reference):
    outcomes = Counter()
    for case in cases("pagination"):
        settings = {**(provider_of(case, reference).paginate or {}), **case["request"].get("paginate", {})}
        expected = case["expected"]
        calls, yielded, error = walk(case, settings)
        refused = isinstance(error, PaginationError)
        if calls == expected["calls"] and yielded == expected["yielded"] and refused == ("error" in expected):
            outcomes["same" if not isinstance(error, PageLoop) else "repeated-page"] += 1
            assert not isinstance(error, PageLoop) or repeated_page(case, settings), case["id"]
        elif isinstance(error, PageLoop) and repeated_page(case, settings):
            outcomes["repeated-page"] += 1
            assert calls == expected["calls"][: len(calls)], case["id"]
            assert yielded == expected["yielded"][: len(yielded)], case["id"]
        elif refused and limit_without_name(case, settings):
            outcomes["limit-without-name"] += 1
        else:
            pytest.fail(f"{case['id']}: {calls} {yielded} {error!r}, not {expected}")
    assert outcomes["same"] >= 60
