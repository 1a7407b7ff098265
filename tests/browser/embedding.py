"""A customer's application: a page of another origin that opens the form with the reference runtime's client."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

_PAGE = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>The application</title>
<h1>The application</h1><button id="behind">Behind</button>
<script type="module">
import Nango from "/client/index.js";
window.heard = [];
window.start = ({ token, baseURL, ...options }) => {
  window.ui = new Nango().openConnectUI({ baseURL, onEvent: (event) => window.heard.push(event), ...options });
  if (token) window.ui.setSessionToken(token);
};
window.loaded = true;
</script></html>"""


class Application:
    """Serves the page, and the client's files under /client/."""

    def __init__(self, modules: Path) -> None:
        self._client = modules / "@nangohq" / "frontend" / "dist"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for done in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{done}.complete"})
            return
        name = scope["path"].removeprefix("/client/")
        file = self._client / name
        if "/" in name.strip("/") or scope["path"] == "/":
            body, kind = _PAGE, "text/html"
        elif file.is_file():
            body, kind = file.read_bytes(), mimetypes.guess_type(name)[0] or "text/javascript"
        else:
            body, kind = b"", "text/plain"
        head = [(b"content-type", kind.encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200 if body else 404, "headers": head})
        await send({"type": "http.response.body", "body": body})
