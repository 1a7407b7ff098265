"""Token requests that differ from the standard's, described as data, and what makes requests of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Literal

from connectors.errors import TokenRefused
from connectors.runtime.auth.encoding import component, form_plus, json_bytes
from connectors.runtime.auth.flow import Ask, Callback, Exchanges, Flow, Grant, TokenRequest
from connectors.runtime.auth.oauth2_answer import credentials_of, read
from connectors.runtime.auth.oauth2_client import Client, client_of
from connectors.runtime.auth.oauth2_config import granted, known
from connectors.runtime.auth.oauth2_exchange import code_of
from connectors.runtime.auth.oauth2_refresh import refresh_token_of
from connectors.runtime.auth.oauth2_values import url_of

Raw = Callable[[Ask, Mapping[str, Any]], Mapping[str, Any]]
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


class Part(Enum):
    """A value that is only known when the request is made."""

    ACCESS_TOKEN = auto()  # the stored one
    CLIENT_ID = auto()
    CLIENT_SECRET = auto()
    CODE = auto()
    REDIRECT_URI = auto()
    REFRESH_TOKEN = auto()
    STATE = auto()
    VERIFIER = auto()  # left out without PKCE


Fields = Mapping[str, Part | str | Callable[[Ask], str]]


def _as_it_is(ask: Ask, content: Mapping[str, Any]) -> Mapping[str, Any]:
    del ask
    return content


@dataclass(frozen=True)
class Recipe:
    """One token request."""

    fields: Fields  # of the body, in this order; a text stands for itself
    query: Fields = field(default_factory=dict)  # behind the address
    headers: Fields = field(default_factory=dict)
    url: str = "token_url"  # key of the definition
    method: Literal["GET", "POST"] = "POST"
    encoding: Literal["form", "json"] = "form"
    proof: Literal["none", "basic", "secret as user"] = "none"  # in the Authorization header
    raw: Raw = _as_it_is  # what is kept of the answer
    public: bool = False  # works without a client secret
    plain: bool = True  # the client's id and secret must be printable ASCII


@dataclass(frozen=True)
class Quirk:
    """How one provider's tokens are had and renewed."""

    exchange: Recipe | Callable[[Ask], Flow]
    refresh: Recipe | Callable[[Ask], Exchanges[Grant]] | None  # None: they cannot be renewed


def acquire(quirk: Quirk, ask: Ask) -> Flow:
    """The exchange of the code. Raises as the standard's."""
    if not isinstance(quirk.exchange, Recipe):
        return (yield from quirk.exchange(ask))
    raw = yield from exchanged(quirk.exchange, ask)
    return granted(ask, credentials_of(ask, raw), raw)


def refresh(quirk: Quirk, ask: Ask) -> Exchanges[Grant]:
    """The renewal. Raises as the standard's, and TokenRefused where there is none."""
    if quirk.refresh is None:
        raise TokenRefused(
            f"A token of {ask.provider.display_name} cannot be renewed.",
            next_step="Connect the account again.",
            provider=ask.provider.name,
            reference_code="unknown_provider_client",
        )
    if not isinstance(quirk.refresh, Recipe):
        return (yield from quirk.refresh(ask))
    raw = yield from renewed(quirk.refresh, ask)
    return Grant(credentials_of(ask, raw, refreshing=True, refresh_token=ask.credentials.get("refresh_token")))


def exchanged(recipe: Recipe, ask: Ask) -> Exchanges[Mapping[str, Any]]:
    """Send the request of an exchange, and keep what the recipe keeps of its answer."""
    code_of(ask)
    answer = yield request_of(recipe, ask, known(ask))
    return recipe.raw(ask, read(ask, answer, refreshing=False))


def renewed(recipe: Recipe, ask: Ask) -> Exchanges[Mapping[str, Any]]:
    """Send the request of a renewal, and keep what the recipe keeps of its answer."""
    answer = yield request_of(recipe, ask, ask.connection_config)
    return recipe.raw(ask, read(ask, answer, refreshing=True))


def request_of(recipe: Recipe, ask: Ask, config: Mapping[str, Any]) -> TokenRequest:
    """The request that a recipe makes."""
    client = client_of(ask, public=recipe.public, plain=recipe.plain)
    url = with_percent_query(url_of(ask, config, recipe.url), filled(recipe.query, ask, client))
    headers = {"Accept": JSON, **filled(recipe.headers, ask, client), **_proof(recipe, client)}
    if recipe.method == "GET":
        return TokenRequest("GET", url, headers)
    fields = filled(recipe.fields, ask, client)
    if recipe.encoding == "json":
        return TokenRequest("POST", url, headers | {"Content-Type": JSON}, json_bytes(fields))
    return TokenRequest("POST", url, headers | {"Content-Type": FORM}, form_plus(fields.items()))


def with_percent_query(url: str, fields: Mapping[str, str]) -> str:
    """An address with these fields behind it, each percent-encoded."""
    query = "&".join(f"{component(name)}={component(value)}" for name, value in fields.items())
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


def filled(fields: Fields, ask: Ask, client: Client) -> dict[str, str]:
    """The fields with their values; one that has no value is left out."""
    found = {name: _value(part, ask, client) for name, part in fields.items()}
    return {name: value for name, value in found.items() if value is not None}


def picked(*names: str, expires_in: int | None = None) -> Raw:
    """Keep these members of an answer only, with a fixed lifetime in seconds where it gives none that can be used."""
    lifetime = {} if expires_in is None else {"expires_in": expires_in}

    def raw(ask: Ask, content: Mapping[str, Any]) -> dict[str, Any]:
        del ask
        return {name: content[name] for name in names if name in content} | lifetime

    return raw


def _value(part: Part | str | Callable[[Ask], str], ask: Ask, client: Client) -> str | None:
    if isinstance(part, str):
        return part
    if not isinstance(part, Part):
        return part(ask)
    match part:
        case Part.ACCESS_TOKEN:
            return str(ask.credentials.get("access_token") or "")
        case Part.REFRESH_TOKEN:
            return refresh_token_of(ask)
        case Part.CLIENT_ID:
            return client.id
        case Part.CLIENT_SECRET:
            return client.secret
        case _:
            return _of_callback(part, *code_of(ask))


def _of_callback(part: Part, code: str, back: Callback) -> str | None:
    match part:
        case Part.REDIRECT_URI:
            return back.callback_url
        case Part.STATE:
            return back.params.get("state")
        case Part.VERIFIER:
            return back.remembered.get("code_verifier") or None
        case _:
            return code


def _proof(recipe: Recipe, client: Client) -> dict[str, str]:
    if recipe.proof == "none":
        return {}
    return {"Authorization": (client if recipe.proof == "basic" else Client(client.secret, "")).basic()}
