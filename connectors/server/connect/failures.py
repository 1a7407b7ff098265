"""Why an account could not be linked, said to whoever filled in the form: what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors import errors as e
from connectors.runtime.catalog import Provider
from connectors.server.connect.inputs import Input
from connectors.server.connect.languages import Language

# The nearest base decides. `{part}` names the fields that an error points to; `…_part` is the sentence with it.
_SENTENCES: Mapping[type[e.ConnectorError], str] = {
    e.AuthError: "refused",
    e.TokenRefused: "refused",
    e.KeyMaterialInvalid: "refused",
    e.ForbiddenError: "forbidden",
    e.DnsError: "no_such_address",
    e.NotFoundError: "no_such_address",
    e.TlsError: "no_such_address",
    e.HostRefused: "address_refused",
    e.InvalidUrl: "address_refused",
    e.RateLimited: "slow_down",
    e.BudgetExhausted: "slow_down",
    e.RefreshWaits: "slow_down",
    e.ProviderError: "provider_failed",
    e.UnreachableError: "unreachable",
    e.AnswerError: "answered_oddly",
    e.UnexpectedAnswer: "answered_oddly",
    e.TokenUnusable: "answered_oddly",
    e.ConsentRefused: "consent_refused",
    e.IntegrationIncomplete: "not_set_up",
    e.UnsupportedAuthMode: "not_set_up",
    e.UnresolvedPlaceholder: "not_set_up",
    e.DefinitionError: "not_set_up",
    e.UnknownProvider: "not_set_up",
    e.UnknownIntegration: "not_set_up",
    e.StoreBusy: "server_busy",
    e.StoreError: "server_failed",
}
# What a page's client reads where the attempt went through another window, as `routes/oauth.py` sends it.
CONSENT_SENTENCES: Mapping[str, str] = {
    "window_closed": "window_closed",
    "blocked_by_browser": "window_blocked",
    "callback_err": "consent_refused",
    "token_err": "refused",
    "provider_config_err": "not_set_up",
    "auth_mode_err": "not_set_up",
    "url_param_err": "check_fields",
    "expired": "consent_expired",
}
_DEFAULT_WAIT = 30  # seconds


@dataclass(frozen=True)
class Failure:
    """What the form shows."""

    sentence: str
    fields: Mapping[str, str] = field(default_factory=dict)  # input id → what is wrong there

    def to_dict(self) -> dict[str, Any]:
        """As it is sent to the script."""
        return {"sentence": self.sentence, "fields": dict(self.fields)}


def explained(error: e.ConnectorError, provider: Provider, inputs: Sequence[Input], language: Language) -> Failure:
    """The failure that an error means."""
    if isinstance(error, e.ConfigError):
        return _unfit(error, inputs, language)
    key = next((_SENTENCES[kind] for kind in type(error).__mro__ if kind in _SENTENCES), "failed")
    wrong = _wrong(error, key, inputs)
    values: dict[str, Any] = {"provider": provider.display_name}
    if key == "slow_down":
        wait = getattr(error, "retry_after", None)
        values["seconds"] = max(1, round(_DEFAULT_WAIT if wait is None else wait))
    if wrong and f"{key}_part" in language.words:
        names = [language.say("quoted", text=each.title) for each in wrong]
        last = language.say("or").join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
        sentence = language.say(f"{key}_part", part=last, **values)
        return Failure(sentence, {each.id: language.say("check_this", title=each.title) for each in wrong})
    return Failure(language.say(key, **values))


def _wrong(error: e.ConnectorError, key: str, inputs: Sequence[Input]) -> list[Input]:
    """The inputs that an error points to; a refused login without a hint is about all credentials."""
    names = set(error.facts.get("fields") or ())
    found = [each for each in inputs if each.field.name in names]
    if found or key != "refused":
        return found
    return [each for each in inputs if each.field.group != "connection_config"]


def _unfit(error: e.ConfigError, inputs: Sequence[Input], language: Language) -> Failure:
    """Values that do not fit, each said at its input; one that has no input is the operator's to mend."""
    by_place = {(each.field.group, each.field.name): each for each in inputs}
    said: dict[str, str] = {}
    for problem in error.problems:
        found = by_place.get((problem.group, problem.field))  # type: ignore[arg-type]
        if found is None:
            return Failure(language.say("not_set_up"))
        empty = problem.message.startswith(("is missing", "is empty"))
        said[found.id] = found.missing if empty else _said(problem, found, language)
    return Failure(language.say("check_fields"), said)


def _said(problem: e.Problem, found: Input, language: Language) -> str:
    return f"{found.title} {problem.message}" if language.code == "en" else found.misfit
