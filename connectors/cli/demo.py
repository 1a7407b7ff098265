"""`make demo`: an account connected, called and synced, step by step, each with the command that does it.

The account is the emulator's, in this process; or a real one, if PALIGO_INSTANCE, PALIGO_USERNAME and
PALIGO_API_KEY are set: then nothing is changed there, and only some documents are read.
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from click import Abort

from connectors.cli import failures, run_report, sync
from connectors.cli.choices import Choices
from connectors.cli.main import cli
from connectors.cli.terminal import amount, say
from connectors.engine.settings import SETTINGS
from connectors.errors import ConnectorError, RunError

if TYPE_CHECKING:
    from connectors.engine.records import StoredRecord
    from connectors.engine.report import RunReport
    from connectors.paligo.emulator import Emulator

_ID = "demo"
_ACCOUNT = ("PALIGO_INSTANCE", "PALIGO_USERNAME", "PALIGO_API_KEY")
_DOCUMENTS, _EDITED, _DELETED, _ADDED = 120, 5, 3, 1
_OWN_ACCOUNT = {
    True: "Correct the variable PALIGO_API_KEY (or PALIGO_USERNAME, if the key is another user's), then try again.",
    False: "Correct the variable that the error names: PALIGO_INSTANCE, PALIGO_USERNAME or PALIGO_API_KEY.",
}
_READ_OF_A_REAL_ACCOUNT = 20  # documents
_SHOWN = "8"  # records


class ClaimFailed(RunError):
    """The demonstration did not go as it says."""

    code = "demo_failed"
    next_step = "Run `make test`; it says more."


class Demo:
    """The steps, in order. Each checks what it shows."""

    def __init__(self, account: Mapping[str, str], emulator: Emulator | None, home: Path) -> None:
        self._account = account
        self._emulator = emulator
        self._choices = Choices(home=home)
        self._home = home

    def run(self) -> str:
        """All steps; a line that sums them up. Raises `ClaimFailed`, or what a step raises."""
        self._connect()
        self._call()
        if self._emulator is None:
            return self._real_account()
        first = self._first_sync()
        cursor = self._last_cursor()
        second = self._second_sync(self._emulator)
        self._changes(cursor)
        self._plans(first, second)
        return (
            f"{first.added} documents synced with {amount(first.requests, 'request')}; then {_EDITED} edited, "
            f"{_ADDED} added and {_DELETED} deleted, synced with {second.requests}"
        )

    def _connect(self) -> None:
        _title("Connect an account (the key comes from the variable CONNECTORS_CREDENTIAL_APIKEY)")
        config = [f"instance={self._account['PALIGO_INSTANCE']}", f"username={self._account['PALIGO_USERNAME']}"]
        plan = ["--metadata", "plan=none"] if self._emulator else []
        options = [text for value in config for text in ("--config", value)]
        self._command("connect", "paligo", "--id", _ID, *options, *plan)
        with self._choices.host() as host:
            stored = host.connections.get(self._choices.environment, _ID)
        _claim(stored.verified_at is not None, "the provider accepted the credentials")

    def _call(self) -> None:
        _title("Call it")
        self._command("proxy", "GET", "/api/v2/groups", "--connection", _ID, "--param", "per_page=1")
        say()

    def _first_sync(self) -> RunReport:
        _title("The first sync reads everything")
        report = self._sync()
        _claim(report.added == _DOCUMENTS, f"{_DOCUMENTS} documents came, each with its content")
        self._command("records", "Document", "--connection", _ID, "--limit", _SHOWN)
        say(f"These took {amount(report.requests, 'request')}.")
        return report

    def _second_sync(self, emulator: Emulator) -> RunReport:
        _title(f"Meanwhile at the provider: {_EDITED} documents edited, {_ADDED} added, {_DELETED} deleted")
        ids = list(emulator.account.tables["documents"])
        for number in ids[10 : 10 + _EDITED]:
            emulator.account.edit_document(number, name=f"Edited document {number}")
        for number in ids[30 : 30 + _DELETED]:
            emulator.account.delete_document(number)
        emulator.account.add_document("A new document")
        emulator.reset_log()
        report = self._sync()
        read = emulator.count(path_prefix="/api/v2/documents/", method="GET")
        _claim(read == _EDITED + _ADDED, f"only the {_EDITED + _ADDED} changed documents were read")
        changes = (report.added, report.updated, report.deleted)
        _claim(changes == (_ADDED, _EDITED, _DELETED), f"{_DELETED} deletions were seen in the same pass")
        return report

    def _changes(self, cursor: str) -> None:
        _title("What changed since the first sync, for whoever follows the records")
        self._command("records", "Document", "--connection", _ID, "--cursor", cursor)
        seen = [record.last_action for record in self._records(cursor)]
        counts = {action: seen.count(action) for action in ("ADDED", "UPDATED", "DELETED")}
        expected = {"ADDED": _ADDED, "UPDATED": _EDITED, "DELETED": _DELETED}
        _claim(counts == expected, "every change is there, once")

    def _plans(self, first: RunReport, second: RunReport) -> None:
        _title("The same requests under Paligo's rate budgets (this account has plan none)")
        say(f"first sync, {first.requests} requests: {run_report.estimates(first)}")
        say(f"second sync, {second.requests} requests: {run_report.estimates(second)}")
        _claim(first.estimates.keys() >= {"business", "enterprise"}, "the budget of each plan is known")

    def _real_account(self) -> str:
        limit = _READ_OF_A_REAL_ACCOUNT
        _title(f"Sync up to {limit} documents of this account; nothing is changed there")
        first = self._sync(limit=limit)
        self._command("records", "Document", "--connection", _ID, "--limit", _SHOWN)
        _title("Again: what did not change is not read again")
        second = self._sync(limit=limit)
        _claim(second.requests <= first.requests, "the second sync took no more requests than the first")
        return f"{first.added} documents with {first.requests} requests, then again with {second.requests}"

    def _sync(self, limit: int | None = None) -> RunReport:
        arguments = ["sync", "documents", "--connection", _ID, *(["--limit", str(limit)] if limit else [])]
        _show_command(arguments)
        report = sync.run(self._choices, "documents", _ID, limit=limit)
        for line in run_report.lines(report):
            say(line)
        _claim(report.state in ("success", "limited"), f"the sync ended well ({report.state})")
        return report

    def _records(self, cursor: str | None) -> list[StoredRecord]:
        from connectors.engine.records import read_records

        with self._choices.host() as host:
            return list(read_records(host, self._choices.environment, _ID, "Document", cursor=cursor))

    def _last_cursor(self) -> str:
        return self._records(None)[-1].cursor

    def _command(self, *arguments: str) -> None:
        _show_command(arguments)
        sys.stdout.flush()
        code = cli.main([*arguments, "--home", str(self._home)], prog_name="connectors", standalone_mode=False)
        if code and self._emulator is None:
            raise ClaimFailed(
                "A command failed; its error stands above.", next_step=_OWN_ACCOUNT[code == failures.REFUSED]
            )
        _claim(not code, "the command ended well", quiet=True)


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
        with tempfile.TemporaryDirectory(prefix="connectors-demo-") as home, _account(account, real=real) as emulator:
            say(f"Everything is kept in a temporary folder, as with CONNECTORS_HOME={home}.")
            summary = Demo(account, emulator, Path(home)).run()
    except (KeyboardInterrupt, Abort):
        say("\nInterrupted.")
        return failures.INTERRUPTED
    except ConnectorError as error:
        say(f"\nThe demo failed: {error.message}\nnext: {error.next_step}")
        return failures.FAILED
    say(f"\nDemo done in {time.monotonic() - began:.1f} s: {summary}.")
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

        with Emulator(Account.generate(documents=_DOCUMENTS, folders=12, publications=4)) as emulator:
            account |= {"PALIGO_INSTANCE": emulator.instance, "PALIGO_USERNAME": emulator.username}
            os.environ.update(emulator.environment(), CONNECTORS_CREDENTIAL_APIKEY=emulator.api_key)
            yield emulator
    finally:
        os.environ.clear()
        os.environ.update(before)


def _title(text: str) -> None:
    say(f"\n=== {text}")


def _show_command(arguments: Iterable[str]) -> None:
    say(f"$ connectors {shlex.join(arguments)}")


def _claim(holds: bool, text: str, *, quiet: bool = False) -> None:
    if not holds:
        raise ClaimFailed(f"It is not so that {text}.")
    if not quiet:
        say(f"[ok] {text}")


if __name__ == "__main__":
    sys.exit(main())
