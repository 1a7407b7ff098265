"""`make demo`: an account connected, called, synced, written to, published from and audited, step by step.

Each step shows the command that does it. The account is the emulator's, in this process; or a real one, if
PALIGO_INSTANCE, PALIGO_USERNAME and PALIGO_API_KEY are set: then nothing is changed there, and only some documents
are read.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from click import Abort

from connectors.cli import failures
from connectors.cli.demo_rest import ACCOUNT, Rest
from connectors.cli.demo_stage import ID, Stage, claim, title
from connectors.cli.terminal import amount, duration, say
from connectors.engine.setting_list import SETTINGS
from connectors.errors import ConnectorError

if TYPE_CHECKING:
    from connectors.engine.report import RunReport
    from connectors.paligo.emulator import Emulator

_ACCOUNT = ("PALIGO_INSTANCE", "PALIGO_USERNAME", "PALIGO_API_KEY")
_EDITED, _DELETED, _ADDED = 5, 3, 1
_READ_OF_A_REAL_ACCOUNT = 20  # documents
_SHOWN = "8"  # records


class Demo:
    """The steps, in order. Each checks what it shows."""

    def __init__(self, account: Mapping[str, str], emulator: Emulator | None, folder: Path) -> None:
        self._account = account
        self._emulator = emulator
        self._folder = folder
        self._stage = Stage(folder / "home", emulator)

    def run(self) -> str:
        """All steps; a line that sums them up. Raises `ClaimFailed`, or what a step raises."""
        self._connect()
        self._call()
        return self._real_account() if self._emulator is None else self._emulated(self._emulator)

    def _emulated(self, emulator: Emulator) -> str:
        rest = Rest(self._stage, emulator, self._folder)
        first = self._first_sync()
        records = rest.all_syncs(first)
        cursor = self._stage.records("Document")[-1].cursor
        deleted = self._second_sync(emulator)
        self._changes(cursor)
        rest.upload()
        files = rest.publish()
        errors = rest.audit(deleted)
        title("The same requests under Paligo's rate budgets (this account has plan none)")
        self._stage.plans()
        return (
            f"{records:,} records of 17 syncs; {_EDITED + _ADDED} changes and {_DELETED} deletions noticed; an image "
            f"uploaded; {amount(files, 'file')} published; {amount(errors, 'error')} found in the content"
        )

    def _connect(self) -> None:
        title("Connect an account (the key comes from the variable CONNECTORS_CREDENTIAL_APIKEY)")
        config = [f"instance={self._account['PALIGO_INSTANCE']}", f"username={self._account['PALIGO_USERNAME']}"]
        plan = ["--metadata", "plan=none"] if self._emulator else []
        options = [text for value in config for text in ("--config", value)]
        self._stage.command("connect", "paligo", "--id", ID, *options, *plan)
        with self._stage.host() as host:
            stored = host.connections.get(self._stage.choices.environment, ID)
        claim(stored.verified_at is not None, "the provider accepted the credentials")

    def _call(self) -> None:
        title("Call it")
        self._stage.command("proxy", "GET", "/api/v2/groups", "--connection", ID, "--param", "per_page=1")
        say()

    def _first_sync(self) -> RunReport:
        title("The first sync reads everything")
        with self._stage.measured("documents, first sync"):
            report = self._stage.sync("documents")
        claim(report.added == ACCOUNT["documents"], f"{report.added} documents came, each with its content")
        self._stage.command("records", "Document", "--connection", ID, "--limit", _SHOWN)
        return report

    def _second_sync(self, emulator: Emulator) -> set[str]:
        """Change the account and sync again. Returns the ids of what was deleted."""
        title(f"Meanwhile at the provider: {_EDITED} documents edited, {_ADDED} added, {_DELETED} deleted")
        ids = list(emulator.account.tables["documents"])
        deleted = ids[30 : 30 + _DELETED]
        for number in ids[10 : 10 + _EDITED]:
            emulator.account.edit_document(number, name=f"Edited document {number}")
        for number in deleted:
            emulator.account.delete_document(number)
        emulator.account.add_document("A new document")
        with self._stage.measured("documents, second sync") as requests:
            report = self._stage.sync("documents")
        read = [entry for entry in requests if entry.path.startswith("/api/v2/documents/")]
        claim(len(read) == _EDITED + _ADDED, f"only the {_EDITED + _ADDED} changed documents were read")
        changes = (report.added, report.updated, report.deleted)
        claim(changes == (_ADDED, _EDITED, _DELETED), f"{_DELETED} deletions were seen in the same pass")
        return {str(number) for number in deleted}

    def _changes(self, cursor: str) -> None:
        title("What changed since the first sync, for whoever follows the records")
        self._stage.command("records", "Document", "--connection", ID, "--cursor", cursor)
        seen = [record.last_action for record in self._stage.records("Document", cursor)]
        counts = {action: seen.count(action) for action in ("ADDED", "UPDATED", "DELETED")}
        expected = {"ADDED": _ADDED, "UPDATED": _EDITED, "DELETED": _DELETED}
        claim(counts == expected, "every change is there, once")

    def _real_account(self) -> str:
        limit = _READ_OF_A_REAL_ACCOUNT
        title(f"Sync up to {limit} documents of this account; nothing is changed there")
        first = self._stage.sync("documents", limit=limit)
        self._stage.command("records", "Document", "--connection", ID, "--limit", _SHOWN)
        title("Again: what did not change is not read again")
        second = self._stage.sync("documents", limit=limit)
        claim(second.requests <= first.requests, "the second sync took no more requests than the first")
        return f"{first.added} documents with {first.requests} requests, then again with {second.requests}"


def main() -> int:
    """Run the demonstration; the exit code."""
    began = time.monotonic()
    account = {name: os.environ.get(name, "") for name in _ACCOUNT}
    real = all(account.values())
    if any(account.values()) and not real:
        lacking = ", ".join(name for name, value in account.items() if not value)
        say(f"Set {lacking} too to use a real account, or none of the three to use the emulator.")
        return failures.BAD_INPUT
    say("connectors, on a real Paligo account." if real else "connectors, on an emulated Paligo account.")
    try:
        with (
            tempfile.TemporaryDirectory(prefix="connectors-demo-") as folder,
            _account(account, real=real) as emulator,
        ):
            say(f"Everything is kept in a temporary folder, as with CONNECTORS_HOME={Path(folder) / 'home'}.")
            summary = Demo(account, emulator, Path(folder)).run()
    except (KeyboardInterrupt, Abort):
        say("\nInterrupted.")
        return failures.INTERRUPTED
    except ConnectorError as error:
        say(f"\nThe demo failed: {error.message}\nnext: {error.next_step}")
        return failures.FAILED
    say(f"\nDemo done in {duration(time.monotonic() - began)}: {summary}.")
    return failures.OK


@contextmanager
def _account(account: dict[str, str], *, real: bool) -> Iterator[Emulator | None]:
    """The account to demonstrate on, and the environment that leads to it and to nothing of the user's own."""
    before = dict(os.environ)
    for setting in SETTINGS:
        os.environ.pop(setting.name, None)
    try:
        if real:
            os.environ["CONNECTORS_CREDENTIAL_APIKEY"] = account["PALIGO_API_KEY"]
            yield None
            return
        from connectors.paligo.emulator import Account, Emulator

        with Emulator(Account.generate(**ACCOUNT)) as emulator:
            account |= {"PALIGO_INSTANCE": emulator.instance, "PALIGO_USERNAME": emulator.username}
            os.environ.update(emulator.environment(), CONNECTORS_CREDENTIAL_APIKEY=emulator.api_key)
            yield emulator
    finally:
        os.environ.clear()
        os.environ.update(before)


if __name__ == "__main__":
    sys.exit(main())
