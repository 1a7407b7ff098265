"""Finds connectors: the built-in one, those of installed packages, and folders."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from connectors.authoring import Action, Audit, Event, Sync
from connectors.authoring.action import check_name
from connectors.authoring.address import Address
from connectors.errors import ConfigError, ConnectorError, InputError, Problem, UnknownFunction

if TYPE_CHECKING:
    from connectors.runtime.catalog import Catalog
    from connectors.runtime.models import Models

GROUP = "connectors"  # of entry points
BUILT_IN = {"paligo": "connectors.paligo"}  # also where the package runs from a clone without an install
_ATTRIBUTE = "connector"


@dataclass(frozen=True)
class Connector:
    """One connector: definitions of its providers, schemas of its models, and its functions."""

    definitions: Path | None = None  # a providers.yaml; None: beside the package
    schemas: Path | None = None  # a folder with PROVIDER/MODEL.json; None: beside the package
    functions: tuple[Sync | Action, ...] = ()
    metadata: Callable[[Mapping[str, Any]], Sequence[Problem]] | None = None  # what is wrong with a connection's
    audit: Audit | None = None  # what is wrong with stored content
    events: Callable[[bytes, Mapping[str, str]], Sequence[Event]] | None = None  # of a request to a webhook


@dataclass(frozen=True)
class Found:
    """A connector where it was found."""

    name: str  # the provider that its functions are for
    connector: Connector
    definitions: Path
    schemas: Path


class Registry:
    """All connectors of a process."""

    def __init__(self, found: Sequence[Found]) -> None:
        self._found = list(found)
        self._syncs: dict[tuple[str, str], Sync] = {}
        self._actions: dict[tuple[str, str], Action] = {}
        for item in found:
            _check_names(item)
            for function in item.connector.functions:
                if isinstance(function, Action):
                    self._actions[item.name, function.name] = function
                else:
                    self._syncs[item.name, function.name] = function
        self._check()

    @classmethod
    def load(cls, paths: Iterable[Path] = ()) -> Registry:
        """The connectors of entry points, then those of folders; of one name, the last counts.

        A folder is a connector's package, or holds such packages. Raises `InputError` for one that
        holds none.
        """
        modules = BUILT_IN | {point.name: point.module for point in entry_points(group=GROUP)}
        found = {name: _found(name, importlib.import_module(module)) for name, module in modules.items()}
        for path in paths:
            for folder in _packages(path):
                found[folder.name] = _found(folder.name, _import(folder))
        return cls(list(found.values()))

    def syncs(self, provider: str) -> list[Sync]:
        """The syncs of a provider, in the order of its connector."""
        return [sync for (owner, _), sync in self._syncs.items() if owner == provider]

    def sync(self, provider: str, name: str) -> Sync:
        """One sync. Raises `UnknownFunction` that names close ones, or those there are."""
        found = self._syncs.get((provider, name))
        if found is None:
            raise UnknownFunction(f"{provider} has no sync {name!r}{_hint(name, self.syncs(provider))}")
        return found

    @property
    def providers(self) -> list[str]:
        """The providers that connectors bring functions for, by name."""
        return sorted(item.name for item in self._found)

    def actions(self, provider: str) -> list[Action]:
        """The actions of a provider, by name."""
        return [self._actions[key] for key in sorted(self._actions) if key[0] == provider]

    def action(self, provider: str, name: str) -> Action:
        """One action. Raises `UnknownFunction` that names close ones, or those there are."""
        found = self._actions.get((provider, name))
        if found is None:
            raise UnknownFunction(f"{provider} has no action {name!r}{_hint(name, self.actions(provider))}")
        return found

    def at(self, provider: str, method: str, path: str) -> Sync | Action | None:
        """The function of a provider that declares this endpoint."""
        functions: list[Sync | Action] = [*self.syncs(provider), *self.actions(provider)]
        return next((each for each in functions if each.endpoint == Address(method, path)), None)

    def check_metadata(self, provider: str, metadata: Mapping[str, Any]) -> None:
        """Raises `ConfigError` with all that the provider's connector finds wrong with a connection's metadata."""
        for item in self._found:
            if item.name == provider and item.connector.metadata is not None:
                problems = item.connector.metadata(metadata)
                if problems:
                    raise ConfigError(problems=problems, next_step="Correct these values, or leave them out.")

    def audit(self, provider: str) -> Audit:
        """The audit of a provider's stored content. Raises `UnknownFunction` if its connector brings none."""
        for item in self._found:
            if item.name == provider and item.connector.audit is not None:
                return item.connector.audit
        raise UnknownFunction(
            f"{provider} has no audit", next_step="See which checks the connector's documentation offers instead."
        )

    def events(self, provider: str) -> Callable[[bytes, Mapping[str, str]], Sequence[Event]] | None:
        """What reads the events that a provider sends; None if its connector knows of none."""
        for item in self._found:
            if item.name == provider:
                return item.connector.events
        return None

    @cached_property
    def models(self) -> Models:
        """The record schemas of all connectors; each is read and compiled on first use."""
        from connectors.runtime.models import Models

        return Models([item.schemas for item in self._found])

    def catalog(self, extra: Iterable[Path] = ()) -> Catalog:
        """The definitions of all connectors; `extra` files win by provider name."""
        from connectors.runtime.catalog import Catalog

        files = dict.fromkeys([*(item.definitions for item in self._found), *extra])
        return Catalog(list(files))

    def _check(self) -> None:
        for item in self._found:
            placed = Counter(each.endpoint for each in item.connector.functions if each.endpoint is not None)
            twice = [f"{each.method} {each.path}" for each, times in placed.items() if times > 1]
            if twice:
                raise InputError(f"{item.name}: several functions have the endpoint {twice[0]}")
        for (provider, name), sync in self._syncs.items():
            owners = [other.name for other in self.syncs(provider) if other.model == sync.model]
            if len(owners) > 1:
                raise InputError(f"{provider}: the model {sync.model} belongs to several syncs: {', '.join(owners)}")
            if sync.needs is not None and (provider, sync.needs) not in self._syncs:
                raise InputError(f"{provider}: the sync {name} needs {sync.needs!r}, which there is not")


