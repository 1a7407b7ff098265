"""Who can reach a server."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.engine.settings import Settings


def exposed(settings: Settings) -> bool:
    """Whether others than this machine can reach the server, and not through a public https address."""
    if str(settings.value("CONNECTORS_PUBLIC_URL")).startswith("https://"):
        return False
    name = str(settings.value("CONNECTORS_HOST"))
    with suppress(ValueError):
        return not ipaddress.ip_address(name).is_loopback
    return name != "localhost"
