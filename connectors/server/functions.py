"""Syncs and actions as they are told: what each takes and gives, and what a client of older days asks of it."""

from __future__ import annotations

import inspect
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.authoring import Action, Sync
from connectors.engine.frequency import written
from connectors.server.routes.shapes import when

if TYPE_CHECKING:
    from connectors.runtime.models import Model, Models

Function = Sync | Action


def kind(function: Function) -> str:
    """`sync` or `action`."""
    return "sync" if isinstance(function, Sync) else "action"


def as_template(function: Function, models: Models, provider: str) -> dict[str, Any]:
    """A function as a connector brings it."""
    told: dict[str, Any] = {
        "name": function.name,
        "type": kind(function),
        "description": function.description,
        "scopes": [],
    }
    if isinstance(function, Sync):
        schema = bare(models.get(provider, function.model))
        return {
            **told,
            "returns": [function.model],
            "json_schema": {"definitions": {function.model: schema}},
            "runs": written(function.every),
            "auto_start": function.auto_start,
            "track_deletes": function.deletes == "absent",
        }
    contract = models.action(provider, function.name)
    given, gives = f"{function.name}.input", f"{function.name}.output"
    schemas = {given: bare(contract.input), gives: bare(contract.output)}
    return {**told, "input": given, "returns": [gives], "json_schema": {"definitions": schemas}}


def as_listed(function: Function, models: Models, provider: str) -> dict[str, Any]:
    """A function as an integration has it."""
    return {**as_template(function, models, provider), **_availability(function, provider)}


def as_script(function: Function, models: Models, provider: str) -> dict[str, Any]:
    """A function with all that older clients know of one; what connectors do not know is empty."""
    is_sync = isinstance(function, Sync)
    full = "full" if isinstance(function, Sync) and function.deletes == "absent" else "incremental"
    return {
        "runs": None,
        "auto_start": None,
        "track_deletes": False,
        "input": None,
        **as_listed(function, models, provider),
        "version": "1.0.0",
        "sync_type": full if is_sync else None,
        "endpoints": [] if function.endpoint is None else [function.endpoint.to_dict()],
        "metadata": {"description": function.description, "scopes": []},
        "attributes": {},
        "webhookSubscriptions": [],
        "sdk_version": None,
        "features": ["checkpoints"] if is_sync else [],
    }


def code(function: Function) -> str | None:
    """The Python source of a function; None where there is none to read."""
    try:
        return inspect.getsource(inspect.unwrap(function.function))
    except (OSError, TypeError):
        return None


def bare(model: Model) -> dict[str, Any]:
    """A schema without the name by which schemas find each other here."""
    return {name: value for name, value in model.schema.items() if name != "$id"}


def _availability(function: Function, provider: str) -> Mapping[str, Any]:
    place = f"{provider}/{kind(function)}/{function.name}"
    return {
        "id": zlib.crc32(place.encode()),  # a number that stays the same, wherever and whenever it is asked for
        "enabled": True,
        "last_deployed": _changed(function.function),
        "source": "repo",
    }


def _changed(function: Callable[..., Any]) -> str:
    """When the file that a function stands in was last changed."""
    try:
        return when(Path(inspect.getsourcefile(inspect.unwrap(function)) or "").stat().st_mtime)
    except (OSError, TypeError):
        return when(0.0)
