"""What came of one case."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from connectors import ConnectorError

from .rules import REFUSALS


@dataclass(frozen=True)
class Same:
    """The reference's result."""


@dataclass(frozen=True)
class Differs:
    """Another result, by a named rule whose predicate holds for the case's input."""

    rule: str


@dataclass(frozen=True)
class Failed:
    """Another result, and no rule says so. Both are shown as they stand in the case."""

    expected: Any
    actual: Any


Verdict = Same | Differs | Failed


def judge(
    same: bool,
    expected: Any,
    actual: Any,
    rules: Iterable[tuple[str, bool]] = (),
    error: ConnectorError | None = None,
) -> Verdict:
    """The verdict on one case.

    `rules` are names with what their predicates say of the case's input. A rule that refuses excuses
    only its own refusal (`rules.REFUSALS`), so `error` is the error that was raised, if one was.
    """
    if same:
        return Same()
    for name, holds in rules:
        if holds and (name not in REFUSALS or isinstance(error, REFUSALS[name])):
            return Differs(name)
    return Failed(expected, refused(error) if error is not None and actual is None else actual)


def refused(error: ConnectorError) -> dict[str, str]:
    """An error of ours, as it is shown beside what the reference did."""
    code = error.facts.get("reference_code")
    return {"error": f"{type(error).__name__}: {error.message}", **({"reference_code": code} if code else {})}


def shown(value: Any) -> str:
    """A value as it would stand in a case."""
    return json.dumps(value, ensure_ascii=False, default=repr)
