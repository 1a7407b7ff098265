"""What the demonstration's steps are made of: commands that are shown and run, claims, and what all of it took."""

from __future__ import annotations

import io
import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.cli import failures, run_report, sync
from connectors.cli.choices import Choices
from connectors.cli.main import cli
from connectors.cli.table import fit, line_width, say_table
from connectors.cli.terminal import duration, is_terminal, say
from connectors.errors import RunError

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.records import StoredRecord
    from connectors.engine.report import RunReport
    from connectors.paligo.emulator import Emulator, Entry

ID = "demo"  # of the connection
_OWN_ACCOUNT = {
    True: "Correct the variable PALIGO_API_KEY (or PALIGO_USERNAME, if the key is another user's), then try again.",
    False: "Correct the variable that the error names: PALIGO_INSTANCE, PALIGO_USERNAME or PALIGO_API_KEY.",
}


class ClaimFailed(RunError):
    """The demonstration did not go as it says."""

    code = "demo_failed"
    next_step = "Run `make test`; it says more."


class Stage:
    """Where the steps are shown. `emulator` is None for a real account."""

    def __init__(self, home: Path, emulator: Emulator | None) -> None:
        self.choices = Choices(home=home)
        self._home = home
        self._emulator = emulator
        self._took: dict[str, list[Entry]] = {}  # step → its requests

    def command(self, *arguments: str, code: int = failures.OK, lines: int | None = None) -> None:
        """Show a command and run it; it has to end with `code`. `lines`: of what it prints, only the first ones."""
        _show(arguments)
        sys.stdout.flush()
        shown = io.StringIO() if lines is not None else sys.stdout
        with redirect_stdout(shown):
            ended = cli.main([*arguments, "--home", str(self._home)], prog_name="connectors", standalone_mode=False)
        if isinstance(shown, io.StringIO):
            _head(shown.getvalue().splitlines(), lines or 0)
        ended = ended if isinstance(ended, int) else failures.OK
        if ended != code and self._emulator is None:
            step = _OWN_ACCOUNT[ended == failures.REFUSED]
            raise ClaimFailed("A command failed; its error stands above.", next_step=step)
        if ended != code:
            raise ClaimFailed(f"The command ended with {ended} instead of {code}.")

    def sync(self, name: str, limit: int | None = None) -> RunReport:
        """Show and run one sync."""
        _show(["sync", name, "--connection", ID, *(["--limit", str(limit)] if limit else [])])
        report = sync.run(self.choices, name, ID, limit=limit)
        for line in run_report.lines(report):
            say(line)
        claim(report.state in ("success", "limited"), f"the sync ended well ({report.state})")
        return report

    def records(self, model: str, cursor: str | None = None) -> list[StoredRecord]:
        """What is stored of a model; with `cursor`, what changed since, deletions too."""
        from connectors.engine.records import read_records

        with self.host() as host:
            return list(read_records(host, self.choices.environment, ID, model, cursor=cursor))

    @contextmanager
    def host(self) -> Iterator[Host]:
        """What the commands work on, opened."""
        with self.choices.host() as host:
            yield host

    @contextmanager
    def measured(self, step: str) -> Iterator[list[Entry]]:
        """Remember the requests made within as those of this step; they are in the list when it has ended."""
        log = self._emulator.log if self._emulator else []
        before = len(log)
        took = self._took.setdefault(step, [])
        yield took
        took += log[before:]

    def plans(self) -> None:
        """A table of all steps: their requests, and how long each plan's budgets alone would make them take."""
        rows = {**self._took, "all of it": [entry for took in self._took.values() for entry in took]}
        times = {step: self._estimates(took) for step, took in rows.items()}
        names = list(times["all of it"])
        say_table(
            ["step", "requests", *names],
            [[step, len(took), *(_wait(times[step][name]) for name in names)] for step, took in rows.items()],
        )
        claim({"business", "enterprise"} <= set(names), "the budgets of each plan are known")

    def _estimates(self, entries: Iterable[Entry]) -> dict[str, float]:
        from connectors.engine.cancellation import StoppableClock
        from connectors.engine.pace import Pace
        from connectors.runtime.clock import SystemClock
        from connectors.runtime.ports import Attempt

        with self.host() as host:
            pace = Pace(host.catalog.get("paligo"), StoppableClock(SystemClock()), lambda _: None)
        for entry in entries:
            pace.after(Attempt(entry.method, f"https://emulated.paligoapp.com{entry.path}", entry.status, 0.0, 1))
        return pace.estimates()


def title(text: str) -> None:
    """What comes next."""
    say(f"\n=== {text}")


def claim(holds: bool, text: str, *, quiet: bool = False) -> None:
    """Say that something is so. Raises `ClaimFailed` if it is not."""
    if not holds:
        raise ClaimFailed(f"It is not so that {text}.")
    if not quiet:
        say(f"[ok] {text}")


def _show(arguments: Iterable[str]) -> None:
    say(f"$ connectors {shlex.join(arguments)}")


def _head(lines: list[str], count: int) -> None:
    for line in lines[:count]:
        say(fit(line, line_width()).rstrip() if is_terminal(sys.stdout) else line)
    if len(lines) > count:
        say(f"… and {len(lines) - count} more lines")


def _wait(seconds: float) -> str:
    return duration(seconds) if seconds else "no wait"
