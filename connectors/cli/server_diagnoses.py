"""What `connectors doctor` looks at for those who run a server: packages, exposure, disk, clock."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from connectors.cli.choices import Choices
from connectors.cli.diagnosis import Diagnosis
from connectors.cli.starting import EXPOSED, SKEWED, clock_difference
from connectors.engine.exposure import exposed
from connectors.engine.setting_values import PostgresUrl

_EXTRAS = (
    ("server", "`connectors serve`", ("starlette", "uvicorn", "jinja2")),
    ("postgres", "a database on PostgreSQL", ("psycopg", "procrastinate")),
)
_LOW = 500_000_000  # bytes free; what a database of some ten thousand documents may grow by
_NONE = 10_000_000


def extras(choices: Choices) -> Iterator[Diagnosis]:
    """The packages that only some need."""
    del choices
    for extra, what, names in _EXTRAS:
        for name in names:
            try:
                text = version(name)
            except PackageNotFoundError:
                text = f"not installed; {what} needs it: pip install 'connectors[{extra}]'"
            yield Diagnosis("Versions", name, text)


def server(choices: Choices) -> Iterator[Diagnosis]:
    """Whether others can reach the server, how full the disk is, and whether the clocks agree."""
    settings = choices.settings
    wide = exposed(settings)
    place = f"{settings.value('CONNECTORS_HOST')}:{settings.value('CONNECTORS_PORT')}"
    step = "Set CONNECTORS_PUBLIC_URL to the https address of the proxy before it." if wide else None
    yield Diagnosis("Server", "listens", f"at {place}" + (f"; {EXPOSED}" if wide else ""), next_step=step, warning=wide)
    yield from _disk(choices)
    if isinstance(settings.database, PostgresUrl):
        yield from _clock(settings.database)


def _disk(choices: Choices) -> Iterator[Diagnosis]:
    database = choices.settings.database
    folders = [choices.settings.home, *([database.parent] if isinstance(database, Path) else [])]
    for folder in dict.fromkeys(_existing(folder) for folder in folders):
        free = shutil.disk_usage(folder).free
        low = free < _LOW
        step = "Make room: without any, nothing is stored and runs fail." if low else None
        text = f"{free / 1e6:,.0f} MB free at {folder}"
        yield Diagnosis("Server", "disk", text, problem=free < _NONE, next_step=step, warning=low)


def _existing(folder: Path) -> Path:
    return next((place for place in (folder, *folder.parents) if place.exists()), folder)


def _clock(where: PostgresUrl) -> Iterator[Diagnosis]:
    ahead = clock_difference(where)
    if ahead is None:
        return  # the look at the database says that it is out of reach
    wrong = abs(ahead) > SKEWED
    step = "Let one time service (NTP) set the clocks of all machines." if wrong else None
    text = f"the database's is {abs(ahead):.1f} s {'ahead' if ahead > 0 else 'behind'}"
    yield Diagnosis("Server", "clock", text, problem=wrong, next_step=step)
