"""Files that actions take and give, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.engine.store.database import Database, Session
from connectors.engine.store.queries import queries

_SQL = queries("files")


@dataclass(frozen=True)
class StoredFile:
    """A file as it is stored; its content lies in the data folder under its id."""

    id: str
    name: str
    size: int  # bytes
    content_type: str | None


class FileRows:
    """Files of an environment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, environment: str, connection_key: int, files: Sequence[StoredFile], *, now: float, expires_at: float
    ) -> None:
        """Remember files whose content is in place, all or none."""
        common = {"environment": environment, "connection": connection_key, "now": now, "expires_at": expires_at}
        rows = [
            {"id": file.id, "name": file.name, "size": file.size, "content_type": file.content_type, **common}
            for file in files
        ]
        if rows:
            self._database.write(lambda connection: connection.executemany(_SQL["add_file"], rows))

    def get(self, environment: str, id: str, *, now: float) -> StoredFile | None:
        """The file of that id; None if there is none, or it expired."""
        with self._database.reading() as connection:
            found = connection.execute(_SQL["get_file"], {"environment": environment, "id": id, "now": now}).fetchone()
        return None if found is None else StoredFile(**dict(found))

    def of_connection(self, environment: str, connection_key: int) -> list[str]:
        """The ids of the files that hang on a connection."""
        given = {"environment": environment, "connection": connection_key}
        with self._database.reading() as connection:
            return [row["id"] for row in connection.execute(_SQL["files_of_connection"], given).fetchall()]

    def forget(self, environment: str, ids: Sequence[str]) -> None:
        """Remove the rows of files."""
        rows = [{"environment": environment, "id": id_} for id_ in ids]
        self._database.write(lambda connection: connection.executemany(_SQL["forget_file"], rows))

    def forget_expired(self, *, now: float) -> list[str]:
        """Remove the rows of all files that expired; their ids. Like all pruning, it knows no environment."""

        def work(connection: Session) -> list[str]:
            return [row["id"] for row in connection.execute(_SQL["forget_expired"], {"now": now}).fetchall()]

        return self._database.write(work)

    def is_known(self, id: str) -> bool:
        """Whether any environment has that file; for pruning."""
        with self._database.reading() as connection:
            return connection.execute(_SQL["is_known"], {"id": id}).fetchone() is not None
