"""Puts values into a parsed template. Three entries, as the reference runtime has three; see each one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from connectors.runtime.template.dates import now_text
from connectors.runtime.template.functions import compute
from connectors.runtime.template.moment import Moment
from connectors.runtime.template.syntax import Call, Choice, Node, Nodes, Placeholder, Text, parse
from connectors.runtime.template.values import look_up, look_up_s

_STRICT = frozenset({"ed25519Sign", "fingerprint"})  # no result if an argument lacks a value
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
            case Call():
                value = self._called(node)
                self.inserted = self.inserted or value is not None
                return self._text(node.otherwise) if value is None else value
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

    def _called(self, call: Call) -> str | None:
        """What a call gives, if it gives anything."""
        inside = _Rendering(self.variables, self.moment, self.look_up)
        arguments = [inside._text(argument) for argument in call.arguments]
        if inside.missing and call.function in _STRICT:
            return None
        value = compute(call.function, arguments, self.variables, self.moment)
        if value is not None:
            self.missing += inside.missing
        return value

    def _choice(self, left: Nodes, right: Nodes) -> str:
        attempt = _Rendering(self.variables, self.moment, self.look_up)
        pieces = []
        for node in left:
            # Functions come before `||` and do not speak for their side.
            value = attempt._called(node) if isinstance(node, Call) else None
            pieces.append(attempt._node(node) if value is None else value)
        text = "".join(pieces)
        if not text or not attempt.inserted:
            return self._text(right)
        self.missing += attempt.missing
        self.inserted = True
        return text
