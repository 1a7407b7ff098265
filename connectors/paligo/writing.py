"""Turns a row of the table of operations into an action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from connectors import InvalidInput, UnexpectedAnswer
from connectors.authoring import Action, Call
from connectors.paligo.operations import BASE, Operation
from connectors.paligo.text_ids import text_ids

Given = Mapping[str, Any]


def action_of(operation: Operation) -> Action:
    """The action that sends what the row says."""

    def perform(call: Call, given: Given) -> Mapping[str, Any]:
        _check(operation, given)
        path = BASE + operation.path.replace("{id}", quote(str(given.get("id", "")), safe=""))
        answer = _SENDERS[operation.method](call, path, operation, given)
        if operation.model is None:
            return {"id": given["id"], "deleted": True}
        shown = answer.json()
        if not isinstance(shown, dict):
            raise UnexpectedAnswer(
                f"{operation.method} {answer.request.url} was answered with {answer.status}, but with no object.",
                method=operation.method,
                url=answer.request.url,
                status=answer.status,
                excerpt=answer.excerpt,
            )
        return shown

    return Action(operation.name, perform, operation.says, reads=operation.reads, confirm=operation.confirm)


def form(given: Given) -> list[tuple[str, Any]]:
    """The fields of a multipart form; of a list, one field each."""
    several = ((name, value if isinstance(value, list) else [value]) for name, value in given.items())
    return [(name, item) for name, items in several for item in items]


def _check(operation: Operation, given: Given) -> None:
    """What the schema cannot say in words that help. Raises `InvalidInput` or `ContentError`."""
    if operation.method == "PUT" and not given.keys() & operation.body.keys():
        problem = f"there is nothing to change: give one of {', '.join(operation.body)}"
        raise InvalidInput(f"the input of {operation.name} does not fit: {problem}", problems=[problem])
    if "template" in operation.body and not given.keys() & {"subtype", "template"}:
        problem = "a new document needs a subtype, or a template"
        raise InvalidInput(f"the input of {operation.name} does not fit: {problem}", problems=[problem])
    if "content" in given:
        text_ids(given["content"])


def _get(call: Call, path: str, operation: Operation, given: Given) -> Any:
    del operation, given
    return call.get(path)


def _delete(call: Call, path: str, operation: Operation, given: Given) -> Any:
    query = {name: str(given[name]).lower() for name in operation.query if name in given}
    return call.delete(path, params=query or None)


def _write(call: Call, path: str, operation: Operation, given: Given) -> Any:
    body = {name: given[name] for name in operation.body if name in given}
    if operation.file is not None:
        file = call.file(body.pop(operation.file))
        return call.upload(path, files={operation.file: file}, data=form(body), method=operation.method)
    return call.put(path, data=body) if operation.method == "PUT" else call.post(path, data=body)


_SENDERS: Mapping[str, Callable[[Call, str, Operation, Given], Any]] = {
    "GET": _get,
    "POST": _write,
    "PUT": _write,
    "DELETE": _delete,
}
