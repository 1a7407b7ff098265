"""How a connector brings an audit: a function over what is stored, which yields findings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning", "notice"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "notice")  # worst first
NOT_CHECKED = "not-checked"  # the kind that says what could not be checked; its `target` is that kind


@dataclass(frozen=True)
class Finding:
    """One thing that an audit found."""

    id: str  # the same in every audit that finds the same thing; see `finding_id`
    kind: str  # one of the audit's kinds
    severity: Severity
    message: str  # what is wrong, for people
    document_id: str | None = None  # of the document that it is about
    title: str | None = None  # of what it is about, for people
    where: str | None = None  # the place in it
    link: str | None = None  # opens it where it can be mended
    target: str | None = None  # what it leads to, or is about besides the document
    since: int | None = None  # Unix seconds, of what lasts

    def to_dict(self) -> dict[str, Any]:
        """The finding as a record."""
        return asdict(self)


@dataclass(frozen=True)
class Audited:
    """What an audit is given."""

    records: Callable[[str], Iterable[Mapping[str, Any]]]  # streams what is stored of a model; may be asked again
    connection_config: Mapping[str, Any]  # without secrets
    metadata: Mapping[str, Any]
    now: float  # Unix seconds
    checked_out_days: float | None = None  # how long a document may stay checked out; None: the metadata's, or usual


@dataclass(frozen=True)
class Audit:
    """An audit: it makes no request, and keeps ids in memory, never whole records."""

    function: Callable[[Audited], Iterable[Finding]]
    kinds: Mapping[str, str] = field(default_factory=dict)  # each kind, and what it means
    needs: tuple[str, ...] = ()  # syncs that must have succeeded once


def finding_id(*parts: str | None) -> str:
    """An id that is the same for the same parts: 24 hexadecimal digits."""
    text = "\x1f".join(part or "" for part in parts)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:24]
