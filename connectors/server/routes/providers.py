"""Providers: what could be connected, and what a form has to ask for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from connectors.errors import ConnectorError
from connectors.server.contract import SESSION_IN_QUERY, Answer, Call, Endpoint, Refusal, Reply, Schema, Who, fields
from connectors.server.public import public_url

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.runtime.catalog import Provider

_OURS = ("rate_limits",)  # keys that no client of the reference runtime knows
_NAME: Schema = {"type": "string", "pattern": "^[a-zA-Z0-9_.-]{1,100}$"}
_SEARCH: Schema = {"type": "string", "pattern": "^[a-zA-Z0-9~:.@ _-]{0,255}$"}
_PROVIDER: Schema = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "display_name": {"type": "string"},
        "auth_mode": {"type": "string"},
        "logo_url": {"type": "string"},
        "categories": {"type": "array", "items": {"type": "string"}},
        "docs": {"type": "string"},
    },
    "required": ["name", "display_name", "auth_mode", "logo_url"],
}


def list_providers(call: Call) -> Answer:
    """All providers, or those whose name holds the text that is searched for; a dot in it is any character."""
    wanted = re.compile(re.escape(call.query.get("search", "")).replace(r"\.", "."), re.IGNORECASE)
    names = [name for name in call.host.catalog.names() if wanted.search(name)]
    return Answer({"data": [shown for name in names if (shown := _shown_if_good(call.host, name)) is not None]})


def get_provider(call: Call) -> Answer:
    """One provider."""
    return Answer({"data": shown(call.host, known(call.host, call.path["provider"]))})


def get_templates(call: Call) -> Answer:
    """The syncs and actions that there are for a provider."""
    from connectors.server.functions import Function, as_template

    provider = known(call.host, call.path["provider"]).name
    registry = call.host.registry
    functions: list[Function] = [*registry.syncs(provider), *registry.actions(provider)]
    return Answer({"data": [as_template(each, registry.models, provider) for each in functions]})


def logo(call: Call) -> Response:
    """A square with the provider's first letter: no logo of anybody's is part of this server."""
    found = known(call.host, call.path["file"].removesuffix(".svg"))
    letter = re.sub(r"[^A-Za-z0-9]", "", found.display_name)[:1].upper() or "?"
    hue = sum(map(ord, found.name)) % 360
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img">'
        f'<rect width="64" height="64" rx="14" fill="hsl({hue} 45% 42%)"/>'
        '<text x="32" y="43" fill="#fff" font-family="sans-serif" font-size="32" font-weight="600" '
        f'text-anchor="middle">{letter}</text></svg>'
    )
    return Response(svg, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


def known(host: Host, name: str) -> Provider:
    """The provider of that name. Raises `Refusal` 404."""
    try:
        return host.catalog.get(name)
    except ConnectorError:
        raise Refusal(404, "not_found", f"Unknown provider {name[:100]}") from None


def shown(host: Host, provider: Provider) -> dict[str, Any]:
    """A provider as it is told: its definition, its name and its logo."""
    definition = {key: value for key, value in provider.definition.items() if key not in _OURS}
    return {**definition, "name": provider.name, "logo_url": logo_url(host, provider.name)}


def logo_url(host: Host, provider: str) -> str:
    """Where a provider's logo is."""
    return f"{public_url(host)}/images/template-logos/{provider}.svg"


def _shown_if_good(host: Host, name: str) -> dict[str, Any] | None:
    try:
        return shown(host, host.catalog.get(name))
    except ConnectorError:  # one broken definition hides no other
        return None


ENDPOINTS = (
    Endpoint(
        "GET",
        "/providers",
        list_providers,
        "The providers that can be connected.",
        who=Who.EITHER,
        lane="rest",
        query=fields({"search": _SEARCH, **SESSION_IN_QUERY}),
        answers={
            200: Reply("They.", fields({"data": {"type": "array", "items": _PROVIDER}}, required=["data"])),
        },
    ),
    Endpoint(
        "GET",
        "/providers/{provider}",
        get_provider,
        "A provider: its definition, and the fields that a form asks for.",
        who=Who.EITHER,
        lane="rest",
        path_schema={"provider": _NAME},
        query=fields(SESSION_IN_QUERY),
        answers={200: Reply("It.", fields({"data": _PROVIDER}, required=["data"]))},
        refusals=(404,),
    ),
    Endpoint(
        "GET",
        "/providers/{provider}/templates",
        get_templates,
        "The syncs and actions that there are for a provider.",
        lane="rest",
        path_schema={"provider": _NAME},
        answers={200: Reply("They.", fields({"data": {"type": "array"}}, required=["data"]))},
        refusals=(404,),
        tag="providers",
    ),
    Endpoint(
        "GET",
        "/images/template-logos/{file}",
        logo,
        "A provider's logo.",
        who=Who.PUBLIC,
        lane="rest",
        path_schema={"file": {"type": "string", "pattern": r"^[a-zA-Z0-9_.-]{1,100}\.svg$"}},
        hidden=True,
        refusals=(404,),
    ),
)
