"""What the templates of headers, query and body can name, and what becomes of one without its value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.runtime.connection import Connection
from connectors.runtime.template import Moment, render_if_needed
from connectors.runtime.template.syntax import Choice, Node, Placeholder, parse
from connectors.runtime.url import unresolved

_OAUTH2 = frozenset({"OAUTH2", "MCP_OAUTH2", "MCP_OAUTH2_GENERIC"})
_TOKEN_ONLY = frozenset({"JWT", "OAUTH2_CC", "SIGNATURE"})


def variables_of(connection: Connection) -> dict[str, Any]:
    """connectionConfig, credentials, and each credential by its own name."""
    credentials = connection.credentials
    return {**credentials, "connectionConfig": connection.connection_config, "credentials": credentials}


def query_variables(connection: Connection) -> dict[str, Any]:
    """Those, and the token as accessToken."""
    name = "access_token" if _is_oauth2(connection) else "token"
    return {"accessToken": connection.credentials.get(name), **variables_of(connection)}


def header_variables(connection: Connection, template: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """What a header's template can name: it depends on whether it names the connection's config, and on the credential.

    `request` is what the request says of itself. The rules are the reference runtime's
    (docs/compatibility.md), which gives each kind of credential its own few names.
    """
    everything = {**variables_of(connection), **request}
    if "connectionConfig" in template:
        return everything
    credentials, kind = connection.credentials, connection.credential_type
    if _is_oauth2(connection):
        client = connection.integration
        return {
            "accessToken": credentials.get("access_token"),
            "clientId": client.client_id,
            "clientSecret": client.client_secret,
        }
    if kind in _TOKEN_ONLY:
        return {"accessToken": credentials.get("token")}
    if kind == "TWO_STEP":
        seen = {name: value for name, value in request.items() if name != "method"}
        return {"accessToken": credentials.get("token"), "credentials": credentials, **seen}
    del everything["connectionConfig"]
    return everything


def without_missing(
    connection: Connection, template: str, variables: Mapping[str, Any], moment: Moment, place: str
) -> str | None:
    """The template with its values; None if a value is missing where the entry may be left out.

    Raises UnresolvedPlaceholder if the missing value is an argument of a function: there the
    placeholder's own text would be encoded and sent.
    """
    rendered = render_if_needed(template, variables, moment=moment)
    if not rendered.missing:
        return rendered.text
    if set(rendered.missing) <= _outside_functions(template):
        return None
    raise unresolved(connection, rendered.missing, place)


def _is_oauth2(connection: Connection) -> bool:
    return connection.credential_type in _OAUTH2


def _outside_functions(template: str) -> set[str]:
    names: set[str] = set()
    nodes: list[Node] = list(parse(template, choices=True))
    while nodes:
        match nodes.pop():
            case Placeholder(name):
                names.add(name)
            case Choice(left, right):
                nodes += [*left, *right]
            case _:
                continue
    return names
