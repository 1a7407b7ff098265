"""Errors as the one envelope: what the engine raises, with its status and its code."""

from __future__ import annotations

import logging
import math
import traceback
from collections.abc import Mapping
from typing import Any

from connectors import errors as e
from connectors.server.contract import Endpoint, Refusal

_log = logging.getLogger("connectors.server")

# What an endpoint does not say itself. The nearest base of an error decides.
TABLE: Mapping[type[e.ConnectorError], tuple[int, str]] = {
    e.ConnectorError: (500, "server_error"),
    e.InputError: (400, "invalid_body"),
    e.UnknownProvider: (404, "not_found"),
    e.UnknownFunction: (404, "not_found"),
    e.BrokenCursor: (400, "invalid_query_params"),
    e.IntegrationIncomplete: (400, "missing_integration_configuration"),
    e.ConsentNeeded: (400, "invalid_auth_mode"),
    e.UnsupportedAuthMode: (400, "invalid_auth_mode"),
    e.UnresolvedPlaceholder: (400, "missing_connection_configuration"),
    e.HostRefused: (400, "invalid_host_url"),
    e.InvalidUrl: (400, "invalid_host_url"),
    e.CallError: (502, "provider_unreachable"),
    e.AnswerError: (502, "provider_error"),
    e.BudgetExhausted: (429, "too_many_request"),
    e.RateLimited: (429, "too_many_request"),
    e.TokenError: (400, "connection_refresh_failed"),
    e.UnknownConnection: (404, "unknown_connection"),
    e.UnknownIntegration: (404, "unknown_provider_config"),
    e.UnknownRun: (404, "not_found"),
    e.UnknownFile: (404, "not_found"),
    e.StoreBusy: (503, "server_busy"),
    e.AlreadyRunning: (409, "already_running"),
    e.NothingToConfirm: (400, "nothing_to_confirm"),
    e.Conflict: (409, "conflict"),
    e.RunError: (409, "run_failed"),
}
_HIDDEN = (500, 503)  # what these say is about this machine, and stays here
_BUSY_SECONDS = 1.0


def translated(error: e.ConnectorError, endpoint: Endpoint) -> Refusal:
    """The refusal that an error of the engine means at that endpoint."""
    status, code = _nearest(error, endpoint.errors) or _nearest(error, TABLE) or (500, "server_error")
    if status in _HIDDEN:
        log_failure(error, endpoint)
        message = "The server is busy. Try again in a moment." if status == 503 else _FAILED
        return Refusal(status, code, message, headers=_wait(_BUSY_SECONDS) if status == 503 else {})
    wait = getattr(error, "retry_after", None)
    return Refusal(
        status,
        code,
        error.message,
        errors=_problems(error),
        headers=_wait(wait) if status == 429 and wait else {},
    )


def failed(error: BaseException, endpoint: Endpoint | None) -> Refusal:
    """What nobody foresaw. Nothing of it reaches the caller."""
    log_failure(error, endpoint)
    return Refusal(500, "server_error", _FAILED)


def log_failure(error: BaseException, endpoint: Endpoint | None) -> None:
    """Where an error was raised and of which type. What it says may hold what a caller sent, so that is left out."""
    where = "".join(traceback.format_tb(error.__traceback__)[-8:])
    name = "?" if endpoint is None else endpoint.name
    said = f": {error.message}" if isinstance(error, e.ConnectorError) else ""
    _log.error("%s failed with %s%s\n%s", name, type(error).__name__, said, where)


_FAILED = "The server failed. Its log says more."


def _nearest(
    error: e.ConnectorError, table: Mapping[type[e.ConnectorError], tuple[int, str]]
) -> tuple[int, str] | None:
    return next((table[kind] for kind in type(error).__mro__ if kind in table), None)


def _problems(error: e.ConnectorError) -> list[dict[str, Any]] | None:
    problems = getattr(error, "problems", None)
    if not isinstance(error, e.ConfigError) or not problems:
        return None
    return [
        {"code": "custom", "message": f"{problem.title}: {problem.message}", "path": [problem.group, problem.field]}
        for problem in problems
    ]


def _wait(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(max(1, math.ceil(seconds)))}
