"""Prints results as one table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.measure import Result

_HEAD = ("name", "ours", "floor", "ratio", "goal", "", "the floor is")
_RIGHT = (1, 2, 3, 4)  # columns with numbers
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def show(results: Iterable[Result]) -> None:
    """Print the results, and under them where the goals come from."""
    found = list(results)
    cells = [_HEAD, *(_cells(result) for result in found)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEAD))]
    for row in cells:
        print(_line(row, widths))
    goals = {result.name: result.goal.source for result in found if result.goal}
    if goals:
        print("\nGoals:")
        for name, source in goals.items():
            print(f"  {name}: {source}")


def _cells(result: Result) -> tuple[str, ...]:
    goal = f"≤ {_number(result.goal.ratio)}" if result.goal else ""
    verdict = "" if not result.goal else "kept" if result.ratio <= result.goal.ratio else "MISSED"
    return (
        result.name,
        _time(result.ours),
        _time(result.floor),
        _number(result.ratio),
        goal,
        verdict,
        result.against,
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = zip(row, widths, strict=True)
    return "  ".join(
        cell.rjust(width) if column in _RIGHT else cell.ljust(width) for column, (cell, width) in enumerate(cells)
    ).rstrip()


def _number(ratio: float) -> str:
    return f"{ratio:.4f}" if ratio < 0.1 else f"{ratio:.2f}"


def _time(seconds: float) -> str:
    size, unit = next((unit for unit in _UNITS if seconds >= unit[0]), _UNITS[-1])
    return f"{seconds / size:.3g} {unit}" if seconds / size < 100 else f"{seconds / size:,.0f} {unit}"
