"""A command group that imports a command when it is used, not when it is listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

_ALIKE = 0.6  # how much two names must have in common


def check_command(group: click.Group, ctx: click.Context, args: list[str]) -> None:
    """Raises `UsageError` for the name of a command that is not there, with those that are written alike."""
    name = args[0]
    known = group.list_commands(ctx)
    if name in known or name.startswith("-") or ctx.resilient_parsing:
        return
    alike = get_close_matches(name, known, n=1, cutoff=_ALIKE)
    hint = f" Did you mean {alike[0]}?" if alike else f" There are: {', '.join(known)}."
    raise click.UsageError(f"There is no command {name!r}.{hint}", ctx)


@dataclass(frozen=True)
class Entry:
    """A command that is not imported yet."""

    target: str  # "module:attribute"
    summary: str  # the first sentence of its help, for the listing


class LazyGroup(click.Group):
    """A group whose commands are named in a table."""

    def __init__(self, *args: Any, entries: Mapping[str, Entry], **options: Any) -> None:
        super().__init__(*args, **options)
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of the table."""
        del ctx
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now; None if there is none."""
        del ctx
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant. Raises `UsageError`, which names those that are written alike."""
        check_command(self, ctx, args)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The listing, from the table."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in self.entries.items()])
