"""What an action's error tells its caller: no secret, what had been changed before, what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from connectors.errors import ConnectorError, OutcomeUnknown, ProviderError, RejectedError

if TYPE_CHECKING:
    from connectors.authoring import Action
    from connectors.engine.call import ActionCall
    from connectors.runtime.connection import Connection

_MOST_SHOWN = 10  # calls that an error lists
_BODY_REFUSED = frozenset({400, 422})  # statuses


def redact(error: ConnectorError, connection: Connection) -> None:
    """Take secrets out of an error; what an action tells may quote a job's message or log."""
    redactor = connection.redactor
    error.message = redactor.text(error.message)
    error.args = (error.message,)
    error.next_step = redactor.text(error.next_step)
    facts = {
        name: redactor.data(value) for name, value in error.facts.items() if isinstance(value, (str, Mapping, list))
    }
    error.facts = {**error.facts, **facts}
    for name, value in facts.items():
        setattr(error, name, value)


def advise(error: ConnectorError, action: Action) -> None:
    """What an answer that refuses the body as such says next, unless the action knows better."""
    if (
        isinstance(error, RejectedError)
        and error.status in _BODY_REFUSED
        and error.next_step == RejectedError.next_step
    ):
        error.next_step = (
            f"Compare what was sent with the input of {action.name}; `connectors actions --json` shows its schema."
        )


def say_what_changed(error: ConnectorError, call: ActionCall) -> None:
    """Add to an error what the action had changed before; an unknown outcome speaks for itself."""
    speaks_for_itself = error is call.doubtful and isinstance(error, (OutcomeUnknown, ProviderError))
    changed = call.changed[:-1] if speaks_for_itself else call.changed
    if not changed:
        return
    error.message = f"{error.message.rstrip('.')}. Before that, the action had changed something: {shown(changed)}."
    error.args = (error.message,)
    error.facts = {**error.facts, "changed": tuple(changed)}
    error.changed = tuple(changed)  # type: ignore[attr-defined]


def shown(changed: Sequence[str]) -> str:
    """Calls, at most ten of them, for a message."""
    more = f" and {len(changed) - _MOST_SHOWN} more" if len(changed) > _MOST_SHOWN else ""
    return ", ".join(changed[:_MOST_SHOWN]) + more
