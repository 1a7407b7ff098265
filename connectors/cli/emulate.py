"""`connectors emulate paligo`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from connectors.cli.command import Command, Group, Number
from connectors.cli.given import pairs
from connectors.cli.terminal import say

_MOST = 100_000  # documents and the like that are held in memory
PLANS = ("business", "enterprise", "none")


@click.group(cls=Group)
def emulate() -> None:
    """Play a provider on this machine."""


class _WithSwitches(Command):
    """A command whose help ends with the emulator's switches."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Name every switch with its values, the default first."""
        from connectors.paligo.emulator import Switches

        del ctx
        with formatter.section("Switches (the first value is the default)"):
            formatter.write_dl([(name, f"{says}: {values}") for name, values, says in Switches.explain()])


@emulate.command(cls=_WithSwitches)
@click.option("--port", type=Number(0, 65_535), default=0, metavar="N", help="A port; default: a free one.")
@click.option("--plan", type=click.Choice(PLANS), default="business", help="Whose rate budgets count.")
@click.option("--documents", type=Number(0, _MOST), default=24, metavar="N", help="So many; default: 24.")
@click.option("--folders", type=Number(0, _MOST), default=6, metavar="N", help="So many; default: 6.")
@click.option("--publications", type=Number(0, _MOST), default=2, metavar="N", help="Of the documents; default: 2.")
@click.option("--seed", type=Number(), default=1, metavar="N", help="The same number, the same account.")
@click.option("--rich", is_flag=True, help="Reuse, variables, links, and mistakes for an audit, in the documents.")
@click.option("--switch", metavar="NAME=VALUE", multiple=True, help="How the service behaves; listed below.")
@click.option("--ca-file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Where its CA goes.")
def paligo(
    *,
    port: int,
    plan: str,
    documents: int,
    folders: int,
    publications: int,
    seed: int,
    rich: bool,
    switch: Sequence[str],
    ca_file: Path | None,
) -> None:
    """Play a Paligo account until Ctrl-C.

    It prints which variables let other commands meet it under the real host name, and the account
    to connect. Nothing leaves this machine.
    """
    from connectors.paligo.emulator.command import run

    run(
        port=port,
        plan=plan,
        documents=documents,
        folders=folders,
        publications=publications,
        seed=seed,
        rich=rich,
        switches=dict(pairs(switch, "--switch")),
        ca_file=ca_file,
        echo=say,
    )
