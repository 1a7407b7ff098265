"""The docs: /docs/ and below, each page also as Markdown, and /llms.txt."""

from __future__ import annotations

import mimetypes
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from connectors.server.contract import Call, Endpoint, Reply, Who
from connectors.server.docs.index import index
from connectors.server.docs.markdown import Rendered, relinked, render
from connectors.server.docs.reference import groups, pretty
from connectors.server.docs.sources import INDEX, PLACE, Sources, sources
from connectors.server.pages.page import base_path, page
from connectors.server.public import public_url

if TYPE_CHECKING:
    from connectors.engine.host import Host

_API = "api"  # the page that the reference of all endpoints is part of
_PLAIN = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}


def home(call: Call) -> Response:
    """All pages, with a sentence each."""
    return _page(call, "docs/home.html", "/docs/")


def read(call: Call) -> Response:
    """A page, its Markdown, or an image."""
    held, name = sources(), call.path["page"].rstrip("/")
    if name in held.images:
        kind = mimetypes.guess_type(name)[0]
        headers = {**_PLAIN, "Cache-Control": "max-age=300"}
        return Response(held.bytes(held.images[name]), headers=headers, media_type=kind)
    if name.endswith(".md") and name.removesuffix(".md") in held.pages:
        return _markdown(call.host, held, held.pages[name.removesuffix(".md")], "text/markdown")
    if name not in held.pages:
        return _page(call, "docs/missing.html", "", status=404)
    return _shown(call, held, name)


def reference(call: Call) -> Response:
    """What the docs say about the API, and every endpoint."""
    return _shown(call, sources(), _API)


def llms(call: Call) -> Response:
    """What there is to read, for programs that read."""
    return _markdown(call.host, sources(), INDEX, "text/plain")


def _shown(call: Call, held: Sources, name: str) -> Response:
    from connectors.server.routes import endpoints

    path = held.pages[name]
    shown = _rendered(held, path, held.changed(path), base_path(call.host))
    values: dict[str, Any] = {"shown": shown, "markdown": f"{PLACE}{name}.md"}
    if name != _API:
        return _page(call, "docs/page.html", f"{PLACE}{name}", **values)
    return _page(call, "docs/api.html", f"{PLACE}{name}", groups=groups(endpoints()), pretty=pretty, **values)


def _page(call: Call, template: str, address: str, *, status: int = 200, **values: Any) -> Response:
    held = index(sources())
    before, after = held.around(address)
    return page(call, template, status=status, index=held, address=address, before=before, after=after, **values)


@lru_cache(maxsize=200)
def _rendered(held: Sources, path: str, _changed: int, base: str) -> Rendered:
    def served(link: str) -> str | None:
        address = held.served(link, path=path)
        return base + address if address is not None and address.startswith("/") else address

    return render(held.text(path), served)


def _markdown(host: Host, held: Sources, path: str, kind: str) -> Response:
    """A text whose links are whole addresses, so that it can be read wherever it is taken."""
    base = public_url(host).rstrip("/")

    def served(link: str) -> str | None:
        address = held.served(link, path=path, raw=True)
        return base + address if address is not None and address.startswith("/") else address

    return Response(relinked(held.text(path), served), headers=_PLAIN, media_type=f"{kind}; charset=utf-8")


def _endpoint(path: str, handler: Any, summary: str, media_type: str = "text/html") -> Endpoint:
    return Endpoint(
        "GET",
        path,
        handler,
        summary,
        who=Who.PUBLIC,
        lane="rest",
        any_query=True,
        answers={200: Reply("It.", media_type=media_type)},
        hidden=True,
        page=True,
    )


ENDPOINTS = (
    _endpoint("/docs", home, "All pages of the docs."),
    _endpoint("/docs/api", reference, "The API reference."),
    _endpoint("/docs/{page:path}", read, "A page of the docs."),
    _endpoint("/llms.txt", llms, "What there is to read, for programs.", "text/plain"),
)
