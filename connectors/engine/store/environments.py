"""Environments and their integrations, as rows."""

from __future__ import annotations

from connectors.engine.store.database import Database
from connectors.engine.store.queries import queries
from connectors.errors import InputError

_SQL = queries("environments")


class Environments:
    """Who owns integrations and connections. Both are made on first use."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ensure_environment(self, environment: str, *, now: float) -> None:
        """Make the environment unless it is there."""
        given = {"environment": environment, "now": now}
        self._database.write(lambda connection: connection.execute(_SQL["ensure_environment"], given))

    def ensure(self, environment: str, integration: str, provider: str, *, now: float, scopes: str = "") -> None:
        """Make the environment and its integration, with those scopes, unless they are there.

        Raises `InputError` if the integration configures another provider.
        """
        names = {"environment": environment, "integration": integration, "provider": provider}
        given = {**names, "now": now, "scopes": scopes}
        with self._database.reading() as connection:
            found = connection.execute(_SQL["integration_provider"], given).fetchone()
        if found is None:
            self._database.write(
                lambda connection: [
                    connection.execute(_SQL["ensure_environment"], given),
                    connection.execute(_SQL["ensure_integration"], given),
                ]
            )
        elif found["provider"] != provider:
            raise InputError(
                f"the integration {integration!r} is for the provider {found['provider']!r}, not {provider!r}",
                next_step="Choose another integration name with --integration.",
            )
