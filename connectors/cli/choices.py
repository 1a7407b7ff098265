"""What the options say that every command takes: which data folder, environment, definitions and connectors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.settings import Settings
    from connectors.registry import Registry
    from connectors.runtime.catalog import Catalog


@dataclass
class Choices:
    """The choices of one command line. What they stand for is opened when it is asked for."""

    home: Path | None = None  # --home
    env: str | None = None  # --env
    providers: list[Path] = field(default_factory=list)  # --providers, in order
    paths: list[Path] = field(default_factory=list)  # --path, in order
    json: bool = False  # whether programs read the output

    @cached_property
    def settings(self) -> Settings:
        """The settings of the data folder. Raises `SettingError`."""
        from connectors.engine.settings import Settings

        return Settings.load(home=self.home)

    @property
    def environment(self) -> str:
        """The environment to work in. Raises `SettingError`."""
        return self.env or str(self.settings.value("CONNECTORS_ENVIRONMENT"))

    @cached_property
    def registry(self) -> Registry:
        """All connectors. Raises `InputError` for a folder that holds none."""
        from connectors.registry import Registry

        return Registry.load([*self.settings.value("CONNECTORS_PATH"), *self.paths])

    @cached_property
    def catalog(self) -> Catalog:
        """All definitions of providers."""
        return self.registry.catalog([*self.settings.value("CONNECTORS_PROVIDERS"), *self.providers])

    @contextmanager
    def host(self) -> Iterator[Host]:
        """The data folder, open for a block. Says so when a key file was made in it."""
        from connectors.engine.host import Host

        with Host.open(self.settings, providers=self.providers, paths=self.paths) as host:
            try:
                yield host
            finally:
                if host.key_note:
                    click.echo(host.key_note, err=True)


def choices_of(ctx: click.Context) -> Choices:
    """The choices that all commands of one command line share."""
    return ctx.find_root().ensure_object(Choices)


def current_choices() -> Choices:
    """The choices of the command that runs."""
    return choices_of(click.get_current_context())
