"""API_KEY: a key that only the definition's templates place."""

from __future__ import annotations

from connectors.runtime.auth.keys import as_submitted as acquire
from connectors.runtime.auth.keys import as_submitted as refresh

__all__ = ["acquire", "refresh"]
