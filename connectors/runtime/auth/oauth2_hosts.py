"""Where a code and the client's secret may go when nobody was asked for the host.

Whoever consents can write anything into the callback's query, and into what a connection is given
beside the fields that its definition asks for. A definition may take the whole host of its token URL
from there (data centres of a provider); a made-up one would be handed our client secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from connectors.errors import HostRefused, InvalidUrl
from connectors.runtime.address import parse
from connectors.runtime.auth.flow import Ask
from connectors.runtime.auth.oauth2_config import known

_WHOLE_HOST = re.compile(r"(?:^|\|\||https?://)\s*\$\{(?:connectionConfig\.)?([^{}]+)\}(?=[/:?#\s]|$)")
_SPELLED_OUT = re.compile(r"https?://((?:\$\{[^{}]*\}|[^/?#:|\s${}])+)")
_PLACEHOLDER = re.compile(r"\$\{(?:connectionConfig\.)?([^{}]*)\}")


def check(ask: Ask, url: str) -> None:
    """Refuse a token URL whose host comes from the callback, or from a value that the definition asks nobody for.

    Good are the hosts that the definition spells out, with the endings that it offers, and those that
    the integration allows. Raises HostRefused.
    """
    netloc = parse(url).netloc
    if netloc not in _unasked(ask) or netloc in ask.integration.hosts or netloc in _spelled_out(ask):
        return
    raise HostRefused(
        f"What {ask.provider.display_name} gives tokens for would be sent to {netloc}.",
        next_step="If that is the provider's own host, add it to the integration's hosts.",
        host=netloc,
        provider=ask.provider.name,
    )


def is_asked(ask: Ask, name: str) -> bool:
    """Whether the definition asks a person for that value of the connection's configuration."""
    field = ask.provider.connection_config.get(name)
    return isinstance(field, Mapping) and not field.get("automated")


def _unasked(ask: Ask) -> Iterator[str]:
    """The whole hosts of the token URL that come from no field that a person is asked for."""
    values = known(ask)
    for name in _WHOLE_HOST.findall(str(ask.provider.definition.get("token_url") or "")):
        if values.get(name) and not (is_asked(ask, name) and ask.connection_config.get(name)):
            yield _netloc(str(values[name]))


def _netloc(value: str) -> str:
    try:
        return parse(value if "://" in value else f"https://{value}").netloc
    except InvalidUrl:
        return ""


def _spelled_out(ask: Ask) -> Iterator[str]:
    for key in ("authorization_url", "token_url"):
        for host in _SPELLED_OUT.findall(str(ask.provider.definition.get(key) or "")):
            yield from _offered(ask, host)


def _offered(ask: Ask, host: str) -> Iterator[str]:
    """A host with each choice that a field's `enum` offers in place of the field; none for a field without."""
    placeholder = _PLACEHOLDER.search(host)
    if placeholder is None:
        yield host.lower()
        return
    field = ask.provider.connection_config.get(placeholder[1])
    choices = field.get("enum") if isinstance(field, Mapping) else None
    for choice in choices if isinstance(choices, list) else ():
        yield from _offered(ask, host.replace(placeholder[0], str(choice)))
