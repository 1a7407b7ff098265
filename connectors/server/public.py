"""Where browsers and providers reach the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.settings import Settings


def public_url(host: Host) -> str:
    """The server's address without a slash at its end."""
    said = str(host.settings.value("CONNECTORS_PUBLIC_URL"))
    return said.rstrip("/") if said else listening_url(host.settings)


def listening_url(settings: Settings) -> str:
    """Where it listens, as somebody on this machine writes it."""
    name = str(settings.value("CONNECTORS_HOST"))
    if name in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
        name = "127.0.0.1"
    return f"http://{f'[{name}]' if ':' in name else name}:{settings.value('CONNECTORS_PORT')}"
