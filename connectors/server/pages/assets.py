"""The style sheet, the script and the pictures of all pages, from the package: `/assets/style.css?v=…`.

A name that is a folder there is sent as one file: what it holds, in the order of the names.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import NamedTuple

from starlette.responses import Response

from connectors.server.contract import Call, Endpoint, Refusal, Reply, Who, fields

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "woff2": "font/woff2",
}
_FOR_GOOD = "public, max-age=31536000, immutable"
_FOR_NOW = "public, max-age=300"


class Asset(NamedTuple):
    """A file that pages load."""

    content: bytes
    version: str  # changes with the content
    media_type: str


def send_asset(call: Call) -> Response:
    """One of them; one that is asked for by its version may be kept for good."""
    asset = _asset(call.path["name"])
    if asset is None:
        raise Refusal(404, "not_found", "There is no such file.")
    fixed = call.query.get("v") == asset.version
    headers = {
        "Cache-Control": _FOR_GOOD if fixed else _FOR_NOW,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return Response(asset.content, media_type=asset.media_type, headers=headers)


def asset_url(name: str) -> str:
    """Where an asset is, under the base path, with its version. For templates: `{{ base }}{{ asset("style.css") }}`."""
    asset = _asset(name)
    if asset is None:
        raise FileNotFoundError(f"there is no asset {name}")
    return f"/assets/{name}?v={asset.version}"


@cache
def _asset(name: str) -> Asset | None:
    media_type = _TYPES.get(name.rpartition(".")[2])
    file = resources.files(__package__).joinpath("assets", name)
    if media_type is None or not (file.is_file() or file.is_dir()):
        return None
    pieces = sorted(file.iterdir(), key=lambda piece: piece.name) if file.is_dir() else [file]
    content = b"\n".join(piece.read_bytes() for piece in pieces)
    return Asset(content, hashlib.sha256(content).hexdigest()[:12], media_type)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/assets/{name}",
        send_asset,
        "A file that pages load.",
        who=Who.PUBLIC,
        lane="rest",
        path_schema={"name": {"type": "string", "pattern": r"^[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)+$", "maxLength": 100}},
        query=fields({"v": {"type": "string", "maxLength": 64}}),
        answers={200: Reply("It.", media_type="text/css")},
        refusals=(404,),
        hidden=True,
        page=True,
    ),
)
