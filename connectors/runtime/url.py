"""Base URL and endpoint make the address of a request, on the connection's host. Pure.

The joining rules are the reference runtime's (docs/compatibility.md), with its named differences:
the base URL inside an endpoint is removed only at the front (`base-url-inside-endpoint`), a missing
value is an error (`unresolved-placeholder`), values are never read as templates
(`value-as-template`; nor is what an endpoint writes like a placeholder, unless it names a part of the
connection), and a value is checked by where it stands (`host-position`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from connectors.errors import DefinitionError, HostRefused, InputError, InvalidUrl, UnresolvedPlaceholder
from connectors.runtime.address import Address, form, parse, parse_form
from connectors.runtime.connection import Connection
from connectors.runtime.fields import fields_of
from connectors.runtime.hosts import Base, HostPolicy, check, fill, is_listed
from connectors.runtime.scalars import text_of
from connectors.runtime.template import Moment, placeholders, render
from connectors.runtime.template.syntax import FUNCTIONS

Params: TypeAlias = Mapping[str, Any] | Sequence[tuple[str, Any]] | str | None

_FIRST_CONFIG_NAME = re.compile(r"connectionConfig\.(\w+)", re.ASCII)


@dataclass(frozen=True)
class Target:
    """Where a request goes."""

    address: Address
    endpoint: str  # as given, without the base URL in front: what `${endpoint}` stands for


def target(
    connection: Connection,
    endpoint: str,
    params: Params,
    *,
    override: str | None = None,
    policy: HostPolicy,
    moment: Moment,
    linked: bool = False,
) -> Target:
    """The address of a request. `linked`: the override is a provider's word, so it may not be just any host.

    Raises InvalidUrl if base URL, endpoint and params make no address, HostRefused if it would be
    on another host than the connection's (or one the policy allows), UnresolvedPlaceholder if a
    value is missing, DefinitionError if the provider has no base URL.
    """
    if not isinstance(endpoint, str):
        raise InvalidUrl("The endpoint has to be text.")
    if not isinstance(override, str | None):
        raise InvalidUrl("Another base URL has to be text.")
    if not endpoint and not override:
        raise InvalidUrl("No endpoint was given.", reference_code="missing_api_url")
    rest = endpoint if override else _without_base(endpoint, connection.provider.base_url or "")
    template = _chosen(override or _own_template(connection), connection).removesuffix("/")
    base = _base(template, connection, moment)
    if override:
        _allow(base, connection, policy, moment, linked=linked)
    elif connection.has_own_base_url:  # a whole address, joined as one that a definition spells out
        base = replace(base, text=base.text.removesuffix("/"))
        template = base.text
    joined = _joined(base.text, _endpoint(template, rest, connection, moment))
    address = parse(_with_text_params(joined, params))
    check(address, base, policy, shown=connection.redactor.text(address.netloc))
    return Target(with_params(address, params), rest)


def own_origin(connection: Connection, moment: Moment | None = None) -> str | None:
    """Scheme, host and port of the connection's own base URL; None if it has no usable one."""
    try:
        template = _chosen(_own_template(connection), connection)
        return _base(template, connection, moment or Moment.current()).origin
    except InputError:
        return None


def with_params(address: Address, params: Params) -> Address:
    """The address with each param set: it replaces all values of that name in the query.

    As soon as one is set, the whole query is form-encoded again. Pairs may repeat a name.
    """
    if not params or isinstance(params, str):
        return address
    try:
        pairs = list(params.items()) if isinstance(params, Mapping) else [(name, value) for name, value in params]
    except (TypeError, ValueError):
        raise InputError("Params are a mapping, a list of pairs, or text.") from None
    try:
        new = [(str(name), text_of(value)) for name, value in pairs]
    except (ValueError, RecursionError):  # a number of thousands of digits, a list in itself
        raise InputError("Params hold a value that has no form as text.") from None
    return replace(address, query=form(_merged(parse_form(address.query or ""), new)))


def title_of(connection: Connection, expression: str) -> str:
    """The title of the field that an expression or variable of a template names; the name itself without one."""
    names = placeholders(expression) or (expression,)
    name = names[0].removeprefix("credentials.").removeprefix("connection_config.").removeprefix("connectionConfig.")
    titles = {field.name: field.title for field in fields_of(connection.provider)}
    return titles.get(name, name)


def unresolved(connection: Connection, missing: Sequence[str], place: str) -> UnresolvedPlaceholder:
    """The error for placeholders without a value; it names the fields by their titles."""
    names = tuple(name.replace("connection_config.", "connectionConfig.") for name in missing)
    function = next((name.partition("(")[0] for name in names if "(" in name), None)
    if function is not None:
        return _not_computed(connection, function, names, place)
    titles = ", ".join(dict.fromkeys(title_of(connection, name) for name in names))
    return UnresolvedPlaceholder(
        f"The {place} of {connection.provider.name} needs a value that the connection lacks: {titles}.",
        placeholders=names,
    )


