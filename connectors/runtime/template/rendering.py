"""Puts values into a parsed template. Three entries, as the reference runtime has three; see each one."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from connectors.runtime.template.dates import now_text
from connectors.runtime.template.moment import Moment
from connectors.runtime.template.syntax import Call, Choice, Node, Nodes, Placeholder, Text, parse
from connectors.runtime.template.values import look_up, look_up_s

LookUp: TypeAlias = Callable[[str, Mapping[str, Any]], str | None]


@dataclass(frozen=True)
class Rendered:
    """A template with its values."""

    text: str  # a placeholder without a value stands in it as written
    missing: tuple[str, ...]  # the inner text of each placeholder without a value, e.g. "connectionConfig.region"


def render(template: str, variables: Mapping[str, Any], *, moment: Moment | None = None) -> Rendered:
    """Engine O: proxy URLs, headers, query, body and OAuth parameters.

    `A || B` gives B unless A holds a placeholder that has a value and the whole of A is not empty; a
    third alternative is never used. Without a `moment` the present one is taken.
    """
    return _Rendering(variables, moment or Moment.current(), look_up).rendered(parse(template, choices=True))


def render_s(template: str, variables: Mapping[str, Any], *, moment: Moment | None = None) -> Rendered:
    """Engine S: two-step tokens, JWT parts and assertions. `||` has no meaning, and flags count as values."""
    return _Rendering(variables, moment or Moment.current(), look_up_s).rendered(parse(template, choices=False))


def render_if_needed(template: str, variables: Mapping[str, Any], *, moment: Moment | None = None) -> Rendered:
    """Engine O for texts that often hold no placeholder: those are returned untouched, `||` and all.

    Here `||` is split before functions are looked at, and a function with a value counts as a value.
    """
    if "${" not in template:
        return Rendered(template, ())
    if "||" not in template:
        return render(template, variables, moment=moment)
    left, right, *_ = template.split("||")
    first = _Rendering(variables, moment or Moment.current(), look_up)
    rendered = first.rendered(parse(left.strip(), choices=True))
    if rendered.text and first.inserted:
        return rendered
    return render(right.strip(), variables, moment=moment)


@dataclass
class _Rendering:
    """One walk over the nodes."""

    variables: Mapping[str, Any]
    moment: Moment
    look_up: LookUp
    missing: list[str] = field(default_factory=list)
    inserted: bool = False  # whether a placeholder or a call got a value

    def rendered(self, nodes: Nodes) -> Rendered:
        text = self._text(nodes)
        return Rendered(text, tuple(dict.fromkeys(self.missing)))

    def _text(self, nodes: Nodes) -> str:
        return "".join(self._node(node) for node in nodes)

    def _node(self, node: Node) -> str:
        match node:
            case Text(text):
                return self._literal(text)
            case Placeholder(name):
                return self._placeholder(name)
            case Call(function, arguments):
                self.inserted = True
                return _FUNCTIONS[function](*(self._text(argument) for argument in arguments))
            case Choice(left, right):
                return self._choice(left, right)

    def _literal(self, text: str) -> str:
        """Text that still opens a placeholder is something this version cannot fill in."""
        self.missing += [rest.partition("}")[0] for rest in text.split("${")[1:]]
        return text

    def _placeholder(self, name: str) -> str:
        value = self._value(name)
        if value is None:
            self.missing.append(name)
            return "${" + name + "}"
        self.inserted = True
        return value

    def _value(self, name: str) -> str | None:
        if name != "random" and not name.startswith("now"):
            return self.look_up(name, self.variables)
        value = self.moment.random() if name == "random" else now_text(name, self.moment.now)
        return self.look_up(name, self.variables) if value is None else value

    def _choice(self, left: Nodes, right: Nodes) -> str:
        attempt = _Rendering(self.variables, self.moment, self.look_up)
        pieces = []
        for node in left:
            before = attempt.inserted
            pieces.append(attempt._node(node))
            if isinstance(node, Call):
                attempt.inserted = before  # functions come before `||` and do not speak for their side
        text = "".join(pieces)
        if not text or not attempt.inserted:
            return self._text(right)
        self.missing += attempt.missing
        self.inserted = True
        return text


def _base64(text: str) -> str:
    return base64.b64encode(_bytes(text)).decode("ascii")


def _sha256_hex(text: str) -> str:
    return hashlib.sha256(_bytes(text)).hexdigest()


def _sha256_base64(text: str) -> str:
    return base64.b64encode(hashlib.sha256(_bytes(text)).digest()).decode("ascii")


def _hmac_sha1_hex(message: str, key: str) -> str:
    # The provider's choice, not ours: definitions name the algorithm.
    return hmac.new(_bytes(key), _bytes(message), hashlib.sha1).hexdigest()


def _bytes(text: str) -> bytes:
    """UTF-8; half a surrogate pair becomes U+FFFD, as in every JavaScript runtime."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8")


_FUNCTIONS: Mapping[str, Callable[..., str]] = {
    "base64": _base64,
    "sha256Hex": _sha256_hex,
    "sha256Base64": _sha256_base64,
    "hmacSha1Hex": _hmac_sha1_hex,
}
