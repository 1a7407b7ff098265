"""Modes whose submitted credentials are used as they are."""

from __future__ import annotations

from connectors.runtime.auth.flow import Ask, Flow, Grant


def as_submitted(ask: Ask) -> Flow:
    """No request: the credentials are what was given, with their type."""
    yield from ()
    return Grant({"type": ask.provider.auth_mode, **ask.credentials})
