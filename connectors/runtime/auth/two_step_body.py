"""Bodies, headers and answers of TWO_STEP requests. A value is inserted once and never read as a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import DefinitionError
from connectors.runtime.auth import xml_text
from connectors.runtime.auth.answers import json_of
from connectors.runtime.auth.encoding import form_plus, json_bytes
from connectors.runtime.auth.flow import Ask, TokenAnswer, TokenRequest
from connectors.runtime.auth.missing import missing_value
from connectors.runtime.scalars import text_of
from connectors.runtime.template import render, render_s

_UNNAMED = "application/x-www-form-urlencoded"  # what the reference's client calls a body that nobody named


@dataclass(frozen=True, repr=False)
class Values:
    """What templates can name in one place."""

    ask: Ask
    own: Mapping[str, Any]  # under their bare names, e.g. the credentials
    with_config: bool  # whether `connectionConfig` can be named too

    def params(self, templates: Any, place: str) -> dict[str, Any]:
        """Each text with its values; what is no text stays. The config can be named at the top level only.

        Raises UnresolvedPlaceholder.
        """
        params = {}
        for name, template in mapping_of(templates, place).items():
            if isinstance(template, str):
                params[name] = self.text(template, f"{place} {name}")
            else:
                params[name] = self._deep(template, f"{place} {name}")
        return params

    def headers(self, templates: Any, place: str) -> dict[str, str]:
        """The same for headers, which share one moment and one `${random}`."""
        moment = self.ask.moment.held()
        return {
            name: self._rendered(text_of(template), self.own, f"{place} {name}", moment=moment)
            for name, template in mapping_of(templates, place).items()
        }

    def text(self, template: str, place: str) -> str:
        """One text with its values."""
        if not self.with_config:
            return self._rendered(template, self.own, place)
        config = {"connectionConfig": self.ask.connection_config}
        if "||" in template:
            left, right, *_ = (part.strip() for part in template.split("||"))
            chosen = render(left, config, moment=self.ask.moment).text
            template = left if chosen and chosen != left else right
        return self._rendered(template, {**self.own, **config}, place)

    def _deep(self, template: Any, place: str) -> Any:
        if isinstance(template, str):
            return self._rendered(template, self.own, place)
        if isinstance(template, Mapping):
            return {name: self._deep(item, place) for name, item in template.items()}
        return template

    def _rendered(self, template: str, variables: Mapping[str, Any], place: str, *, moment: Any = None) -> str:
        rendered = render_s(template, variables, moment=moment or self.ask.moment)
        if rendered.missing:
            raise missing_value(self.ask.provider, rendered.missing, place)
        return rendered.text


def request(ask: Ask, method: Any, url: str, headers: Mapping[str, str], params: Mapping[str, Any]) -> TokenRequest:
    """The request in the definition's `body_format`; a GET has no body. The content type is the headers' alone."""
    if method == "GET":
        return TokenRequest("GET", url, dict(headers))
    named = any(name.lower() == "content-type" for name in headers)
    labels = {} if named else {"content-type": _UNNAMED}
    return TokenRequest("POST", url, {**headers, **labels}, _encoded(ask, params))


def content(ask: Ask, answer: TokenAnswer) -> Any:
    """What the answer says: JSON, else XML if the definition speaks it, else its text."""
    value = json_of(answer)
    if isinstance(value, str) and ask.provider.definition.get("body_format") == "xml":
        try:
            return xml_text.read(value)
        except xml_text.NotXml:
            return value
    return value


def mapping_of(templates: Any, key: str) -> Mapping[str, Any]:
    """A mapping of the definition; empty if it is not there. Raises DefinitionError if it is none."""
    if templates is None:
        return {}
    if not isinstance(templates, Mapping):
        raise DefinitionError(f"{key} of a definition has to be a mapping.")
    return {str(name): template for name, template in templates.items()}


def _encoded(ask: Ask, params: Mapping[str, Any]) -> bytes:
    match ask.provider.definition.get("body_format"):
        case "form":
            return form_plus([(name, text_of(value)) for name, value in params.items()])
        case "xml":
            return xml_text.write(params).encode("utf-8")
        case _:
            return json_bytes(dict(params))
