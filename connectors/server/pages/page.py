"""A page for people: a template, rendered, and the headers without which no page leaves.

    page(call, "connect/shell.html", title=…) -> Response

A template is named by the folder of `connectors.server` it belongs to and its file there:
`dashboard/runs.html` is `connectors/server/dashboard/templates/runs.html`. All extend
`pages/frame.html`, which says what blocks there are. Every value goes through autoescape; one that a
template names and nobody gave is an error. Nothing in a page may be inline: no style, no handler, no
script, for the policy allows none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jinja2 import BaseLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from starlette.responses import HTMLResponse

from connectors.server.pages.assets import asset_url
from connectors.server.public import public_url

if TYPE_CHECKING:
    from starlette.responses import Response

    from connectors.engine.host import Host
    from connectors.server.contract import Call

FOLDERS = ("pages", "connect", "dashboard", "docs")
_POLICY = (
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
)


def page(
    call: Call,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    framed_by: Sequence[str] = (),
    **values: Any,
) -> Response:
    """The template as an answer. `framed_by`: origins whose pages may frame it; nobody may by default."""
    html = render(call.host, template, **values)
    return HTMLResponse(html, status, headers={**page_headers(framed_by), **(headers or {})})


def render(host: Host, template: str, **values: Any) -> str:
    """The template as text: a page, or a part of one that a script puts in."""
    made: str = _environment().get_template(template).render(base=base_path(host), **values)
    return made


def page_headers(framed_by: Sequence[str] = ()) -> dict[str, str]:
    """What every page is sent with."""
    ancestors = " ".join(framed_by) or "'none'"
    headers = {
        "Content-Security-Policy": "; ".join((*_POLICY, f"frame-ancestors {ancestors}")),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
    return headers if framed_by else {**headers, "X-Frame-Options": "DENY"}


def base_path(host: Host) -> str:
    """What stands before every path of ours in a link: the path of the public URL; usually nothing."""
    return urlsplit(public_url(host)).path.rstrip("/")


@cache
def _environment() -> Environment:
    package = __package__.rpartition(".")[0]
    folders = {name: PackageLoader(f"{package}.{name}") for name in FOLDERS if _has_templates(name)}
    loader: BaseLoader = PrefixLoader(folders)
    made = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=loader,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=bool(os.environ.get("CONNECTORS_RELOAD_PAGES")),
    )
    made.globals["asset"] = asset_url
    made.globals["icon"] = made.get_template("pages/icons.html").module.icon  # type: ignore[attr-defined]
    return made


def _has_templates(folder: str) -> bool:
    from importlib import resources

    return resources.files(__package__).joinpath("..", folder, "templates").is_dir()
