"""What must hold for a new or changed row, beyond the kinds of its fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .account import Row
from .bodies import KINDS
from .call import Call
from .exchange import Refusal

NUMBERS = ("color", "start_date", "end_date")  # as the row holds them; digits in a text are taken too


def _taxonomy(call: Call, row: Row) -> None:
    """None hangs under itself."""
    above: Row | None = {"parent": row.get("parent", 0)}
    while above and above["parent"]:
        if above["parent"] == row.get("id"):
            raise Refusal(422, "A taxonomy cannot be below itself.")
        above = call.account.find(above["parent"], "taxonomies")


def _variable(call: Call, row: Row) -> None:
    """Its type stays, except between text and translation."""
    before = call.account.find(call.key, "variables") if call.key else None
    if before and before["type"] != row["type"] and {before["type"], row["type"]} != {"text", "translation"}:
        raise Refusal(422, "This change of type is not possible.")


def _value(call: Call, row: Row) -> None:
    """Variable and variant are of one set, the value is of the variable's type, and there is one for each pair."""
    tables, value = call.account.tables, row["value"]
    variable, variant = tables["variables"][row["variable_id"]], tables["variants"][row["variant_id"]]
    if variable["variable_set_id"] != variant["variable_set_id"]:
        raise Refusal(422, "Variable and variant are of different sets.")
    if variable["type"] == "image":
        fits = isinstance(value, dict) and value.keys() == {"id"} and bool(call.account.find(value["id"], "images"))
    else:
        fits = KINDS["translations" if variable["type"] == "translation" else "text"](value)
    if not fits:
        raise Refusal(422, f"This is no value of type {variable['type']}.")
    pair, values = (row["variable_id"], row["variant_id"]), tables["variablevalues"].values()
    if not call.key and pair in [(each["variable_id"], each["variant_id"]) for each in values]:
        raise Refusal(422, "This variable has a value for this variant.")


def _assignment(call: Call, row: Row) -> None:
    """Its people exist."""
    for kind, keys in row.get("assignees", {}).items():
        if not all(call.account.find(key, kind) for key in keys):
            raise Refusal(422, "assignees names nobody.")


RULES: dict[str, Callable[[Call, Row], None]] = {
    "taxonomies": _taxonomy,
    "variables": _variable,
    "variablevalues": _value,
    "assignments": _assignment,
}


def fitting(call: Call, row: Row) -> dict[str, Any]:
    """The fields that a body sets in a row, under their names there. Raises Refusal 422 if they do not go together."""
    fields = call.fields()
    if call.table in RULES:
        RULES[call.table](call, {**row, **fields})
    made: dict[str, Any] = {key: int(value) if key in NUMBERS else value for key, value in fields.items()}
    if "document" in made:
        made["document_id"] = made.pop("document")
    people = made.pop("assignees", {})
    return made | {kind: [int(key) for key in keys] for kind, keys in people.items()}
