"""Files that actions gave. Ours: the reference runtime has none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from connectors.errors import UnknownFile
from connectors.server.contract import Call, Endpoint, Reply

_PIECE = 64 * 1024  # bytes
FILE_ID = {"type": "string", "pattern": "^[0-9a-f]{40}$"}


async def read_file(call: Call) -> Response:
    """The content of a file, in pieces."""
    found = await call.thread("store", call.host.files.get, call.environment, call.path["file_id"])
    file = await call.thread("store", found.open)

    async def content() -> AsyncIterator[bytes]:
        with file:
            while piece := await call.thread("store", file.read, _PIECE):
                yield piece

    headers = {
        "content-length": str(found.size),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(PurePosixPath(found.name).name, safe='')}",
        "x-content-type-options": "nosniff",
    }
    return StreamingResponse(content(), media_type=found.content_type or "application/octet-stream", headers=headers)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/files/{file_id}",
        read_file,
        "A file that an action gave, for a day.",
        scopes=("files:read",),
        path_schema={"file_id": FILE_ID},
        answers={200: Reply("The content.", media_type="application/octet-stream")},
        refusals=(404,),
        errors={UnknownFile: (404, "not_found")},
        tag="Actions",
    ),
)
