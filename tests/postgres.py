"""A real PostgreSQL for tests: the machine's own, started once, a database for each test that is as good as new."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

GIVEN = "CONNECTORS_TEST_POSTGRES"  # the URL of a server that runs already; its user may create databases
_USERS = ("postgres", "nobody")  # root may not run it
# What a crash would need is left out, and so is what runs by itself through hundreds of databases.
_OPTIONS = (
    *("fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "autovacuum=off"),
    *("max_connections=300", "log_min_messages=fatal", "timezone=UTC"),
)


_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_SHAPE = """
SELECT (SELECT md5(string_agg(table_name || column_name || data_type, ',' ORDER BY table_name, column_name))
        FROM information_schema.columns WHERE table_schema = 'public'),
       (SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'),
       (SELECT count(*) FROM pg_stats WHERE schemaname = 'public'),
       (SELECT max(version) FROM connectors_schema),
       pg_database_size(current_database()) / 20000000
"""
# Without looking at references, row by row: most tables are empty, and to truncate one costs more.
_EMPTY = """
SET session_replication_role = replica;
DO $$ DECLARE each record; BEGIN
  FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'connectors_schema' LOOP
    EXECUTE format('DELETE FROM %I', each.tablename);
  END LOOP;
  PERFORM setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences WHERE schemaname = 'public';
END $$
"""


class Postgres:
    """A server. `why_not` says why there is none."""

    def __init__(self) -> None:
        self.why_not: str | None = None
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._url = os.environ.get(GIVEN, "")
        self._numbers = itertools.count(1)
        self._template = ""
        self._shape: object = None
        self._free: list[str] = []
        try:
            import psycopg  # noqa: F401
            import psycopg_pool  # noqa: F401
        except ImportError:
            self.why_not = "psycopg is not installed: pip install 'connectors[postgres]'"
            return
        if not self._url:
            self._start()

    def fresh(self) -> str:
        """The URL of a database with the schema in it and no rows."""
        if self._free:
            return self._free.pop()
        if not self._template:
            self._template = f"template_{os.getpid()}"
            self._create(self._template, "template0")
            from connectors.engine.store.postgres import PostgresDatabase

            PostgresDatabase(self._at(self._template)).close()
            self._shape = self._look(self._at(self._template))
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self._create(name, self._template)
        return self._at(name)

    def empty(self) -> str:
        """The URL of a new database without anything in it."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self._create(name, "template0")
        return self._at(name)

    def give_back(self, url: str) -> None:
        """A test is over: its database is for another one if nobody uses it and its tables are as they were."""
        import psycopg

        try:
            if self._look(url) == self._shape:
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute(_EMPTY)
                self._free.append(url)
                return
        except psycopg.Error:  # such as of a user who may not do that
            pass
        self._drop(url)

    def _look(self, url: str) -> object:
        """What tells a database that a test has changed; None while somebody is connected."""
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            for pause in (0.0, 0.02, 0.05):  # the server may not have noticed yet that somebody has gone
                time.sleep(pause)
                if connection.execute(_OTHERS).fetchone() == (0,):
                    return connection.execute(_SHAPE).fetchone()
        return None

    def _drop(self, url: str) -> None:
        """Remove a database, whoever is connected."""
        import psycopg

        name = url.rpartition("/")[2]
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[call-overload]

    def stop(self) -> None:
        """End the server and remove what it wrote."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)  # at once: nobody reads what it would write down
            self._process.wait(30)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _at(self, name: str) -> str:
        return f"{self._url.rpartition('/')[0]}/{name}"

    def _create(self, name: str, template: str) -> None:
        import psycopg

        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')  # type: ignore[call-overload]

    def _start(self) -> None:
        programs = _programs()
        user = _unprivileged()
        if programs is None:
            self.why_not = "no initdb and postgres on this machine"
            return
        if os.getuid() == 0 and user is None:
            self.why_not = f"root may not run PostgreSQL, and there is no user {' or '.join(_USERS)}"
            return
        initdb, postgres = programs
        self._folder = Path(tempfile.mkdtemp(prefix="postgres"))
        data = self._folder / "data"
        if user is not None:
            os.chown(self._folder, user.pw_uid, user.pw_gid)
        run = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user is not None else {}
        made = subprocess.run(
            [initdb, "-D", data, "-U", "connectors", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            capture_output=True,
            text=True,
            cwd=self._folder,
            **run,
        )
        if made.returncode:
            self.why_not = f"initdb failed: {made.stderr.strip().splitlines()[-1:]}"
            return
        port = _free_port()
        options: Sequence[str] = [part for option in _OPTIONS for part in ("-c", option)]
        self._process = subprocess.Popen(
            [postgres, "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", self._folder, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            **run,
        )
        self._url = f"postgresql://connectors:pa55word@127.0.0.1:{port}/postgres"
        self._wait()

    def _wait(self) -> None:
        import psycopg

        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self._url).close()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    self.why_not = f"PostgreSQL did not start: {error}"
                    return
                time.sleep(0.05)
            else:
                return


def _programs() -> tuple[Path, Path] | None:
    """The newest initdb and postgres; the pair of one installation."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    found = shutil.which("initdb")
    folders += [Path(found).resolve().parent] if found else []
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder / "initdb", folder / "postgres"
    return None


def _unprivileged() -> pwd.struct_passwd | None:
    if os.getuid() != 0:
        return None
    for name in _USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
