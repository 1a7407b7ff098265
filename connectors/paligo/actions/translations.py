"""Text for translation, out and back in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from connectors import FileRef, InvalidInput
from connectors.authoring import Call, action
from connectors.paligo.actions.jobs import EXPORT, IMPORT, Jobs
from connectors.paligo.bodies import WAITING
from connectors.paligo.writing import form

_ENDINGS = (".po", ".xlf", ".xliff")
_CHUNK = 256 * 1024  # bytes


@action()
def export_translation(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Export text for translation, wait for the end, and fetch the package.

    An export with the same input that this connection started and did not fetch is gone on with.
    """
    asked = {name: value for name, value in given.items() if name not in WAITING}
    if isinstance(asked["document"], list) and asked["format"] != "xliff":
        problem = "several documents can only be exported in the format xliff"
        raise InvalidInput(f"the input of export-translation does not fit: {problem}", problems=[problem])
    jobs = Jobs(call, EXPORT, _name(asked))
    job = jobs.run(given, lambda: call.post(EXPORT.path, data=asked))
    files = [jobs.fetch(job)] if job.is_done else []
    if job.is_done:
        jobs.finish()
    return {"export": job.shown, "resumed": job.resumed, "files": files}


@action()
def import_translation(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Bring a translated file in, and wait for the end.

    An import of the same file that this connection started and did not wait for is gone on with.
    """
    file = call.file(given["translation"])
    _check(file)
    asked = {name: value for name, value in given.items() if name not in {"translation", *WAITING}}
    jobs = Jobs(call, IMPORT, _name({**asked, "translation": _hash(file)}))
    job = jobs.run(given, lambda: call.upload(IMPORT.path, files={"translation": file}, data=form(asked)))
    if job.is_done:
        jobs.finish()
    return {"import": job.shown, "resumed": job.resumed}


def _check(file: FileRef) -> None:
    problems = []
    if not file.name.lower().endswith(_ENDINGS):
        problems.append(f"the file {file.name!r} is none of {', '.join(_ENDINGS)}")
    if not file.size:
        problems.append(f"the file {file.name!r} is empty")
    if problems:
        raise InvalidInput(f"the input of import-translation does not fit: {'; '.join(problems)}", problems=problems)


def _name(asked: Mapping[str, Any]) -> str:
    """A short name that the same input always has."""
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]


def _hash(file: FileRef) -> str:
    digest = hashlib.sha256()
    with file.open() as content:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
