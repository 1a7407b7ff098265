"""Where credentials stand in a request before the definition has its say. The kind of credential decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connectors.errors import UnsupportedAuthMode
from connectors.runtime.auth import basic
from connectors.runtime.connection import Connection


def default_headers(connection: Connection) -> dict[str, str]:
    """The headers that the kind of credential brings by itself; the definition's headers go on top.

    Raises UnsupportedAuthMode for a kind that this version cannot use, and for a token that is missing.
    """
    place = _PLACES.get(connection.credential_type)
    if place is None:
        name = connection.provider.name
        raise UnsupportedAuthMode(
            f"{name} uses auth mode {connection.credential_type[:40]!r}, which this version cannot use.", provider=name
        )
    return place(connection)


def _nowhere(connection: Connection) -> dict[str, str]:
    del connection
    return {}


def _basic(connection: Connection) -> dict[str, str]:
    return basic.headers(connection.credentials)


def _bearer(name: str) -> Callable[[Connection], dict[str, str]]:
    """`Authorization: Bearer …` (RFC 6750), with a token that the connection already has."""

    def place(connection: Connection) -> dict[str, str]:
        token = connection.credentials.get(name)
        if not token:
            raise UnsupportedAuthMode(
                f"{connection.provider.name} wants a token ({name}), which this version cannot fetch.",
                next_step=f"{UnsupportedAuthMode.next_step} In the library, a Connection may be given {name}.",
                provider=connection.provider.name,
            )
        return {"authorization": f"Bearer {token}"}

    return place


_PLACES: Mapping[str, Callable[[Connection], dict[str, str]]] = {
    "API_KEY": _nowhere,
    "APP": _bearer("access_token"),
    "BASIC": _basic,
    "NONE": _nowhere,
    "OAUTH2": _bearer("access_token"),
    "OAUTH2_CC": _bearer("token"),
}
