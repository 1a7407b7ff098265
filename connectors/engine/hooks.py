"""The scripts that a definition names, at their moment. None can undo what it follows, or keep what is to go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from connectors.errors import ConnectorError
from connectors.runtime import scripts
from connectors.runtime.auth.flow import Ask, Exchanges, TokenAnswer, TokenRequest
from connectors.runtime.connection import Connection, laid_over
from connectors.runtime.scripts import Kind, Script, Subject
from connectors.runtime.template import Moment

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.store.connections import StoredConnection
    from connectors.runtime.catalog import Provider
    from connectors.runtime.client import Client

Result = TypeVar("Result")


def unknown(provider: Provider) -> list[str]:
    """A sentence for each script that the definition names and nobody has written."""
    return list(scripts.unknown(provider.definition).values())


def after_connecting(host: Host, connection: Connection) -> tuple[Connection, list[str]]:
    """Run the post-connection script; the connection with what it found, and what went wrong."""
    name = scripts.named(connection.provider, Kind.POST_CONNECTION)
    script = None if name is None else scripts.find(Kind.POST_CONNECTION, name)
    if script is None:
        return connection, []
    try:
        with host.client_for(connection) as client:
            changes = _run(host, connection, client, script)
    except Exception as error:  # noqa: BLE001 - whatever a script meets, the account is connected
        return connection, [f"The post-connection script {name} failed: {_said(error)}"]
    return replace(connection, connection_config=laid_over(connection.connection_config, changes)), []


def before_deletion(host: Host, stored: StoredConnection) -> list[str]:
    """Run the pre-deletion script; what went wrong."""
    name = None
    try:
        name = scripts.named(host.catalog.get(stored.provider), Kind.PRE_DELETION)
        script = None if name is None else scripts.find(Kind.PRE_DELETION, name)
        if script is not None:
            with host.client(stored) as client:
                _run(host, client.connection, client, script)
    except Exception as error:  # noqa: BLE001 - whatever a script meets, the connection goes
        return [] if name is None else [f"The pre-deletion script {name} failed: {_said(error)}"]
    return []


def _run(host: Host, connection: Connection, client: Client, script: Callable[[Subject], Script[Result]]) -> Result:
    moment = Moment.at(host.clock.now())
    ask = Ask(connection.provider, connection.integration, connection.connection_config, connection.credentials, moment)

    def exchange(request: TokenRequest) -> TokenAnswer:
        return host.exchange(_once(request), ask)

    return scripts.run(script(Subject(connection, moment)), client, exchange)


def _once(request: TokenRequest) -> Exchanges[TokenAnswer]:
    return (yield request)


def _said(error: Exception) -> str:
    """What it was, without anything that may be secret."""
    return error.message if isinstance(error, ConnectorError) else f"{type(error).__name__}."
