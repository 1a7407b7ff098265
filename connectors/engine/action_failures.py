"""How a failed action is told over the HTTP API: status, code and what comes along.

The table is the reference runtime's (its clients know the codes); what it has no word for, such as
an input that breaks its schema, is ours.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from connectors.errors import (
    ActionError,
    ActionExpired,
    AnswerError,
    BudgetExhausted,
    CallError,
    ConnectorError,
    InputError,
    InvalidInput,
    RunStopped,
    StoreError,
    TokenError,
    UnknownFile,
)

_STEP = re.compile(r"[^.\[\]]+")
_TOLD = ("x-rate", "content-type")  # how the names of upstream's headers begin that are passed on


def failure_of(error: ConnectorError) -> dict[str, Any]:
    """The answer to a call that failed, as plain data.

    `status`, `code`, and where they are known `message`, `payload`, `errors` (each with code, message
    and path), `upstream` (status, headers, body) and `retry_after` in seconds. The error has been
    redacted.
    """
    for kinds, told in _TABLE:
        if isinstance(error, kinds):
            return told(error)
    return {"status": 500, "code": "script_internal_error", "payload": _thrown(error)}


def interrupted() -> dict[str, Any]:
    """The answer to a call whose process died; nobody knows what it had done, so it is not repeated."""
    message = "The process that made this call died. What the action had changed by then is not known."
    return {"status": 500, "code": "action_script_failure", "payload": {"error": message}}


def _invalid_input(error: InvalidInput) -> dict[str, Any]:
    errors = [_problem(text) for text in error.problems or [error.message]]
    return {"status": 400, "code": "invalid_action_input", "message": error.message, "errors": errors}


def _problem(text: str) -> dict[str, Any]:
    place, colon, message = text.partition(": ")
    if not colon or not place.startswith("$"):
        return {"code": "invalid_input", "message": text, "path": []}
    return {"code": "invalid_input", "message": message, "path": ["input", *_STEP.findall(place[1:])]}


def _spent(error: BudgetExhausted) -> dict[str, Any]:
    wait = max(1, math.ceil(error.retry_after or 1))
    return {"status": 429, "code": "too_many_request", "message": error.message, "retry_after": wait}


def _answered(error: AnswerError) -> dict[str, Any]:
    """The provider answered with an error. The message is told only where the action had changed something."""
    body = error.body if error.body not in (None, "") else {"message": error.message}
    headers = {name: value for name, value in (error.headers or {}).items() if name.startswith(_TOLD)}
    upstream = {"status": error.status, "headers": headers, "body": body}
    more = {"message": error.message} if error.facts.get("changed") else {}
    return {"status": 424, "code": "script_http_error", "payload": body, "upstream": upstream, **more}


def _token(error: TokenError) -> dict[str, Any]:
    return {"status": 424, "code": "script_http_error", "message": error.message, "payload": error.to_dict()}


def _unreachable(error: CallError) -> dict[str, Any]:
    return {"status": 500, "code": "script_network_error", "payload": _thrown(error)}


def _stopped(error: ConnectorError) -> dict[str, Any]:
    return {"status": 410, "code": "script_aborted", "message": error.message}


def _expired(error: ActionError) -> dict[str, Any]:
    return {"status": 500, "code": "execution_timeout", "message": error.message}


def _raised(error: ActionError) -> dict[str, Any]:
    """What the action raised on purpose; any other exception of its code is a fault in it."""
    cause = error.__cause__
    if cause is not None and not isinstance(cause, ConnectorError):
        thrown = {**_thrown(error), "name": type(cause).__name__}
        return {"status": 500, "code": "script_internal_error", "payload": thrown}
    return {"status": 500, "code": "action_script_runtime_error", "payload": error.to_dict()}


def _refused(error: InputError) -> dict[str, Any]:
    return {"status": 500, "code": "action_script_runtime_error", "payload": error.to_dict()}


def _unknown_file(error: ConnectorError) -> dict[str, Any]:
    return {"status": 400, "code": error.code, "message": error.message}


def _store(error: ConnectorError) -> dict[str, Any]:
    return {"status": 500, "code": "server_error", "message": error.message}


def _thrown(error: ConnectorError) -> Mapping[str, Any]:
    """An exception as the reference runtime writes one; where it came from in the code is not told."""
    code = error.facts.get("network_code") or error.code
    return {"name": type(error).__name__, "code": code, "message": error.message, "stacktrace": []}


_TABLE: tuple[tuple[type[ConnectorError], Callable[[Any], dict[str, Any]]], ...] = (
    (InvalidInput, _invalid_input),
    (UnknownFile, _unknown_file),
    (BudgetExhausted, _spent),
    (AnswerError, _answered),
    (TokenError, _token),
    (CallError, _unreachable),
    (RunStopped, _stopped),
    (ActionExpired, _expired),
    (ActionError, _raised),
    (InputError, _refused),
    (StoreError, _store),
)
