"""TWO_STEP: the requests on the wire and the credentials that come of the answers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors import Provider
from connectors.runtime.auth import mode_of
from connectors.runtime.auth.flow import Ask
from connectors.runtime.integration import Integration
from connectors.runtime.template import placeholders, step_number, without_credentials, without_steps

from .assertions import comparable
from .flows import compare
from .rules import host_position, looked_up, texts, value_as_template
from .verdict import Verdict
from .world import World


def run(case: Mapping[str, Any], world: World) -> Verdict:
    """`assertionOption` stands among the credentials of a case; it is given at connect, and never stored."""
    provider = world.provider(case)
    credentials = {name: value for name, value in case["credentials"].items() if name != "assertionOption"}
    option = case["credentials"].get("assertionOption") or {}
    ask = Ask(
        provider,
        Integration(str(case["integration_key"]), custom=case["integration_custom"] or {}),
        case["connection_config"],
        credentials,
        world.moment(case),
        assertion_option=option,
    )
    mode = mode_of(provider)
    flow = mode.refresh(ask) if case["kind"] == "refresh" else mode.acquire(ask)
    normal = comparable if "assertion" in provider.definition else None
    return compare(flow, case["responses"], case["expected"], _rules(case, provider, option), normal)


def _rules(case: Mapping[str, Any], provider: Provider, option: Mapping[str, Any]) -> list[tuple[str, bool]]:
    own = {**case["credentials"], **(case["integration_custom"] or {})}
    own |= {"assertion": "made"} if _makes_assertion(case, provider) else {}
    own |= {"token": "made"} if "signature" in provider.definition else {}
    config = {"connectionConfig": case["connection_config"]}
    return [
        (
            "unresolved-placeholder",
            any(_is_open(text, known) for text, known in _templates(case, provider, own, config)),
        ),
        ("unresolved-placeholder", _assertion_is_open(case, provider, {**config, "credentials": own}, option)),
        ("value-as-template", value_as_template(case["credentials"], case["responses"])),
        ("host-position", host_position(str(provider.definition.get("token_url")), {**config, **own})),
    ]


def _makes_assertion(case: Mapping[str, Any], provider: Provider) -> bool:
    return "assertion" in provider.definition and not case["credentials"].get("refresh_token")


def _assertion_is_open(
    case: Mapping[str, Any], provider: Provider, known: Mapping[str, Any], option: Mapping[str, Any]
) -> bool:
    """Without the key both refuse, so it does not count."""
    parts = provider.definition["assertion"].items() if _makes_assertion(case, provider) else ()
    said = [text for name, part in parts if name != "key" for text in texts(part)]
    return any(_is_open(text, {**known, "assertionOption": option}) for text in said)


def _templates(
    case: Mapping[str, Any], provider: Provider, own: Mapping[str, Any], config: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every text that is sent, with what can be named in it: the config in parameters of the top level alone."""
    definition = provider.definition
    names = ("token_params", "token_headers")
    if case["credentials"].get("refresh_token") and {"refresh_token_params", "refresh_token_headers"} & set(definition):
        names = ("refresh_token_params", "refresh_token_headers" if "refresh_token_headers" in definition else names[1])
    requests = [(definition.get(names[0]), definition.get(names[1]))]
    requests += [
        (step.get("token_params"), step.get("token_headers")) for step in definition.get("additional_steps", ())
    ]
    for step in definition.get("additional_steps", ()):
        address = str(step.get("token_url"))
        yield without_steps(address), {**_known(address, {}, case["responses"]), **config}
    for params, headers in requests:
        for value in (params or {}).values():
            for text in texts(value):
                known = _known(text, own, case["responses"])
                yield without_credentials(without_steps(text)), {**known, **(config if value is text else {})}
        for text in texts(headers):
            yield without_credentials(without_steps(text)), _known(text, own, case["responses"])


def _known(text: str, own: Mapping[str, Any], responses: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    number = step_number(text)
    if number is None:
        return own
    content = responses[number - 1].get("data") if 0 < number <= len(responses) else None
    return content if isinstance(content, Mapping) and "${credentials." not in text else {}


def _is_open(text: str, known: Mapping[str, Any]) -> bool:
    names = [name for name in placeholders(text) if name != "random" and not name.startswith("now")]
    values = [looked_up(name, known) for name in names]
    return any(
        value is None or ("." in name and isinstance(value, bool | Mapping | list))
        for name, value in zip(names, values, strict=True)
    )
