"""python -m tests.compat.oracle FOLDER [--only FILE] [--case ID] [--providers FILE] [--verbose]."""

import argparse
import sys
from collections import Counter
from pathlib import Path

from connectors import Catalog, ConnectorError

from . import reference
from .runner import SUFFIX, Outcome, files_of, name_of, needs_reference, run_file
from .verdict import shown


def main() -> int:
    """Run a folder's cases and print what came of them. 1: a case failed; 2: wrong usage."""
    parser = _parser()
    given = parser.parse_args()
    paths = files_of(given.folder)
    if given.only:
        paths = [path for path in paths if name_of(path) == given.only.removesuffix(SUFFIX)]
    if not paths:
        parser.error(f"{given.folder} holds no {given.only or f'*{SUFFIX}'}")
    providers = _providers(parser, given.providers, paths)
    outcomes = []
    for path in paths:
        outcome = run_file(path, providers, given.case)
        if outcome.count or outcome.unusable or not given.case:
            outcomes.append(outcome)
            _print(outcome, given.verbose)
    if not outcomes:
        parser.error(f"no case is called {given.case}")
    return _finish(outcomes, limits=not given.case)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.compat.oracle", description=main.__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help=f"where the *{SUFFIX} files are")
    parser.add_argument("--only", metavar="FILE", help="one file, with or without its suffix")
    parser.add_argument("--case", metavar="ID", help="one case; the limits are not looked at then")
    parser.add_argument("--providers", type=Path, metavar="FILE", help="the reference's providers.yaml")
    parser.add_argument("--verbose", action="store_true", help="also name each case that differs by a rule")
    return parser


def _providers(parser: argparse.ArgumentParser, named: Path | None, paths: list[Path]) -> Catalog | None:
    if not any(needs_reference(path) for path in paths):
        return None
    path = named or reference.known() or reference.fetched()
    if path is None:
        parser.error(reference.HOW)
    try:
        catalog = Catalog([path])
        catalog.names()
    except ConnectorError as error:
        parser.error(f"{error.message} {reference.HOW}")
    return catalog


def _print(outcome: Outcome, verbose: bool) -> None:
    differs = [f"{rule} {count} ({outcome.share(rule):.1f} %)" for rule, count in sorted(outcome.differs.items())]
    print(f"{outcome.file:28}{_sums(outcome.passed, differs, outcome.failed)}", flush=True)  # noqa: T201
    lines = [f"  differs  {name}: {rule}" for name, rule in outcome.differing] if verbose else []
    lines += [f"  failed   {outcome.file}: {outcome.unusable}"] if outcome.unusable else []
    for name, failure in outcome.failures:
        lines += [
            f"  failed   {name}",
            f"    expected {shown(failure.expected)}",
            f"    actual   {shown(failure.actual)}",
        ]
    for line in lines:
        print(line)  # noqa: T201


def _sums(passed: int, differs: list[str], failed: int) -> str:
    return f"{passed:5} passed, differs: {', '.join(differs) or 'none'}, {failed} failed"


def _finish(outcomes: list[Outcome], *, limits: bool) -> int:
    exceeded = [problem for outcome in outcomes for problem in outcome.exceeded()] if limits else []
    for problem in exceeded:
        print(f"over limit: {problem}")  # noqa: T201
    rules: Counter[str] = sum((outcome.differs for outcome in outcomes), Counter())
    count = sum(outcome.count for outcome in outcomes)
    differs = [f"{rule} {times} ({100 * times / count:.1f} %)" for rule, times in sorted(rules.items())]
    failed = sum(outcome.failed for outcome in outcomes)
    print(f"{'total':28}{_sums(sum(outcome.passed for outcome in outcomes), differs, failed)}")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
