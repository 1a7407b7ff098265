"""What each action takes and gives, as JSON Schema files; put together from the table of operations.

`python -m connectors.paligo.contracts` writes them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from connectors import root
from connectors.paligo import outputs
from connectors.paligo.operations import READS, WRITES, Operation

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def input_schema(operation: Operation) -> dict[str, Any]:
    """What the action takes."""
    given = operation.given
    return {
        "$schema": _DIALECT,
        "title": f"{operation.name}, input",
        "description": operation.says,
        "type": "object",
        "required": [name for name, each in given.items() if each.required],
        "properties": {name: dict(each.schema) for name, each in given.items()},
        "additionalProperties": False,
    }


def output_schema(operation: Operation) -> dict[str, Any]:
    """What the action gives: an answer of Paligo by reference to its model, or what is made of it."""
    gives = operation.output or (outputs.model(operation.model) if operation.model else outputs.DELETED)
    return {"$schema": _DIALECT, "title": f"{operation.name}, output", **gives}


def files() -> dict[str, str]:
    """The schema files of all actions: name and content."""
    made = {}
    for operation in (*WRITES, *READS):
        for side, schema in (("input", input_schema(operation)), ("output", output_schema(operation))):
            made[f"{operation.name}.{side}.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return made


def write(folder: Path) -> list[Path]:
    """Write the schema files, remove those of actions that are no more, and say which were written."""
    folder.mkdir(parents=True, exist_ok=True)
    made = files()
    for old in folder.glob("*.json"):
        if old.name not in made:
            old.unlink()
    for name, content in made.items():
        (folder / name).write_text(content, encoding="utf-8")
    return [folder / name for name in made]


if __name__ == "__main__":
    for file in write(root() / "schemas" / "paligo" / "actions"):
        print(file)  # noqa: T201 - a command
