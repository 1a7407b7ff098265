"""A page of the dashboard, and how its endpoints are declared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connectors.server.contract import Call, Endpoint, Reply, Schema, Who, fields
from connectors.server.dashboard import words
from connectors.server.pages.page import base_path, page

if TYPE_CHECKING:
    from starlette.responses import Response

# A form that is sent from a page has to say where it comes from, which `no-referrer` would keep back.
HEADERS = {"Referrer-Policy": "same-origin"}
TEXT: Schema = {"type": "string", "maxLength": 300}
NUMBER: Schema = {"type": "integer", "minimum": 0, "maximum": 2**62}
_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 255}
# What was just done, by the word for it in `?done=`: an address cannot put other words into the page.
DONE: Mapping[str, str] = {
    "triggered": "A run was asked for.",
    "reset": "A run that starts over was asked for.",
    "paused": "Paused. A run that went on ends at its next call.",
    "started": "Started.",
    "frequency": "The frequency was changed.",
    "confirmed": "The deletions are done.",
    "checked": "The credentials were checked: they work.",
    "deleted": "The connection was deleted with everything it held.",
    "integration": "The integration was added.",
    "saved": "The settings were saved.",
    "integration-deleted": "The integration was deleted.",
    "targets": "The addresses were saved.",
    "revoked": "The key is refused from now on.",
    "metadata": "The metadata was saved.",
    "addresses": "Events sent to this connection’s addresses are refused from now on.",
}


def show(call: Call, template: str, *, section: str, status: int = 200, **values: Any) -> Response:
    """A page of an environment. `section` is the link of the navigation that it belongs to."""
    browser = call.browser
    assert browser is not None
    now = call.host.clock.now()
    return page(
        call,
        f"dashboard/{template}",
        status=status,
        headers=HEADERS,
        section=section,
        environment=call.environment,
        environments=browser.environments,
        form_token=browser.form_token,
        home=f"{base_path(call.host)}/env/{part(call.environment)}",
        now=now,
        words=words,
        part=part,
        may=call.may,
        query=defaultdict(lambda: None, call.query),
        done=DONE.get(call.query.get("done", "")),
        **{"problem": None, **values},
    )


def part(name: str) -> str:
    """A name as one part of a path."""
    return quote(name, safe="")


def place(call: Call, *names: str, done: str | None = None) -> str:
    """Where a page of the call's environment is."""
    path = "".join(f"/{part(name)}" for name in names)
    said = f"?done={done}" if done else ""
    return f"{base_path(call.host)}/env/{part(call.environment)}{path}{said}"


def view(
    path: str,
    handler: Callable[[Call], Response],
    summary: str,
    *,
    scopes: tuple[str, ...] = (),
    query: Mapping[str, Schema] | None = None,
) -> Endpoint:
    """The endpoint of a page under `/env/{environment}`."""
    return Endpoint(
        "GET",
        f"/env/{{environment}}{path}",
        handler,
        summary,
        who=Who.BROWSER,
        scopes=scopes,
        path_schema=names_in(path),
        query=fields({"done": TEXT, **(query or {})}),
        answers={200: Reply("The page.", media_type="text/html"), 303: Reply("To the sign-in page.")},
        refusals=(404,),
        hidden=True,
        page=True,
    )


def names_in(path: str) -> dict[str, Schema]:
    """The schemas of the names in a path of the dashboard."""
    names = [piece.strip("{}") for piece in path.split("/") if piece.startswith("{")]
    known: dict[str, Schema] = {"run": {"type": "string", "pattern": "^[0-9]{1,18}$"}}
    return {"environment": _NAME, **{name: known.get(name, _NAME) for name in names}}
