"""Who has which document checked out, and since when as far as anybody saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors import ConfigError, Problem
from connectors.authoring import Audited, finding_id
from connectors.paligo.library import Stored, identity

KIND = "checked-out"
DAY = 86_400  # seconds
DAYS = "checked_out_days"  # in the connection's metadata: how long a document may stay checked out
USUAL_DAYS = 14.0
_MOST_DAYS = 36_500


@dataclass(frozen=True)
class Checkout:
    """A document that is checked out."""

    user: str | None  # id, if the document says it
    since: int  # Unix seconds
    message: str


class Checkouts:
    """Paligo says who has a document checked out, and not since when. It is derived:

    1. An earlier audit found the same document checked out by the same user: its `since` stays.
    2. Otherwise the record's own history, where it came with it: when this form of it was stored.
    3. Otherwise now.
    """

    def __init__(self, given: Audited) -> None:
        self._now = int(given.now)
        self._names = {identity(user["id"]): str(user.get("name") or "") for user in given.records("User")}
        self._since = {
            identity(finding["id"]): int(finding["since"])
            for finding in given.records("Finding")
            if finding.get("kind") == KIND and finding.get("since") is not None
        }

    def of(self, document: Stored) -> Checkout | None:
        """The check-out of a document; None if it has none."""
        if str(document.get("checkout")).lower() != "true":
            return None
        user = identity(document.get("checkout_user")) or None
        earlier = self._since.get(finding_id(KIND, identity(document["id"]), user))
        since = min(earlier if earlier is not None else _stored_at(document, self._now), self._now)
        day = datetime.fromtimestamp(since, UTC).date().isoformat()
        return Checkout(user, since, f"checked out by {self._name(user)}, seen so since {day}")

    def _name(self, user: str | None) -> str:
        if user is None:
            return "somebody"
        name = self._names.get(user)
        return f"{name} (user {user})" if name else f"user {user}"


def _stored_at(document: Stored, now: int) -> int:
    history: Any = document.get("_metadata")
    text = history.get("last_modified_at") if isinstance(history, Mapping) else None
    return int(datetime.fromisoformat(text).timestamp()) if isinstance(text, str) else now


def days_of(given: Audited) -> float:
    """How many days a document may stay checked out. Raises `ConfigError` for metadata that cannot be used."""
    if given.checked_out_days is not None:
        return given.checked_out_days
    problems = check(given.metadata)
    if problems:
        raise ConfigError(problems=problems, next_step="Correct it in the connection's metadata.")
    value = given.metadata.get(DAYS)
    return USUAL_DAYS if value in (None, "") else float(value)


def check(metadata: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the days in a connection's metadata."""
    value = metadata.get(DAYS)
    if value in (None, "") or (_is_number(value) and 0 <= value <= _MOST_DAYS):
        return []
    return [Problem("metadata", DAYS, "Days checked out", f"must be a number of days up to {_MOST_DAYS:,}, such as 14")]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
