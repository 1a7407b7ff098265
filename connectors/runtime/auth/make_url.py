"""Token, authorization and refresh URLs: a template, its values, and the host that comes of them.

The joining rules are the reference runtime's; rule host-position (docs/compatibility.md) says what a
value may hold where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.errors import DefinitionError, InvalidUrl, UnresolvedPlaceholder
from connectors.runtime.address import parse
from connectors.runtime.auth.encoding import component
from connectors.runtime.hosts import Expression, Position, fill, split
from connectors.runtime.scalars import text_of
from connectors.runtime.template import Moment, render

_PREFIX = re.compile(r"connectionConfig\.|credentials\.")
_RAW = frozenset({Position.BASE, Position.HOST, Position.HOST_AND_PATH, Position.LABEL, Position.PORT})


def make_url(
    template: Any, *variables: Mapping[str, Any], moment: Moment, skip_encode: bool = False, name: str = "token_url"
) -> str:
    """The URL that a definition's template and a connection's values make.

    Later mappings overlay earlier ones. `${connectionConfig.x}`, `${credentials.x}` and `${x}` are the
    same variable; values without text count as absent; values in path and query are percent-encoded
    unless `skip_encode`. `name` is the definition's key, for messages.

    Raises DefinitionError if the template is no text, UnresolvedPlaceholder for a missing value,
    HostRefused for a value that may not stand where it would, InvalidUrl if no URL comes out.
    """
    if not isinstance(template, str) or not template:
        raise DefinitionError(f"The definition has no {name} that is text.", reference_code=f"missing_{name}")
    plain = _PREFIX.sub("", template)
    raw = _texts(variables)
    chosen = _chosen(plain, raw, moment) if "||" in plain else plain
    positions = [piece.position for piece in split(chosen) if isinstance(piece, Expression)]
    # An address that a value begins is read decoded as a whole, so nothing in it is encoded.
    bare = skip_encode or Position.BASE in positions
    encoded = raw if bare else {key: component(value) for key, value in raw.items()}
    left = iter(positions)

    def value_of(expression: str) -> str:
        rendered = render(expression, raw if next(left) in _RAW else encoded, moment=moment)
        if rendered.missing:
            raise _unresolved(name, rendered.missing)
        return rendered.text

    base = fill(chosen, value_of, _name_in)
    address = parse(base.text)
    if address.netloc != base.host or address.user_info is not None:
        raise InvalidUrl(f"The {name} and its values make no address.")
    return str(address)


def _texts(variables: tuple[Mapping[str, Any], ...]) -> dict[str, str]:
    """What can stand in the template: values as text, without the empty ones."""
    merged: dict[str, Any] = {}
    for mapping in variables:
        merged |= mapping
    texts = {key: text_of(value) for key, value in merged.items()}
    return {key: text for key, text in texts.items() if text}


def _chosen(template: str, values: Mapping[str, str], moment: Moment) -> str:
    """Of `A || B`, A if one of its placeholders has a value, else B."""
    left, right, *_ = (part.strip() for part in template.split("||"))
    rendered = render(left, values, moment=moment)
    return left if rendered.text and rendered.text != left else right


def _name_in(expression: str) -> str:
    return expression.removeprefix("${").removesuffix("}")


def _unresolved(name: str, missing: tuple[str, ...]) -> UnresolvedPlaceholder:
    titles = ", ".join(missing)
    return UnresolvedPlaceholder(f"The {name} needs a value that the connection lacks: {titles}.", placeholders=missing)
