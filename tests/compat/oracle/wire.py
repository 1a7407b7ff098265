"""What arrives at a server, redirects included, and what the caller gets."""

import json
import re
from typing import Any

from connectors import CallError, Client
from connectors.runtime.redirect import MOST
from connectors.runtime.request import FilePart, HostPolicy, Request
from connectors.runtime.tokens import Unchanging
from connectors.testing import FakeClock

from . import rules
from .canned import Answer, Canned, connection_of
from .verdict import Verdict, judge
from .world import World

HOSTS = {"SERVER_A": "server-a.example.com", "SERVER_B": "server-b.example.com"}
FILES = {"1 file": {"f": FilePart("h.txt", b"hello", "text/plain")}}
OWN = frozenset({"user-agent", "accept-encoding"})  # each HTTP client's own, unless the caller gives them
BOUNDARY = re.compile(r"boundary=([^;\s]+)")


def run(case: dict[str, Any], world: World) -> Verdict:
    """One call, against a server that gives the script's answers, then `{"ok": true}`.

    A redirect chain is followed as long as the reference follows one under its outbound policy.
    """
    case = _with_hosts(case)
    given, expected = case["request"], case["expected"]
    script = [Answer(step["status"], step.get("headers"), str(step.get("body", "")).encode()) for step in _steps(case)]
    transport = Canned(script, Answer(200, {"content-type": "application/json"}, b'{"ok":true}'))
    client = Client(
        connection_of(case, world.provider(case)),
        transport=transport,
        tokens=Unchanging(),
        clock=FakeClock(world.moment(case).now.timestamp()),
        policy=HostPolicy(override="any"),
    )
    result: dict[str, Any]
    try:
        response = client.request(
            given["method"],
            given["endpoint"],
            params=given.get("params"),
            headers=given.get("headers"),
            data=given.get("data"),
            files=FILES[given["files"]] if given.get("files") else None,
            forward_headers_on_redirect=given.get("forward_headers_on_redirect"),
            retries=0,
        )
        result = {"ok": True, "status": response.status, "data": _data(response)}
    except CallError as error:
        result = {"ok": False, "status": getattr(error, "status", None)}
    wire = [_seen(request) for request in transport.sent]
    wanted = expected["requests_on_wire"][: MOST + 1] if len(_steps(case)) > MOST else expected["requests_on_wire"]
    same = (
        all(result[name] == expected["result"].get(name) for name in result)
        and len(wire) == len(wanted)
        and all(_same(ours, theirs) for ours, theirs in zip(wire, wanted, strict=True))
    )
    actual = {"requests_on_wire": wire, "result": result}
    crosses = rules.cross_host_credentials(case, HOSTS["SERVER_A"])
    return judge(same, expected, actual, [("cross-host-credentials", crosses)])


def _with_hosts(case: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(case)
    for placeholder, host in HOSTS.items():
        text = text.replace(placeholder, host)
    replaced: dict[str, Any] = json.loads(text)
    return replaced


def _steps(case: dict[str, Any]) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = case["server_script"]
    return steps


def _data(response: Any) -> Any:
    try:
        return response.json()
    except CallError:
        return response.text


def _seen(request: Request) -> dict[str, Any]:
    """A request as the server sees it, with the boundary of its form called BOUNDARY."""
    headers, body = dict(request.headers), request.body or b""
    text = (body if isinstance(body, bytes) else b"".join(body)).decode()
    found = BOUNDARY.search(headers.get("content-type", ""))
    if found and headers["content-type"].startswith("multipart/") and not text.startswith("--b\r"):
        text = text.replace(found[1], "BOUNDARY")
        headers["content-type"] = headers["content-type"].replace(found[1], "BOUNDARY")
        del headers["content-length"]  # it follows the boundary's length
    path = request.url.partition("#")[0].partition("://")[2].partition("/")[2]
    return {"method": request.method, "path": f"/{path}", "headers": {**headers, "host": request.host}, "body": text}


def _same(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    wanted = {name.lower(): value for name, value in theirs["headers"].items()}
    if "content-length" not in ours["headers"]:
        if wanted.get("content-length") not in (None, "0") and "BOUNDARY" not in theirs["body"]:
            return False
        wanted.pop("content-length", None)
    own = {name for name in OWN if wanted.get(name, "").startswith(("axios", "gzip, compress"))}
    return (ours["method"], ours["path"], ours["body"]) == (theirs["method"], theirs["path"], theirs["body"]) and {
        name: value for name, value in ours["headers"].items() if name not in own
    } == {name: value for name, value in wanted.items() if name not in own}
