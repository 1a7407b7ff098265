"""Findings of the content audit, kept as records: what is new, what was mended, and since when it lasts."""

from __future__ import annotations

import time
from collections.abc import Iterator

from connectors.authoring import Audited, Cost, Gone, Item, Run, sync
from connectors.paligo.audit import findings


@sync("Finding", every="1d", needs="documents", cost=Cost("none", lambda _items: {}))
def audit_findings(run: Run) -> Iterator[Item]:
    """What the content audit finds in the stored documents, forks and images.

    Makes no request. A finding that is not found any more is deleted.
    """
    found = set()
    given = Audited(run.records, run.connection_config, run.metadata, time.time())
    for finding in findings(given):
        found.add(finding.id)
        yield finding.to_dict()
    for earlier in run.records("Finding"):
        if earlier["id"] not in found:
            yield Gone(earlier["id"])
