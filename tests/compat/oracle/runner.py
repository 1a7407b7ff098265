"""Runs the cases of a folder's files and counts the verdicts."""

import gzip
import importlib
import importlib.util
import json
import traceback
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors import Catalog

from .rules import OTHERS, RULES, limit
from .verdict import Differs, Failed, Same, Verdict
from .world import World

SUFFIX = ".json.gz"
Comparer = Callable[[dict[str, Any], World], Verdict]


class Unusable(Exception):
    """A file cannot be run; the text says why."""


@dataclass
class Outcome:
    """What came of one file."""

    file: str  # without its suffix
    passed: int = 0
    differs: Counter[str] = field(default_factory=Counter)
    differing: list[tuple[str, str]] = field(default_factory=list)  # id of the case, rule
    failures: list[tuple[str, Failed]] = field(default_factory=list)  # id of the case
    unusable: str = ""  # why the file as a whole could not be run

    @property
    def count(self) -> int:
        """How many cases were run."""
        return self.passed + sum(self.differs.values()) + len(self.failures)

    @property
    def failed(self) -> int:
        """How many failed; a file that cannot be run counts as one."""
        return len(self.failures) + bool(self.unusable)

    def share(self, rule: str) -> float:
        """How many percent of the cases differ by a rule."""
        return 100 * self.differs[rule] / self.count if self.count else 0.0

    def exceeded(self, besides: Collection[str] = ()) -> list[str]:
        """The limits that more cases than allowed differ by, each as a sentence; rules `besides` do not count."""
        limits = {rule: limit(self.file, rule) for rule in self.differs if rule not in besides}
        problems = [
            f"{self.file}: {rule} in {self.share(rule):.1f} % of the cases, at most {most:g} % allowed"
            for rule, most in limits.items()
            if most is not None and self.share(rule) > most
        ]
        others = sum(self.share(rule) for rule, most in limits.items() if most is None)
        if others >= OTHERS:
            problems.append(f"{self.file}: other rules in {others:.1f} % of the cases, under {OTHERS:g} % allowed")
        return problems


def files_of(folder: Path) -> list[Path]:
    """The files of a folder that hold cases."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def name_of(path: Path) -> str:
    """The name of a file of cases, as its comparer has it."""
    return path.name.removesuffix(SUFFIX)


def run_file(path: Path, providers: Catalog | None, only: str | None = None) -> Outcome:
    """Run every case of a file, or the one with that id. What goes wrong is part of the outcome."""
    outcome = Outcome(name_of(path))
    try:
        comparer = _comparer(outcome.file)
        content, cases = read(path)
    except Unusable as error:
        outcome.unusable = str(error)
        return outcome
    world = World(providers, content)
    for case in cases:
        if only is None or case.get("id") == only:
            _note(outcome, case, _verdict(comparer, case, world))
    return outcome


def needs_reference(path: Path) -> bool:
    """Whether some case names a definition of the reference's file instead of bringing its own."""
    try:
        return any("provider" in case and "definition" not in case for case in read(path)[1])
    except Unusable:
        return False


def read(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A file without its cases, and its cases."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise Unusable(f"the file cannot be read: {type(error).__name__}: {error}") from error
    cases = content.pop("cases", None) if isinstance(content, dict) else None
    if not isinstance(cases, list) or not all(isinstance(case, dict) for case in cases):
        raise Unusable("the file cannot be read: it holds no list of cases")
    return content, cases


def _comparer(name: str) -> Comparer:
    module = f"{__package__}.{name}"
    if not name.isidentifier() or importlib.util.find_spec(module) is None:
        raise Unusable(f"there is no comparer tests/compat/oracle/{name}.py")
    try:
        found: Comparer = importlib.import_module(module).run
    except AttributeError:
        raise Unusable(f"there is no comparer tests/compat/oracle/{name}.py") from None
    except ImportError as error:
        raise Unusable(f"the comparer tests/compat/oracle/{name}.py cannot be loaded: {error}") from error
    return found


def _verdict(comparer: Comparer, case: dict[str, Any], world: World) -> Verdict:
    try:
        return comparer(case, world)
    except Exception as error:  # noqa: BLE001 - whatever a case makes of our code is that case's failure
        return Failed(case.get("expected"), {"raised": traceback.format_exception_only(error)[-1].strip()})


def _note(outcome: Outcome, case: Mapping[str, Any], verdict: Verdict) -> None:
    name = str(case.get("id"))
    match verdict:
        case Same():
            outcome.passed += 1
        case Differs(rule) if rule in RULES:
            outcome.differs[rule] += 1
            outcome.differing.append((name, rule))
        case Differs(rule):
            outcome.failures.append((name, Failed(case.get("expected"), {"unknown rule": rule})))
        case Failed():
            outcome.failures.append((name, verdict))
