"""benchmarks/README.md and `python -m benchmarks`."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.__main__ import NAMES

FOLDER = Path(__file__).parents[2] / "benchmarks"


def test_every_benchmark_there_is_can_be_named_and_is_described() -> None:
    there = {file.stem for file in FOLDER.glob("*.py") if "\ndef run(" in file.read_text("utf-8")}
    described = re.findall(r"^\| `(\w+)` \|", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE)
    assert set(NAMES) == there == set(described)