def _not_computed(connection: Connection, function: str, names: tuple[str, ...], place: str) -> UnresolvedPlaceholder:
    uses = f"The {place} of {connection.provider.name} uses {function}(…)"
    if function in FUNCTIONS:
        message, step = "which gives nothing for these values.", "Check the connection's credentials, keys above all."
    else:
        message, step = "and there is no such function.", "Correct the definition, or use a newer version."
    return UnresolvedPlaceholder(f"{uses}, {message}", next_step=step, placeholders=names)


def _merged(old: list[tuple[str, str]], new: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """A new name goes where its first old value stood, or to the end."""
    values: dict[str, list[str]] = {}
    for name, value in new:
        values.setdefault(name, []).append(value)
    merged: list[tuple[str, str]] = []
    for name, value in old:
        if name not in values:
            merged.append((name, value))
        else:
            merged += [(name, each) for each in values[name]]
            values[name] = []
    return merged + [(name, each) for name, rest in values.items() for each in rest]


def _own_template(connection: Connection) -> str:
    template = connection.base_url
    if not template:
        name = connection.provider.name
        raise DefinitionError(
            f"The definition of {name} has no base_url, so it takes no calls.",
            provider=name,
            reference_code="unsupported_provider",
        )
    return template


def _chosen(template: str, connection: Connection) -> str:
    """Of `A || B`, A if the first config name in the text has a value, else B."""
    if "${" not in template or "||" not in template:
        return template
    name = _FIRST_CONFIG_NAME.search(template)
    parts = [part.strip() for part in template.split("||")]
    return parts[0] if name and connection.connection_config.get(name[1]) else parts[1]


def _base(template: str, connection: Connection, moment: Moment) -> Base:
    variables = _variables(connection)

    def value_of(expression: str) -> str:
        rendered = render(_snake(expression), variables, moment=moment)
        if rendered.missing:
            raise unresolved(connection, rendered.missing, "address")
        return rendered.text

    return fill(template, value_of, lambda expression: title_of(connection, expression))


def _allow(base: Base, connection: Connection, policy: HostPolicy, moment: Moment, *, linked: bool) -> None:
    if (policy.override == "any" and not linked) or base.origin == own_origin(connection, moment):
        return
    if policy.override != "off" and is_listed(base, policy):
        return
    shown = connection.redactor.text(base.host)
    raise HostRefused(
        f"Another base URL was asked for ({shown}), and that is not allowed here.",
        next_step="Call the provider's own host, or let whoever runs this installation allow that host.",
        host=shown,
    )


def _without_base(endpoint: str, base_url: str) -> str:
    """An endpoint that is a whole address on the base URL is cut down to what follows it."""
    at = len(endpoint) - len(endpoint.lstrip("/"))
    return _cut(endpoint, base_url, at) if base_url else endpoint


def _cut(endpoint: str, base_url: str, at: int = 0) -> str:
    if not endpoint.startswith(base_url, at):
        return endpoint
    rest = endpoint[at + len(base_url) :]
    at_boundary = not rest or rest[0] in "/?#" or base_url.endswith("/")
    return rest if at_boundary else endpoint


def _endpoint(base: str, endpoint: str, connection: Connection, moment: Moment) -> str:
    """The endpoint as it is joined: without the base URL, values in place, and `||` as text."""
    rest = endpoint.lstrip("/")
    rest = rest if "${" in base else _cut(rest, base).lstrip("/")
    pieces = []
    for piece in _snake(rest).split("||"):
        rendered = render(piece, _variables(connection), moment=moment) if "${" in piece else None
        missing = [name for name in rendered.missing if _is_of_connection(name, connection)] if rendered else []
        if missing:
            raise unresolved(connection, missing, "endpoint")
        pieces.append(rendered.text if rendered else piece)
    return "||".join(pieces)


def _is_of_connection(name: str, connection: Connection) -> bool:
    """Whether a placeholder in an endpoint means a part of the connection; any other is the caller's own text."""
    group = name.partition(".")[0]
    if "(" in name or group in ("connection_config", "credentials", "metadata"):
        return True
    return any(field.name == name for field in fields_of(connection.provider))


def _joined(base: str, endpoint: str) -> str:
    return f"{base}/{endpoint}" if endpoint else base


def _with_text_params(url: str, params: Params) -> str:
    if not params or not isinstance(params, str):
        return url
    if "?" in url:
        raise InvalidUrl(
            "Params given as text cannot be joined to an address that has a query.",
            next_step="Give the params as a mapping, or without a query in the endpoint.",
            reference_code="invalid_query_params",
        )
    return url + (params if params.startswith("?") else f"?{params}")


def _variables(connection: Connection) -> dict[str, Any]:
    """What a base URL and an endpoint can name. Empty config values count as missing here."""
    config = connection.connection_config
    filled = {name.removeprefix("connectionConfig."): value for name, value in config.items() if value}
    return {
        "connection_config": filled,
        "connection_id": connection.id,
        "metadata": connection.metadata,
        "credentials": connection.credentials,
        **connection.credentials,
    }


def _snake(text: str) -> str:
    """In addresses both spellings mean the same map; the reference runtime replaces the word wherever it stands."""
    return text.replace("connectionConfig", "connection_config")
