"""The page that says why there is no page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

from connectors.server.pages.page import page_headers, render

if TYPE_CHECKING:
    from starlette.responses import Response

    from connectors.engine.host import Host
    from connectors.server.contract import Refusal

_TITLES = {
    400: "That cannot be read",
    401: "Please sign in",
    403: "Not allowed",
    404: "Nothing is here",
    405: "Not in this way",
    409: "That was done already",
    413: "That is too large",
    429: "Too many requests",
    503: "Busy just now",
}


def trouble(host: Host, refusal: Refusal) -> Response:
    """A refusal, for people."""
    title = _TITLES.get(refusal.status, "Something went wrong")
    words = refusal.message or "; ".join(problem["message"] for problem in refusal.errors or ())
    html = render(host, "pages/trouble.html", title=title, words=words, status=refusal.status, code=refusal.code)
    return HTMLResponse(html, refusal.status, headers={**page_headers(), **refusal.headers})
