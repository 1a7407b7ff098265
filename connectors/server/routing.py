"""From a path as it was sent to an endpoint: names in it may hold a slash that was percent-encoded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from connectors.server.contract import Endpoint
from connectors.server.schemas import Check

_PLACE = re.compile(r"\{(?P<name>[a-z_]+)(?P<rest>:path)?\}")
ANY = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")
DAV = ("PROPFIND", "REPORT")  # what some providers are asked with beside them; OpenAPI has no word for these


@dataclass(frozen=True)
class Found:
    """What a path leads to."""

    endpoints: Mapping[str, Endpoint]  # by method; empty: nothing is there
    path: Mapping[str, str]  # values of the names in it
    beneath: Mapping[str, Endpoint] = field(default_factory=dict)  # of a path with names, where this one has none

    def of(self, method: str) -> Endpoint | None:
        """The endpoint of a method; HEAD is a GET whose body is not sent."""
        every = self.endpoints.get("*") if method in (*ANY, *DAV) else None
        found = self.endpoints.get(method) or every or self.beneath.get(method)
        return found or (self.of("GET") if method == "HEAD" else None)

    @property
    def methods(self) -> list[str]:
        """What may be asked for here."""
        if "*" in self.endpoints:
            return [*ANY, *DAV]
        return sorted({*self.endpoints, *(["HEAD"] if "GET" in self.endpoints else ())})


class Routes:
    """The paths of all endpoints. A path without names goes before one with them, method by method."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        by_path: dict[str, dict[str, Endpoint]] = {}
        for endpoint in endpoints:
            held = by_path.setdefault(endpoint.path, {})
            if endpoint.method in held:
                raise ValueError(f"{endpoint.name} is declared twice")
            held[endpoint.method] = endpoint
        self._exact = {path: held for path, held in by_path.items() if "{" not in path}
        self._patterns = [(_pattern(path), held) for path, held in by_path.items() if "{" in path]

    def find(self, raw: str) -> Found:
        """What a path as it was sent leads to. One slash at its end makes no difference."""
        exact = self._exact.get(raw.rstrip("/") or "/")
        named = self._named(raw)
        if exact is None:
            return named
        beneath = {method: each for method, each in named.endpoints.items() if _fits(each, named.path)}
        return Found(exact, named.path, beneath)

    def _named(self, raw: str) -> Found:
        for pattern, held in self._patterns:
            match = pattern.fullmatch(raw)
            if match is not None:
                rest = next(iter(held.values())).path.endswith(":path}")
                values = {name: text if rest else unquote(text) for name, text in match.groupdict().items()}
                return Found(held, values)
        return Found({}, {})


def _fits(endpoint: Endpoint, values: Mapping[str, str]) -> bool:
    """Whether these could be the names in the endpoint's path: `metadata` an id of a connection, but no UUID."""
    return not Check({"type": "object", "properties": dict(endpoint.path_schema)}).problems(dict(values))


def _pattern(path: str) -> re.Pattern[str]:
    """`/a/{b}` takes one slash more at its end; `/a/{b:path}` takes everything, also nothing, as it is."""
    pieces, at = [], 0
    for place in _PLACE.finditer(path):
        pieces.append(re.escape(path[at : place.start()]))
        pieces.append(f"(?P<{place['name']}>.*)" if place["rest"] else f"(?P<{place['name']}>[^/]+)")
        at = place.end()
    pieces.append(re.escape(path[at:]))
    return re.compile("".join(pieces) + ("" if path.endswith(":path}") else "/?"), re.DOTALL)
