"""The further requests of TWO_STEP (`additional_steps`), which can name what earlier answers said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.errors import DefinitionError
from connectors.runtime.auth.flow import Ask, TokenRequest
from connectors.runtime.auth.make_url import make_url
from connectors.runtime.auth.metadata import at
from connectors.runtime.auth.two_step_body import Values, mapping_of, request
from connectors.runtime.scalars import text_of
from connectors.runtime.template import placeholders, step_number, without_credentials, without_steps


def steps_of(ask: Ask) -> list[Mapping[str, Any]]:
    """The definition's further steps, in order. Raises DefinitionError."""
    steps = ask.provider.definition.get("additional_steps") or []
    if not isinstance(steps, list) or not all(isinstance(step, Mapping) for step in steps):
        raise DefinitionError(f"additional_steps of {ask.provider.name} has to be a list of mappings.")
    return steps


def step_request(
    ask: Ask, step: Mapping[str, Any], credentials: Mapping[str, Any], contents: Sequence[Any]
) -> TokenRequest:
    """One further request. `contents` are what the answers before it said, `${step1.…}` the first of them.

    A text names one step, or the credentials; not both.
    Raises UnresolvedPlaceholder.
    """
    what = _Earlier(ask, credentials, contents)
    headers = what.headers(step.get("token_headers"))
    return request(
        ask, step.get("token_request_method"), what.url(step), headers, what.params(step.get("token_params"))
    )


@dataclass(frozen=True, repr=False)
class _Earlier:
    """What the templates of a step can name."""

    ask: Ask
    credentials: Mapping[str, Any]
    contents: Sequence[Any]

    def headers(self, templates: Any) -> dict[str, str]:
        held = replace(self.ask, moment=self.ask.moment.held())  # they share what they draw at random
        return {
            name: self._text(held, text_of(template), f"token header {name}", with_config=False)
            for name, template in mapping_of(templates, "token_headers").items()
        }

    def params(self, templates: Any) -> dict[str, Any]:
        return {
            name: self._filled(template, f"token parameter {name}", with_config=True)
            for name, template in mapping_of(templates, "token_params").items()
        }

    def url(self, step: Mapping[str, Any]) -> str:
        template = step.get("token_url")
        found = {}
        for name in placeholders(template) if isinstance(template, str) else ():
            number = step_number("${" + name + "}")
            if number is not None:
                found[name] = at(self._content(number), name.partition(".")[2])
        known = {name: value for name, value in found.items() if value is not None}
        return make_url(template, self.ask.connection_config, known, moment=self.ask.moment, skip_encode=True)

    def _filled(self, template: Any, place: str, *, with_config: bool) -> Any:
        if isinstance(template, str):
            return self._text(self.ask, template, place, with_config=with_config)
        if isinstance(template, Mapping):
            return {name: self._filled(item, place, with_config=False) for name, item in template.items()}
        return template

    def _text(self, ask: Ask, template: str, place: str, *, with_config: bool) -> str:
        number = step_number(template)
        if number is None:
            return Values(ask, self.credentials, with_config).text(without_credentials(template), place)
        return Values(ask, self._content(number), with_config).text(without_steps(template), place)

    def _content(self, number: int) -> Mapping[str, Any]:
        content = self.contents[number - 1] if 0 < number <= len(self.contents) else None
        return content if isinstance(content, Mapping) else {}
