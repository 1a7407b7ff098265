"""Finds providers in definition files: the last file wins, and an alias is its target with its own keys on top."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from connectors.errors import DefinitionError, UnknownProvider
from connectors.runtime.definition_file import DefinitionFile, Entry, merged

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, eq=False, repr=False)
class Provider:
    """A product as its definition describes it.

    The properties read the definition when asked; one that has the wrong shape raises DefinitionError.
    Do not change what they return: it is shared.
    """

    name: str
    definition: Mapping[str, Any]  # aliases merged, otherwise as in the file
    source: str  # the file's name, for messages
    line: int = 0  # of the entry in that file; 0: not from a file

    def __repr__(self) -> str:
        return f"Provider({self.name!r}, source={self.source!r})"

    @cached_property
    def display_name(self) -> str:
        """The product's name for people; the definition's key if it has none."""
        return self._text(self.definition, "display_name") or self.name

    @cached_property
    def auth_mode(self) -> str:
        """How the provider wants to be authenticated, e.g. API_KEY."""
        mode = self._text(self.definition, "auth_mode")
        if not mode:
            raise self._broken("auth_mode is missing")
        return mode

    @cached_property
    def base_url(self) -> str | None:
        """The template of the base URL; None for a provider that takes no proxied calls."""
        return self._text(self._proxy, "base_url", "proxy.")

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """Header templates by name."""
        headers = self._mapping(self._proxy, "headers", "proxy.") or _NOTHING
        for name, value in headers.items():
            if not isinstance(name, str) or not isinstance(value, str):
                raise self._broken(f"proxy.headers.{name} has to be text")
        return headers

    @cached_property
    def query(self) -> Mapping[str, Any]:
        """Query templates by name."""
        return self._mapping(self._proxy, "query", "proxy.") or _NOTHING

    @cached_property
    def body(self) -> Mapping[str, Any]:
        """Templates that are merged into request bodies."""
        return self._mapping(self._proxy, "body", "proxy.") or _NOTHING

    @cached_property
    def retry(self) -> Mapping[str, Any] | None:
        """How the provider says when to come again."""
        return self._mapping(self._proxy, "retry", "proxy.")

    @cached_property
    def paginate(self) -> Mapping[str, Any] | None:
        """How the provider's lists are paged."""
        return self._mapping(self._proxy, "paginate", "proxy.")

    @cached_property
    def verification(self) -> Mapping[str, Any] | None:
        """The request that shows whether credentials are good."""
        return self._mapping(self._proxy, "verification", "proxy.")

    @cached_property
    def connection_config(self) -> Mapping[str, Mapping[str, Any]]:
        """Descriptors of the fields asked per connection, by name."""
        return self._descriptors("connection_config")

    @cached_property
    def credentials(self) -> Mapping[str, Mapping[str, Any]]:
        """Descriptors of the credentials that the definition declares, by name."""
        return self._descriptors("credentials")

    @cached_property
    def integration_config(self) -> Mapping[str, Mapping[str, Any]]:
        """Descriptors of the integration's own fields, by name."""
        return self._descriptors("integration_config")

    @cached_property
    def assertion_option(self) -> Mapping[str, Mapping[str, Any]]:
        """Descriptors of what is asked each time an account is connected and never stored, by name."""
        return self._descriptors("assertion_option")

    @cached_property
    def rate_limits(self) -> Mapping[str, Any] | None:
        """Published call limits (our extension, docs/compatibility.md)."""
        return self._mapping(self.definition, "rate_limits")

    @cached_property
    def docs(self) -> str | None:
        """Address of the provider's documentation."""
        return self._text(self.definition, "docs")

    @cached_property
    def docs_connect(self) -> str | None:
        """Address of the guide for connecting an account."""
        return self._text(self.definition, "docs_connect")

    @cached_property
    def _proxy(self) -> Mapping[str, Any]:
        return self._mapping(self.definition, "proxy") or _NOTHING

    def _text(self, parent: Mapping[str, Any], key: str, where: str = "") -> str | None:
        value = parent.get(key)
        if value is None or isinstance(value, str):
            return value
        raise self._broken(f"{where}{key} has to be text")

    def _mapping(self, parent: Mapping[str, Any], key: str, where: str = "") -> Mapping[str, Any] | None:
        value = parent.get(key)
        if value is None or isinstance(value, Mapping):
            return value
        raise self._broken(f"{where}{key} has to be a mapping")

    def _descriptors(self, group: str) -> Mapping[str, Mapping[str, Any]]:
        fields = self._mapping(self.definition, group) or _NOTHING
        for name, descriptor in fields.items():
            if not isinstance(name, str) or not isinstance(descriptor, Mapping):
                raise self._broken(f"{group}.{name} has to be a mapping that describes the field")
        return fields

    def _broken(self, problem: str) -> DefinitionError:
        place = f"{self.source}, line {self.line}" if self.line else self.source
        return DefinitionError(
            f"{place}: the definition of {self.name} cannot be used: {problem}.",
            file=self.source,
            line=self.line or None,
        )


class Catalog:
    """All providers of some definition files.

    Later files win by name. `rate_limits`, which other tools' files lack, is kept from an earlier file
    when a later definition of the same name has none.
    """

    def __init__(self, files: Sequence[Path | str]) -> None:
        self._files = [DefinitionFile(Path(file)) for file in files]
        self._providers: dict[str, Provider] = {}

    def get(self, name: str) -> Provider:
        """The provider of that name.

        Raises UnknownProvider, with names that are close, or DefinitionError with file and line if its
        entry cannot be read. Other entries are neither parsed nor checked.
        """
        if name not in self._providers:
            self._providers[name] = self._load(name)
        return self._providers[name]

    def names(self) -> list[str]:
        """The names of all providers, sorted."""
        return sorted({name for file in self._files for name in file.names()})

    def providers(self) -> Iterator[Provider]:
        """All providers, sorted by name. This parses every entry."""
        return (self.get(name) for name in self.names())

    def _load(self, name: str) -> Provider:
        for file in reversed(self._files):
            entry = file.find(name)
            if entry is not None:
                definition = self._with_limits(file, name, self._merged(file, entry))
                return Provider(name, definition, file.name, entry.line)
        raise self._unknown(name)

    def _merged(self, file: DefinitionFile, entry: Entry) -> dict[str, Any]:
        """The entry with what it is an alias of; a target that its file lacks is looked for in the others."""
        unvisited = [other for other in reversed(self._files) if other is not file]
        current = file

        def find(name: str) -> Entry | None:
            nonlocal current
            found = current.find(name)
            while found is None and unvisited:
                current = unvisited.pop(0)
                found = current.find(name)
            return found

        return merged(entry, find)

    def _with_limits(self, file: DefinitionFile, name: str, definition: dict[str, Any]) -> dict[str, Any]:
        if "rate_limits" in definition:
            return definition
        for earlier in reversed(self._files[: self._files.index(file)]):
            entry = earlier.find(name)
            if entry is not None and "rate_limits" in (older := self._merged(earlier, entry)):
                return definition | {"rate_limits": older["rate_limits"]}
        return definition

    def _unknown(self, name: str) -> UnknownProvider:
        names = self.names()
        shown = name[:80]
        close = difflib.get_close_matches(shown, names, n=3)
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        return UnknownProvider(f"There is no provider named {shown!r}.{hint}", provider=shown)
