"""The emulator's own paths, for other processes; only on the plain port, and without credentials.

`POST /_emulator/fault` {"kind", "method", "path_prefix", "times", …options} · `DELETE /_emulator/fault`
`POST /_emulator/switches` {name: value, …} · `GET /_emulator/switches`
`POST /_emulator/edit` {"action": "edit" | "add" | "delete", "id", …fields of the document}
`GET /_emulator/log` · `DELETE /_emulator/log` · `GET /_emulator/truth/{table}`
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from connectors.errors import InputError

from .account import TABLES
from .exchange import Answer, Request

if TYPE_CHECKING:
    from .service import Emulator

BASE = "/_emulator/"


def respond(emulator: Emulator, request: Request) -> Answer:
    """Do what is asked: 200 with JSON, or 422 with what is wrong, or 404."""
    try:
        done = _done(emulator, f"{request.method} {request.path[len(BASE) :]}", request.body)
        return Answer(200, {} if done is None else done)
    except LookupError:
        return Answer(404, {"message": f"There is no {request.method} {request.path} here."})
    except (InputError, TypeError, ValueError) as error:
        return Answer(422, {"message": str(error)})


def _done(emulator: Emulator, what: str, body: bytes) -> Any:
    given = json.loads(body or b"{}")
    match what:
        case "POST fault":
            return emulator.fault(**given)
        case "DELETE fault":
            return emulator.clear_faults()
        case "POST switches" | "GET switches":
            return dataclasses.asdict(emulator.change(**given))
        case "POST edit":
            return _edit(emulator, **given)
        case "GET log":
            return emulator.log
        case "DELETE log":
            return emulator.reset_log()
    table = what.removeprefix("GET truth/")
    if table not in TABLES:
        raise LookupError(what)
    return emulator.truth(table)


def _edit(emulator: Emulator, *, action: str, id: int | str = 0, **fields: Any) -> Any:
    if action == "add":
        return emulator.account.add_document(**fields)
    if action == "delete":
        return emulator.account.delete_document(id)
    if action == "edit":
        return emulator.account.edit_document(id, **fields)
    raise InputError(f"There is no action {action!r}.", next_step="Use add, edit or delete.")
