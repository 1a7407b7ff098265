"""The command and the group that all of ours are made of: they take the common options in every place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from connectors.cli.choices import choices_of
from connectors.cli.lazy import check_command
from connectors.cli.terminal import amount

Function = TypeVar("Function", bound=Callable[..., Any])


class Command(click.Command):
    """A command that also takes the common options, and never repeats a stray argument, which may be a secret."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.params.extend(common_options())
        self.allow_extra_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and refuse what is left over."""
        rest = super().parse_args(ctx, args)
        if ctx.args and not ctx.resilient_parsing:
            raise click.UsageError(f"{amount(len(ctx.args), 'word')} more than this command takes.", ctx)
        return rest


class Group(click.Group):
    """A group of such commands."""

    command_class = Command
    group_class = type

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.params.extend(common_options())

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant. Raises `UsageError`, which names those that are written alike."""
        check_command(self, ctx, args)
        return super().resolve_command(ctx, args)


class Number(click.IntRange):
    """A whole number inside bounds. What is wrong with another text is said in words."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number. Fails as click expects it."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            bounds = "" if self.min is None else f" from {self.min:,}"
            bounds += "" if self.max is None else f" to {self.max:,}"
            self.fail(f"expected a whole number{bounds}, not {str(value)[:40]!r}", param, ctx)


def common_options() -> list[click.Option]:
    """`--home`, `--env`, `--providers` and `--path`."""
    return [
        _common("--home", "home", _folder(must_exist=False), "DIR", "The data folder instead of CONNECTORS_HOME."),
        _common("--env", "env", str, "NAME", "The environment instead of CONNECTORS_ENVIRONMENT."),
        _common("--providers", "providers", _file(), "FILE", "A further file of provider definitions.", multiple=True),
        _common("--path", "paths", _folder(must_exist=True), "FOLDER", "A folder with connectors.", multiple=True),
    ]


def json_option(function: Function) -> Function:
    """Add `--json`: output for programs, also of errors."""
    return click.option(
        "--json", "as_json", is_flag=True, callback=_note_json, is_eager=True, help="Print JSON, errors too."
    )(function)


def connection_options(function: Function) -> Function:
    """Add `--connection` (required) and `--integration`."""
    named = click.option("--connection", "connection_id", metavar="ID", required=True, help="The connection's id.")
    return named(integration_option(function))


def integration_option(function: Function) -> Function:
    """Add `--integration`."""
    return click.option(
        "--integration", metavar="KEY", help="The integration, where several have a connection of that id."
    )(function)


def _common(
    name: str, field: str, kind: click.ParamType[Any] | type, metavar: str, says: str, *, multiple: bool = False
) -> click.Option:
    def note(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        del param
        choices = choices_of(ctx)
        if multiple:
            getattr(choices, field).extend(value)
        elif value is not None:
            setattr(choices, field, value)

    return click.Option(
        [name, f"common_{field}"],
        type=kind,
        metavar=metavar,
        help=says,
        multiple=multiple,
        expose_value=False,
        callback=note,
    )


def _note_json(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
    del param
    choices_of(ctx).json |= value
    return value


def _folder(*, must_exist: bool) -> click.Path:
    return click.Path(exists=must_exist, file_okay=False, path_type=Path)


def _file() -> click.Path:
    return click.Path(exists=True, dir_okay=False, path_type=Path)
