"""An action's memory: a small map that is saved as it changes."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from connectors.engine.store.connections import StoredConnection
from connectors.engine.store.memories import MemoryRows
from connectors.errors import ActionError
from connectors.runtime.canonical import dumps, loads

LARGEST = 64 * 1024  # characters of JSON


class Memory(MutableMapping[str, Any]):
    """What an action of a connection remembers. Setting and deleting save at once."""

    def __init__(self, rows: MemoryRows, stored: StoredConnection, action: str) -> None:
        self._rows = rows
        self._place = (stored.environment, stored.key, action)
        self._values = rows.get(*self._place)
        self._saved = {name: dumps(value) for name, value in self._values.items()}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        text = self._text(name, value)
        self._check({**self._saved, name: text})
        self._rows.change(*self._place, {name: loads(text)})
        self._values[name], self._saved[name] = value, text

    def __delitem__(self, name: str) -> None:
        del self._values[name]
        self._rows.change(*self._place, {}, without=[name])
        self._saved.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def save(self) -> None:
        """Save values that were changed in place. Raises `ActionError` for what cannot be remembered."""
        for name, value in list(self._values.items()):
            if self._text(name, value) != self._saved[name]:
                self[name] = value

    def _text(self, name: str, value: Any) -> str:
        try:
            text = dumps(value)
        except (TypeError, ValueError, RecursionError):
            text = None
        if text is None or not isinstance(name, str):
            raise ActionError(f"an action remembers JSON under names, not a {type(value).__name__} under {name!r}")
        return text

    def _check(self, texts: dict[str, str]) -> None:
        size = sum(len(name) + len(text) for name, text in texts.items())
        if size > LARGEST:
            raise ActionError(
                f"an action remembers at most {LARGEST:,} characters, not {size:,}",
                next_step="Remember ids, not what they stand for.",
            )
