"""Changing a document without writing over somebody else's work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from connectors import Conflict, ConnectorError, ContentError, InvalidInput, OutcomeUnknown, UnexpectedAnswer
from connectors.authoring import Call, action
from connectors.paligo.bodies import GUARDS
from connectors.paligo.text_ids import check_ids, text_ids

_OPEN = "work in progress"  # the stage in which a document may be edited
_STAGES = {  # constants that an update takes, and the labels that reading gives
    "status_not_released": _OPEN,
    "status_in_technical_review": "in review",
    "status_in_translation": "in translation",
    "status_in_release_review": "in translation review",
    "status_released": "released",
}


@action()
def update_document(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Change a document: only what is given, only if nobody else changed it, and read it again afterwards.

    It is refused for a document that was modified since `expected_modified_at`, that is checked
    out, or whose release status is not "Work in progress"; and for content that is no XML or has
    text ids that the document does not have.
    """
    changes = {name: value for name, value in given.items() if name not in {"id", *GUARDS}}
    _check(given, changes)
    ids = text_ids(changes["content"]) if "content" in changes else None
    path = f"/api/v2/documents/{quote(str(given['id']), safe='')}"
    before = _read(call, path)
    _refuse_checked_out(before, given)
    _refuse_status(before, given)
    _refuse_newer(before, given)
    vanished = check_ids(_ids_of(before, given), ids) if ids is not None else []
    try:
        call.put(path, data=changes)
    except OutcomeUnknown as error:
        error.message += _what_became(call, path, before)
        raise
    return {"document": _read(call, path), "vanished_text_ids": vanished}


def _check(given: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    problems = []
    if not changes:
        problems.append("there is nothing to change")
    if "expected_modified_at" not in given and not given.get("force"):
        problems.append("give `expected_modified_at` as you read it, or `force`: true")
    if problems:
        raise InvalidInput(f"the input of update-document does not fit: {'; '.join(problems)}", problems=problems)


def _read(call: Call, path: str) -> dict[str, Any]:
    answer = call.get(path)
    document = answer.json()
    if not isinstance(document, dict):
        raise UnexpectedAnswer(f"GET {answer.request.url} was answered with no document.", status=answer.status)
    return document


def _what_became(call: Call, path: str, before: Mapping[str, Any]) -> str:
    """What a look at the document says of a write without an answer."""
    try:
        now = _read(call, path)
    except ConnectorError:
        return " It could not be read again either."
    if now.get("modified_at") == before.get("modified_at"):
        return " Read again, the document is still as it was; the write may yet come."
    return f" Read again, the document was modified at {now.get('modified_at')}, so it probably arrived."


def _refuse_checked_out(document: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Somebody's editor holds it: what is written now, that editor will write over."""
    if str(document.get("checkout")).lower() not in ("true", "1"):
        return
    if given.get("force") and given.get("checkout") is False:
        return
    user = document.get("checkout_user")
    raise Conflict(
        f"The document {given['id']} is checked out{f' by the user {user}' if user else ''}; nothing was changed.",
        next_step="Wait until it is checked in. `checkout: false` together with `force: true` takes it away from them.",
        reason="checked_out",
        found=user,
    )


def _refuse_status(document: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    found = document.get("release_status")
    if not found or _stage(found) in {_OPEN, *map(_stage, given.get("allow_status", ()))}:
        return
    raise Conflict(
        f'The document {given["id"]} has the release status "{found}"; nothing was changed.',
        next_step=f'Set it back to "Work in progress", or allow it with `allow_status: ["{found}"]`.',
        reason="status",
        found=found,
    )


def _stage(status: Any) -> str:
    name = " ".join(str(status).split()).casefold()
    return _STAGES.get(name, name)


def _refuse_newer(document: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    found, expected = document.get("modified_at"), given.get("expected_modified_at")
    if given.get("force") or str(found) == str(expected):
        return
    raise Conflict(
        f"The document {given['id']} was modified at {found}, not at {expected}; nothing was changed.",
        next_step="Read it again, make your change in what is there now, and give its `modified_at`.",
        reason="modified",
        found=found,
        expected=expected,
    )


def _ids_of(document: Mapping[str, Any], given: Mapping[str, Any]) -> Counter[str]:
    """The text ids that the document has now."""
    content = document.get("content") or ""
    if not isinstance(content, str):
        raise UnexpectedAnswer(f"the content of the document {given['id']} is no text; nothing was changed")
    try:
        return text_ids(content) if content.strip() else Counter()
    except ContentError as error:
        raise Conflict(
            f"What the document {given['id']} holds now cannot be read as XML, so the text ids of the new content "
            f"cannot be compared with it; nothing was changed. {error.message}",
            next_step="Mend the document in Paligo's editor first.",
            reason="content",
        ) from error
