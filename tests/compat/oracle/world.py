"""What the cases of one file run against: definitions, and a clock and a chance that stand still."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from connectors import Catalog, Provider
from connectors.runtime.template import Moment


class WorldError(Exception):
    """A file cannot be run here; the text says what to do."""


class World:
    """The reference's definitions, a file without its cases, and its `frozen` block."""

    def __init__(
        self, providers: Catalog | None, file: Mapping[str, Any], frozen: Mapping[str, Any] | None = None
    ) -> None:
        self.providers = providers
        self.file = file
        self.frozen = file.get("frozen", {}) if frozen is None else frozen

    def provider(self, case: Mapping[str, Any]) -> Provider:
        """The definition written in the case, else the reference's of the name that the case gives."""
        name = str(case.get("provider", "synthetic"))
        if "definition" in case:
            return Provider(name, case["definition"], "oracle")
        if self.providers is None:
            raise WorldError("the case names one of the reference's definitions, and their file is not known")
        return self.providers.get(name)

    def moment(self, case: Mapping[str, Any]) -> Moment:
        """The file's instant, UUID, bytes and nonce; a clock of the case's own wins."""
        now = case.get("clock") or self._clock
        return Moment(datetime.fromisoformat(now), lambda: self._uuid, self._bytes, lambda: self._nonce)

    @cached_property
    def _clock(self) -> str:
        return str(self.frozen["clock"])

    @cached_property
    def _uuid(self) -> str:
        return str(self.frozen["uuid"]).partition(" ")[0]

    @cached_property
    def _nonce(self) -> str:
        sign, _, times = str(self.frozen["oauth1_nonce"]).partition(" x ")
        return sign * int(times.partition(" ")[0])

    def _bytes(self, count: int) -> bytes:
        """`frozen.random_bytes` is written as "byte i of n is (7*i+1) mod 256"."""
        factor, first, modulus = self._byte_rule
        return bytes((factor * index + first) % modulus for index in range(count))

    @cached_property
    def _byte_rule(self) -> tuple[int, int, int]:
        found = re.search(r"\((\d+)\*i\+(\d+)\) mod (\d+)", str(self.frozen["random_bytes"]))
        if found is None:
            raise WorldError("the file's frozen random_bytes are not written as (A*i+B) mod M")
        factor, first, modulus = found.groups()
        return int(factor), int(first), int(modulus)
