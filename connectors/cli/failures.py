"""How a command ends when something is wrong: what it prints, and the exit code that scripts read."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from connectors import errors
from connectors.cli.terminal import plain, plain_lines, say_json
from connectors.errors import ConfigError, ConnectorError

OK, FAILED, BAD_INPUT, NEEDS_YES, REFUSED, BUSY, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

EXIT_CODES: Mapping[int, str] = {
    OK: "done",
    FAILED: "failed: the provider, a run, or something unexpected",
    BAD_INPUT: "wrong usage or input; nothing was sent",
    NEEDS_YES: "needs a yes: deletions to confirm, or --yes",
    REFUSED: "the provider refused the credentials or lacks the right",
    BUSY: "the same sync is running, or the database is busy",
    INTERRUPTED: "interrupted",
}

_CODES: tuple[tuple[type[ConnectorError], int], ...] = (
    (errors.FileExists, FAILED),
    (errors.InputError, BAD_INPUT),
    (errors.UnknownFile, BAD_INPUT),
    (errors.UnknownConnection, BAD_INPUT),
    (errors.UnknownIntegration, BAD_INPUT),
    (errors.UnknownRun, BAD_INPUT),
    (errors.NothingToConfirm, BAD_INPUT),
    (errors.AuthError, REFUSED),
    (errors.ForbiddenError, REFUSED),
    (errors.TokenRefused, REFUSED),
    (errors.AlreadyRunning, BUSY),
    (errors.StoreBusy, BUSY),
)


class UsageProblem(errors.InputError):
    """The command line cannot be understood."""

    code = "usage"
    next_step = "connectors --help"


class OutputFailed(ConnectorError):
    """The output cannot be written."""

    code = "output_failed"
    next_step = "Write it to a place that has room and may be written."


class NeedsYes(errors.InputError):
    """A person has to say yes first."""

    code = "needs_confirmation"
    next_step = "Add --yes if you are sure."


def exit_code(error: ConnectorError) -> int:
    """The exit code that stands for an error."""
    if isinstance(error, NeedsYes):
        return NEEDS_YES
    if getattr(error, "changed", None):
        return FAILED  # not "nothing was sent", whatever the error is
    if isinstance(error, errors.TokenRefused) and (error.status or 0) >= 500:
        return FAILED  # out of order, which says nothing of the credentials
    return next((code for kind, code in _CODES if isinstance(error, kind)), FAILED)


def exit_code_of(error: Mapping[str, Any] | None) -> int:
    """The exit code for an error that is plain data, as a run's report holds it."""
    facts = error or {}
    kind = next((kind for kind in _kinds(ConnectorError) if kind.code == facts.get("code")), ConnectorError)
    return exit_code(kind(status=facts["status"]) if facts.get("status") else kind())


def show(error: ConnectorError, *, as_json: bool) -> None:
    """Print an error: for people on standard error, and for programs on standard output."""
    show_error(error.code, _message(error), error.next_step)
    if as_json:
        say_json({"error": error.to_dict()})


def show_error(code: str, message: str, next_step: str) -> None:
    """Print an error for people."""
    head = click.style(f"error [{plain(code)}]:", fg="red", bold=True)
    click.echo(f"{head} {plain_lines(message)}", err=True)
    click.echo(f"next: {plain_lines(next_step)}", err=True)


def usage_problem(error: click.ClickException) -> UsageProblem:
    """What click found wrong with a command line, as an error of ours."""
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if isinstance(ctx, click.Context) else "connectors"
    return UsageProblem(error.format_message(), next_step=f"`{path} --help` says what it takes.")


def show_unexpected(error: Exception, *, as_json: bool) -> None:
    """Print an error that nobody foresaw: its type and place. Its text stays out, since it may hold a secret."""
    kind, place = type(error).__name__, _place(error)
    reason = f": {error.strerror} ({error.filename})" if isinstance(error, OSError) and error.strerror else ""
    step = "This is a mistake in connectors or in a connector's code; report the line above."
    message = f"{kind} at {place}{reason}"
    show_error("internal", message, step)
    if as_json:
        say_json({"error": {"code": "internal", "message": message, "next_step": step}})


def _message(error: ConnectorError) -> str:
    if isinstance(error, ConfigError) and len(error.problems) > 1:
        lines = "\n".join(f"  - {problem}" for problem in error.problems)
        return f"{len(error.problems)} things are wrong:\n{lines}"
    return error.message


def _place(error: Exception) -> str:
    """The last line of ours that the error passed."""
    frames = traceback.extract_tb(error.__traceback__)
    package = str(Path(errors.__file__).parent)
    own = [frame for frame in frames if frame.filename.startswith(package)] or frames
    if not own:
        return "an unknown place"
    frame = own[-1]
    name = frame.filename.removeprefix(f"{Path(package).parent}/")
    return f"{name}, line {frame.lineno}, in {frame.name}"


def _kinds(kind: type[ConnectorError]) -> Iterator[type[ConnectorError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from _kinds(inner)
