"""What the options say that every command takes: which data folder, environment, definitions and connectors."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connectors.errors import UnknownConnection

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.setting_values import PostgresUrl
    from connectors.engine.settings import Settings
    from connectors.registry import Registry
    from connectors.runtime.catalog import Catalog

# Our commands where a text names one, such as `connectors sync documents`.
_COMMAND = re.compile(
    r"\bconnectors ((?:connect|connections|doctor|env|integrations|proxy|records|runs|sync|syncs|vault|webhooks)\b)"
)


@dataclass
class Choices:
    """The choices of one command line. What they stand for is opened when it is asked for."""

    home: Path | None = None  # --home
    env: str | None = None  # --env
    providers: list[Path] = field(default_factory=list)  # --providers, in order
    paths: list[Path] = field(default_factory=list)  # --path, in order
    json: bool = False  # whether programs read the output
    _given: dict[str, str] = field(default_factory=dict)  # settings that a command's own options name

    @cached_property
    def settings(self) -> Settings:
        """The settings of the data folder. Raises `SettingError`."""
        from connectors.engine.settings import Settings

        return Settings.load({**os.environ, **self._given} if self._given else None, home=self.home)

    def override(self, **values: str | None) -> None:
        """Let options of a command go before its settings; None is not given. Before `settings` is first asked for."""
        self._given = {name: value for name, value in values.items() if value is not None}

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

    def repeated(self, text: str) -> str:
        """The text with the common options of this command line put into every command that it names."""
        given = [("--home", self.home), ("--env", self.env)]
        given += [("--providers", file) for file in self.providers] + [("--path", folder) for folder in self.paths]
        words = shlex.join(word for name, value in given if value is not None for word in (name, str(value)))
        return _COMMAND.sub(lambda found: f"connectors {words} {found[1]}", text) if words else text

    @contextmanager
    def host(self, *, create: bool = False) -> Iterator[Host]:
        """The data folder, open for a block. Says so when a key file was made in it.

        Nothing is made unless `create`: without a database it raises `NothingYet`.
        """
        from connectors.engine.audit_log import acting
        from connectors.engine.host import Host

        if not create:
            _must_exist(self.settings.database)
        with Host.open(self.settings, providers=self.providers, paths=self.paths) as host, acting("command"):
            try:
                yield host
            finally:
                if host.key_note:
                    click.echo(host.key_note, err=True)


class NothingYet(UnknownConnection):
    """Nothing was ever stored in that data folder."""

    next_step = "connectors connect PROVIDER"


def _must_exist(database: Path | PostgresUrl) -> None:
    if not isinstance(database, Path):
        return  # a server is there, or whoever opens it says what is wrong with it
    try:
        database.stat()
    except FileNotFoundError:
        raise NothingYet(f"Nothing here yet: {database}") from None
    except OSError:
        return  # whoever opens it says what is wrong with it


def choices_of(ctx: click.Context) -> Choices:
    """The choices that all commands of one command line share."""
    return ctx.find_root().ensure_object(Choices)


def current_choices() -> Choices:
    """The choices of the command that runs."""
    return choices_of(click.get_current_context())
