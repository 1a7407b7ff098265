"""The page of the connect form. It is the same for everybody, so it may be asked for without a token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.server.connect.languages import chosen
from connectors.server.contract import Call, Endpoint, Reply, Who
from connectors.server.pages.page import page

if TYPE_CHECKING:
    from starlette.responses import Response

_THEMES = ("light", "dark")


def show_shell(call: Call) -> Response:
    """The page. Its query is the reference runtime's: apiURL (this server is asked, whatever it says),
    detectClosedAuthWindow, lang, theme and session_token, which only the script reads.
    """
    asked = call.request.query_params
    language = chosen(asked.get("lang", "")[:35], call.headers.get("accept-language", "")[:1000])
    theme = asked.get("theme", "")
    return page(
        call,
        "connect/shell.html",
        framed_by=call.host.settings.value("CONNECTORS_FRAME_ORIGINS"),
        headers={"Cross-Origin-Opener-Policy": "same-origin-allow-popups", "Vary": "Accept-Language"},
        lang=language.code,
        theme=theme if theme in _THEMES else None,
        say=language.say,
    )


ENDPOINTS = (
    Endpoint(
        "GET",
        "/connect",
        show_shell,
        "The connect form.",
        who=Who.PUBLIC,
        lane="rest",
        any_query=True,
        answers={200: Reply("A page.", media_type="text/html")},
        hidden=True,
        page=True,
    ),
)
