"""Reads answers of token endpoints, and words their refusals."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from connectors.errors import TokenRefused, TokenUnusable
from connectors.runtime.auth.flow import Ask, TokenAnswer
from connectors.runtime.excerpt import excerpt
from connectors.runtime.redact import Redactor
from connectors.runtime.secret_config import secret_config


def json_of(answer: TokenAnswer) -> Any:
    """The JSON value of the body, whatever its content type says; the text itself if it is no JSON."""
    text = answer.text
    try:
        return json.loads(text, parse_constant=_refused, parse_float=_finite)
    except (ValueError, RecursionError):
        return text


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")  # it could not be stored


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refused(text)


def refusal(ask: Ask, answer: TokenAnswer, reference_code: str) -> TokenRefused:
    """The error for an answer that says no."""
    reason = shown(ask, answer) if answer.status >= 300 else None  # else it may hold a token
    message = f"{ask.provider.display_name} refused to give a token (status {answer.status})"
    return TokenRefused(
        message + (f": {reason}" if reason else "."),
        status=answer.status,
        excerpt=reason,
        reference_code=reference_code,
        provider=ask.provider.name,
    )


def unusable(ask: Ask, answer: TokenAnswer | None, what: str, reference_code: str) -> TokenUnusable:
    """The error for an answer that says yes and lacks `what`, e.g. "no access_token"."""
    return TokenUnusable(
        f"{ask.provider.display_name} answered without a token that can be used: {what}.",
        status=answer.status if answer else None,
        excerpt=shown(ask, answer) if answer and answer.status >= 300 else None,
        reference_code=reference_code,
        provider=ask.provider.name,
    )


def shown(ask: Ask, answer: TokenAnswer) -> str | None:
    """The start of an answer, without anything that was submitted, stored or configured as a secret."""
    return excerpt(answer.body, answer.header("content-type"), redactor(ask))


def redactor(ask: Ask) -> Redactor:
    """Masks everything that was submitted, stored or configured as a secret."""
    return Redactor(_secrets(ask))


def _secrets(ask: Ask) -> Iterable[str]:
    fields = ask.provider.definition.get("integration_config")
    yield from _texts(ask.credentials)
    yield from _texts([ask.connection_config.get(name) for name in secret_config(ask.provider, ask.connection_config)])
    yield from _texts(ask.assertion_option)
    yield from _texts(list(ask.integration.secrets(fields if isinstance(fields, Mapping) else {})))
    if ask.callback is not None:
        yield from _texts(ask.callback.params)
        yield from _texts(ask.callback.remembered)


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
