"""Files that actions took and gave, for as long as they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.engine.store.browsing import NEWEST, Since
from connectors.server.contract import Call, Endpoint, Reply, Who
from connectors.server.dashboard.showing import TEXT, names_in, show, view
from connectors.server.routes.files import FILE_ID, read_file

if TYPE_CHECKING:
    from starlette.responses import Response

_PAGE = 50
_ONE = "/files/{file_id}"


def files(call: Call) -> Response:
    """The newest first."""
    query = call.query
    since = Since(query["at"], query["before"]) if "at" in query and "before" in query else NEWEST
    rows = call.host.store.browsing.files(call.environment, now=call.host.clock.now(), since=since, limit=_PAGE + 1)
    return show(
        call,
        "files.html",
        section="files",
        rows=rows[:_PAGE],
        more=rows[_PAGE - 1] if len(rows) > _PAGE else None,
        first=since == NEWEST,
    )


ENDPOINTS = (
    view("/files", files, "Files.", scopes=("files:read",), query={"at": {"type": "number"}, "before": TEXT}),
    Endpoint(
        "GET",
        f"/env/{{environment}}{_ONE}",
        read_file,
        "A file.",
        who=Who.BROWSER,
        scopes=("files:read",),
        path_schema={**names_in(_ONE), "file_id": FILE_ID},
        answers={200: Reply("The content.", media_type="application/octet-stream")},
        refusals=(404,),
        hidden=True,
        page=True,
    ),
)
