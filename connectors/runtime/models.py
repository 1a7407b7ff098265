"""Models: the contract of a sync's records, one JSON Schema (2020-12) file each.

jsonschema-rs answers "valid?" for each record; where it says no, jsonschema is the judge and words the error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.errors import DefinitionError, UnknownFunction
from connectors.runtime.formats import FORMATS
from connectors.runtime.schema_files import bundle, read_schema
from connectors.runtime.wording import describe

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

_LONGEST_CHAIN = 10  # references from one part of a schema to the next
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class Model:
    """The schema of one kind of record, compiled on first use and then shared by all threads."""

    def __init__(self, name: str, schema: Mapping[str, Any], source: str = "its schema") -> None:
        self.name = name
        self.schema = dict(schema)
        self.source = source  # the file's name, for messages

    def __repr__(self) -> str:
        return f"<Model {self.name}>"

    def problem(self, record: Mapping[str, Any]) -> str | None:
        """None if the record keeps the contract; else where it first breaks it, what is expected, and what is there.

        A value is shown cut short. Raises DefinitionError if the schema itself cannot be used.
        """
        plain = record if isinstance(record, dict) else dict(record)
        if self._is_valid is not None and self._says_valid(self._is_valid, plain):
            return None
        return self._judged(plain)

    def problems(self, value: Any, *, at_most: int = 20) -> list[str]:
        """Everything that breaks the contract, as `problem` words it; empty if it is kept."""
        if isinstance(value, dict) and self._is_valid is not None and self._says_valid(self._is_valid, value):
            return []
        return [describe(error) for error in islice(self._errors(value), at_most)]

    @staticmethod
    def _says_valid(is_valid: Callable[[Any], bool], record: dict[str, Any]) -> bool:
        try:
            return is_valid(record)
        except (ValueError, TypeError, RecursionError):
            return False  # it cannot read such a value; the judge can

    def _judged(self, record: dict[str, Any]) -> str | None:
        try:
            error = next(self._errors(record), None)
        except RecursionError:
            return "it is nested too deep"
        return describe(error) if error is not None else None

    def _errors(self, value: Any) -> Iterator[ValidationError]:
        from referencing.exceptions import Unresolvable

        try:
            yield from self._judge.iter_errors(value)
        except Unresolvable as error:
            raise DefinitionError(f"{self.source} refers to {error.ref}, which is not there.") from None

    @cached_property
    def _is_valid(self) -> Callable[[Any], bool] | None:
        import jsonschema_rs

        try:
            validator = jsonschema_rs.Draft202012Validator(
                self.schema, formats=dict(FORMATS), validate_formats=True, offline=True
            )
        except (ValueError, TypeError):
            return None  # a schema that engine refuses goes to the judge alone
        return validator.is_valid

    @cached_property
    def _judge(self) -> Draft202012Validator:
        from jsonschema import Draft202012Validator, FormatChecker
        from jsonschema.exceptions import SchemaError
        from referencing import Registry

        try:
            Draft202012Validator.check_schema(self.schema)
        except SchemaError as error:
            raise DefinitionError(f"{self.source} is not a JSON Schema: {describe(error)}", file=self.source) from None
        checker = FormatChecker(formats=())
        for name, check in FORMATS.items():
            checker.checks(name)(check)
        # A registry of our own: an unknown reference is an error, never a download.
        return Draft202012Validator(self.schema, format_checker=checker, registry=Registry())


@dataclass(frozen=True)
class Contract:
    """What an action takes and gives."""

    input: Model
    output: Model


class Models:
    """Finds `<folder>/<provider>/<Model>.json`; of several folders the last that has it wins."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._known: dict[tuple[str, str], Model] = {}
        self._contracts: dict[tuple[str, str], Contract] = {}

    def get(self, provider: str, model: str) -> Model:
        """The model of that name. Raises UnknownFunction with the known names, DefinitionError for a broken file."""
        key = (provider, model)
        if key not in self._known:
            self._known[key] = self._load(provider, model)
        return self._known[key]

    def names(self, provider: str) -> list[str]:
        """The models that a provider has."""
        if not _NAME.fullmatch(provider):
            return []
        return sorted({file.stem for folder in self._folders for file in (folder / provider).glob("*.json")})

    def action(self, provider: str, action: str) -> Contract:
        """The schemas of an action's input and output. Raises DefinitionError if a file is missing or broken."""
        key = (provider, action)
        if key not in self._contracts:
            roots = [folder / provider for folder in self._folders]
            sides = (f"actions/{action}.{side}.json" for side in ("input", "output"))
            given, result = (Model(action, bundle(roots, file), file) for file in sides)
            self._contracts[key] = Contract(given, result)
        return self._contracts[key]

    def _place(self, provider: str) -> Path:
        """Where the schemas of a provider are, or would be."""
        folders = [folder / provider for folder in self._folders]
        return next((folder for folder in reversed(folders) if folder.is_dir()), folders[-1])

    def _load(self, provider: str, model: str) -> Model:
        known = self.names(provider)
        if model not in known:
            names = f"known: {', '.join(known)}" if known else "it has none"
            raise UnknownFunction(
                f"{provider} has no model {model!r}; {names}.",
                known=known,
                next_step=f"Write its schema, a JSON Schema, to {self._place(provider) / f'{model}.json'}.",
            )
        files = (folder / provider / f"{model}.json" for folder in reversed(self._folders))
        file = next(file for file in files if file.is_file())
        schema = read_schema(file)
        _check_id(schema, str(file))
        return Model(model, schema, str(file))


def _check_id(schema: Mapping[str, Any], source: str) -> None:
    """Raises DefinitionError for a schema that no record could keep: an id is stored, and so checked, as text."""
    fields = schema.get("properties")
    found = _told(schema, fields.get("id") if isinstance(fields, Mapping) else None)
    types = found.get("type", "string")
    if "string" not in ([types] if isinstance(types, str) else types):
        said = types if isinstance(types, str) else ", ".join(map(str, types))
        raise DefinitionError(
            f'{source} allows only {said} as "id", but ids are text before they are checked: 7 is "7". '
            "It would reject every record.",
            file=source,
            next_step='Write {"type": ["integer", "string"]} for the id, or leave its type out.',
        )


def _told(schema: Mapping[str, Any], part: Any) -> Mapping[str, Any]:
    """What a part of a schema says, or what it refers to in the same file."""
    for _ in range(_LONGEST_CHAIN):
        if not isinstance(part, Mapping):
            return {}
        reference = part.get("$ref")
        if "type" in part or not isinstance(reference, str) or not reference.startswith("#/"):
            return part
        part = schema
        for name in reference[2:].split("/"):
            part = part.get(name) if isinstance(part, Mapping) else None
    return {}
