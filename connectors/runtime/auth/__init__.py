"""One file per auth mode: where credentials stand in a request before the definition has its say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.errors import UnsupportedAuthMode
from connectors.runtime.auth import api_key, basic, none
from connectors.runtime.connection import Connection

PLACES: Mapping[str, Callable[[Mapping[str, Any]], dict[str, str]]] = {
    "API_KEY": api_key.headers,
    "BASIC": basic.headers,
    "NONE": none.headers,
}


def default_headers(connection: Connection) -> dict[str, str]:
    """The headers that the kind of credential brings by itself; the definition's headers go on top.

    Raises UnsupportedAuthMode for a kind this version does not know.
    """
    place = PLACES.get(connection.credential_type)
    if place is None:
        name = connection.provider.name
        raise UnsupportedAuthMode(
            f"{name} uses auth mode {connection.credential_type[:40]!r}, which this version cannot use.", provider=name
        )
    return place(connection.credentials)