def _hint(name: str, functions: Sequence[Sync | Action]) -> str:
    """The end of a message about a name that there is not."""
    names = [function.name for function in functions]
    close = get_close_matches(name, names)
    if close:
        return f"; did you mean {' or '.join(close)}?"
    return f"; it has: {', '.join(names) or 'none'}"


def default_catalog(extra: Iterable[Path] = ()) -> Catalog:
    """The definitions of all connectors of this process, and those of `extra` files."""
    return Registry.load().catalog(extra)


def _check_names(found: Found) -> None:
    """A connector's syncs have names of their own, and so have its actions."""
    functions = found.connector.functions
    for action in functions:
        if isinstance(action, Action):
            check_name(action.name)
    ((twice, times),) = Counter((type(each), each.name) for each in functions).most_common(1) or [((Sync, ""), 0)]
    if times > 1:
        raise InputError(f"{found.name}: several functions are called {twice[1]!r}")


def _found(name: str, module: ModuleType) -> Found:
    connector = getattr(module, _ATTRIBUTE, None)
    if not isinstance(connector, Connector):
        raise InputError(f"{module.__name__} has no `{_ATTRIBUTE} = Connector(…)`")
    folder = Path(module.__file__ or ".").parent
    return Found(
        name, connector, connector.definitions or folder / "providers.yaml", connector.schemas or folder / "schemas"
    )


def _packages(path: Path) -> list[Path]:
    path = path.resolve()  # the folder's name is the connector's, also of "."
    if (path / "__init__.py").is_file():
        return [path]
    packages = sorted(file.parent for file in path.glob("*/__init__.py"))
    if not packages:
        raise InputError(
            f"{path} holds no connector",
            next_step="Name a folder with an __init__.py that has `connector = Connector(…)`, or a folder of such.",
        )
    return packages


def _import(folder: Path) -> ModuleType:
    name = f"connectors_of_folder.{folder.name}"
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise InputError(f"{folder} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # a connector is somebody else's code and may raise anything
        kind = "" if isinstance(error, ConnectorError) else f"{type(error).__name__}: "
        what = error.msg if isinstance(error, SyntaxError) else error
        raise InputError(
            f"the connector in {folder} cannot be imported: {_place(error, folder)}{kind}{what}",
            next_step="Mend its code, or leave the folder out.",
        ) from error
    return module


def _place(error: Exception, folder: Path) -> str:
    """The last line of the author's that led to the error."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [(frame.filename, frame.lineno) for frame in frames if Path(frame.filename).is_relative_to(folder)]
    if isinstance(error, SyntaxError) and error.filename:
        lines.append((error.filename, error.lineno))
    return "" if not lines else f"{lines[-1][0]}, line {lines[-1][1]}: "
