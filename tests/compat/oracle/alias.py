"""Aliases: the merged definition, as a whole and key by key."""

import hashlib
import json
from typing import Any

from .verdict import Verdict, judge
from .world import World


def run(case: dict[str, Any], world: World) -> Verdict:
    """The definition that the name stands for."""
    provider = world.provider(case)
    text = json.dumps(provider.definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    actual = {
        "keys": list(provider.definition),
        "auth_mode": provider.auth_mode,
        "base_url": provider.base_url,
        "sha256_of_canonical_json": hashlib.sha256(text.encode()).hexdigest(),
    }
    return judge(actual == case["expected"], case["expected"], actual)
