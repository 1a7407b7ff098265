"""The command `connectors`: its groups, and the one place where every error ends."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import Any

import click

from connectors.cli import failures
from connectors.cli.choices import choices_of
from connectors.cli.command import common_options
from connectors.cli.lazy import Entry, LazyGroup
from connectors.errors import ConnectorError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

COMMANDS = {
    "connect": Entry("connectors.cli.connect:connect", "Connect an account: check, verify and store it."),
    "connections": Entry("connectors.cli.connections:connections", "List, show, check, change, delete connections."),
    "integrations": Entry(
        "connectors.cli.integrations:integrations", "Configure providers: clients, scopes, own fields."
    ),
    "proxy": Entry("connectors.cli.proxy:proxy", "Call the provider with a connection's credentials."),
    "action": Entry("connectors.cli.action:action", "Call an action: one thing done at the provider."),
    "sync": Entry("connectors.cli.sync:sync", "Run a sync once."),
    "records": Entry("connectors.cli.records:records", "Print the records of a model."),
    "runs": Entry("connectors.cli.runs:runs", "List the newest runs, or show one."),
    "syncs": Entry("connectors.cli.syncs:syncs", "List the syncs of each connection."),
    "actions": Entry("connectors.cli.actions:actions", "List the actions of each provider."),
    "audit": Entry("connectors.cli.audit:audit", "Say what is wrong with the stored content of an account."),
    "providers": Entry(
        "connectors.cli.providers:providers", "List, show, try out, check and export provider definitions."
    ),
    "worker": Entry("connectors.cli.worker:worker", "Run what is due: syncs, calls of actions, webhooks."),
    "serve": Entry("connectors.cli.serve:serve", "Serve the HTTP API, and run what is due."),
    "env": Entry("connectors.cli.env:env", "Look after environments and their secret keys."),
    "webhooks": Entry("connectors.cli.webhooks:webhooks", "Webhooks to the customer, and from providers."),
    "audit-log": Entry(
        "connectors.cli.webhooks:audit_log",
        "Say who connected, read credentials, rotated keys and deleted, the newest first.",
    ),
    "backup": Entry("connectors.cli.backup:backup", "Copy everything into a new file, while others go on working."),
    "restore": Entry("connectors.cli.backup:restore", "Put a copy in the place of the database, after checking it."),
    "erase": Entry("connectors.cli.erase:erase", "Erase a customer at once, with everything that belongs to it."),
    "vault": Entry("connectors.cli.vault:vault", "Look after the key that stored credentials are sealed with."),
    "emulate": Entry("connectors.cli.emulate:emulate", "Play a provider on this machine."),
    "doctor": Entry("connectors.cli.doctor:doctor", "Look whether everything is in order here."),
}


class Root(LazyGroup):
    """The outermost group. No error leaves it as a traceback."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, entries=COMMANDS, **options)
        self.params.extend(common_options())

    def make_context(self, info_name: str | None, args: list[str], *rest: Any, **options: Any) -> click.Context:
        """Parse the words before the command's name; what is wrong with them is told like any other error."""
        as_json = "--json" in args  # known also where parsing ends before that option
        try:
            ctx = super().make_context(info_name, args, *rest, **options)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            failures.show(failures.usage_problem(error), as_json=as_json)
            raise click.exceptions.Exit(failures.BAD_INPUT) from None
        except OSError as error:  # the help that was asked for cannot be written
            _hush()
            if not isinstance(error, BrokenPipeError):
                failures.show(_output_failed(error), as_json=False)
            raise click.exceptions.Exit(failures.FAILED) from None
        choices_of(ctx).json = as_json
        return ctx

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error becomes a message and an exit code."""
        choices = choices_of(ctx)
        try:
            super().invoke(ctx)
            _flush()
        except ConnectorError as error:
            error.next_step = choices.repeated(error.next_step)
            failures.show(error, as_json=choices.json)
            ctx.exit(failures.exit_code(error))
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            failures.show(failures.usage_problem(error), as_json=choices.json)
            ctx.exit(failures.BAD_INPUT)
        except (KeyboardInterrupt, click.Abort):
            click.echo("\nInterrupted.", err=True)
            ctx.exit(failures.INTERRUPTED)
        except BrokenPipeError:
            _hush()
            ctx.exit(failures.OK)
        except click.exceptions.Exit as end:
            ctx.exit(end.exit_code if _flushed() else failures.FAILED)
        except Exception as error:  # noqa: BLE001 - the last resort: a person gets no traceback
            if isinstance(error, OSError) and error.errno in _NO_ROOM and error.filename is None:
                _hush()
                failures.show(_output_failed(error), as_json=False)
            else:
                failures.show_unexpected(error, as_json=choices.json)
            ctx.exit(failures.FAILED)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The exit codes, which every command shares."""
        del ctx
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), says) for code, says in failures.EXIT_CODES.items()])


def _flush() -> None:
    """Write now what is still held back, while a missing reader can be noticed."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _hush()


def _flushed() -> bool:
    """Write what is held back; a place that takes nothing is told."""
    try:
        _flush()
    except OSError as error:
        _hush()
        failures.show(_output_failed(error), as_json=False)
        return False
    return True


def _output_failed(error: OSError) -> failures.OutputFailed:
    return failures.OutputFailed(f"The output cannot be written: {error.strerror}.")


def _hush() -> None:
    """The reader of standard output has gone (`| head`): what is left to write goes nowhere."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    del param
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"connectors {version('connectors')}")
        ctx.exit()


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Print the version."
)
def cli() -> None:
    """Connect accounts at providers, call them, and keep their records fresh.

    `connectors COMMAND --help` explains a command.
    """


def main() -> None:
    """What the installed command runs."""
    for stream in (sys.stdout, sys.stderr):
        # A locale without some character must not end a command in the middle of its output.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    cli.main(prog_name="connectors")
