"""What a definition has to keep to beyond its schema: names that are declared, patterns that compile, addresses."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from connectors.errors import InvalidUrl
from connectors.runtime.definition_words import Wording
from connectors.runtime.field_positions import alternatives, misplaced
from connectors.runtime.field_rules import accepts
from connectors.runtime.hosts import split
from connectors.runtime.pattern import PatternError, compiled
from connectors.runtime.scripts import unknown
from connectors.runtime.template import functions, placeholders
from connectors.runtime.template.syntax import FUNCTIONS

Definition: TypeAlias = Mapping[str, Any]
Path: TypeAlias = tuple[str | int, ...]

FIELD_GROUPS = ("connection_config", "credentials", "integration_config", "assertion_option")
_WITHOUT_CREDENTIALS = (
    *("NONE", "APP", "CUSTOM", "OAUTH1", "OAUTH2", "MCP_OAUTH2", "MCP_OAUTH2_GENERIC"),
    *("TBA", "BILL", "INSTALL_PLUGIN", "APP_STORE", "TABLEAU"),
)
_WITH_CREDENTIALS = ("BASIC", "SIGNATURE", "TWO_STEP", "JWT", "OAUTH2_CC")
_NEEDED_CREDENTIAL = {"API_KEY": "apiKey", "AWS_SIGV4": "role_arn"}
_FILLED_ELSEWHERE = ("MCP_OAUTH2_GENERIC", "AWS_SIGV4")  # the runtime fills their connection_config
_METADATA = ("token_response_metadata", "redirect_uri_metadata", "webhook_response_metadata")
_CONFIG_NAME = re.compile(r"connectionConfig\.(.+)")
_STRAY_BRACE = re.compile(r"(?<![$\]])\{(?!\})")
_PAGINATE_NEEDS = {
    "cursor": ("cursor_name_in_request", "cursor_path_in_response"),
    "offset": ("offset_name_in_request",),
}


def problems(entry: Definition, merged: Definition) -> Iterator[Wording]:
    """Every problem of an entry. `merged` is the entry with what it is an alias of."""
    for rule in _RULES:
        yield from rule(entry, merged)


def _credentials(entry: Definition, merged: Definition) -> Iterator[Wording]:
    mode = merged.get("auth_mode")
    declared = _mapping(merged.get("credentials"))
    needed = _NEEDED_CREDENTIAL.get(str(mode))
    if mode is None:
        yield Wording((), "auth_mode is missing: how the provider wants to be authenticated.")
    elif needed:
        if needed not in declared:
            yield Wording(("auth_mode",), f"{mode} needs credentials.{needed}.", next_step="Describe that field.")
    elif mode in _WITH_CREDENTIALS:
        if not declared:
            yield Wording(("auth_mode",), f"{mode} usually describes its credentials.", "warning")
    elif "credentials" in entry and mode in _WITHOUT_CREDENTIALS:
        yield Wording(("credentials",), f"{mode} asks for no credentials.", next_step="Remove credentials.")


def _verification(entry: Definition, merged: Definition) -> Iterator[Wording]:
    if "credentials_verification_script" in merged and "verification" in _mapping(merged.get("proxy")):
        path: Path = ("proxy", "verification") if "proxy" in entry else ("credentials_verification_script",)
        yield Wording(path, "proxy.verification and credentials_verification_script exclude each other.")


def _declared(_: Definition, merged: Definition) -> Iterator[Wording]:
    if merged.get("auth_mode") in _FILLED_ELSEWHERE:
        return
    known = set(_mapping(merged.get("connection_config")))
    for key in _METADATA:
        known |= set(map(str, _list(merged.get(key))))
    for path, text in _templates(merged):
        for name in placeholders(text):
            match = _CONFIG_NAME.fullmatch(name)
            if match and match[1] not in known:
                close = difflib.get_close_matches(match[1], known, n=1)
                hint = f"Did you mean {close[0]}?" if close else f"Describe {match[1]} in connection_config."
                yield Wording(path, f"${{{name}}} is not declared in connection_config.", next_step=hint)


def _unused(entry: Definition, merged: Definition) -> Iterator[Wording]:
    if "connection_config" not in entry or "alias" in entry or merged.get("auth_mode") in _FILLED_ELSEWHERE:
        return
    if not any("connectionConfig" in text for _, text in _templates(merged)):
        yield Wording(("connection_config",), "No template uses any of these fields.", "warning")


def _braces(entry: Definition, _: Definition) -> Iterator[Wording]:
    for path, text in _templates(entry):
        if _STRAY_BRACE.search(text):
            yield Wording(path, "A { without a $ before it is sent as it is; a placeholder is ${…}.", "warning")


def _functions(entry: Definition, _: Definition) -> Iterator[Wording]:
    for path, text in _templates(entry):
        for name in functions(text):
            if name not in FUNCTIONS:
                close = difflib.get_close_matches(name, FUNCTIONS, n=1, cutoff=0.5)
                hint = f"Did you mean {close[0]}?" if close else f"The functions are {', '.join(sorted(FUNCTIONS))}."
                yield Wording(path, f"There is no function {name}.", next_step=hint)


def _scripts(entry: Definition, merged: Definition) -> Iterator[Wording]:
    for key, sentence in unknown(merged).items():
        if key in entry or "alias" not in entry:
            yield Wording((key,), sentence, "warning")


def _fields(entry: Definition, _: Definition) -> Iterator[Wording]:
    for group in FIELD_GROUPS:
        for name, descriptor in _mapping(entry.get(group)).items():
            if isinstance(descriptor, Mapping):
                yield from _field((group, name), descriptor)


def _field(path: Path, descriptor: Mapping[str, Any]) -> Iterator[Wording]:
    pattern, default = descriptor.get("pattern"), descriptor.get("default_value")
    if isinstance(pattern, str):
        try:
            compiled(pattern)
        except PatternError as error:
            message = f"The pattern does not compile, so it is not held against a value: {error}."
            yield Wording((*path, "pattern"), message, "warning", "Correct it.")
            return
    if isinstance(default, str) and default and accepts(descriptor, default) is False:
        yield Wording((*path, "default_value"), "The field does not take its own default value.", "warning")


def _base_url(entry: Definition, merged: Definition) -> Iterator[Wording]:
    proxy = _mapping(entry.get("proxy"))
    base_url = proxy.get("base_url")
    if not isinstance(base_url, str) or not base_url:
        return
    path: Path = ("proxy", "base_url")
    for template in alternatives(base_url):
        try:
            split(template)
        except InvalidUrl as error:
            yield Wording(path, error.message, next_step="Write https:// and a host; placeholders may stand in both.")
    for name, descriptor in _mapping(merged.get("connection_config")).items():
        example = _mapping(descriptor).get("example")
        if not isinstance(example, str) or accepts(_mapping(descriptor), example) is not True:
            continue
        if expected := misplaced(base_url, "connection_config", str(name), example):
            where = ("connection_config", name, "example") if "connection_config" in entry else path
            yield Wording(where, f"The example cannot stand in base_url. Expected there: {expected}.", "warning")


def _paginate(entry: Definition, _: Definition) -> Iterator[Wording]:
    settings = _mapping(_mapping(entry.get("proxy")).get("paginate"))
    kind = settings.get("type")
    missing = [key for key in _PAGINATE_NEEDS.get(str(kind), ()) if not settings.get(key)]
    if kind == "link" and not {"link_rel_in_response_header", "link_path_in_response_body"} & set(settings):
        missing = ["link_rel_in_response_header or link_path_in_response_body"]
    if missing:
        message = f"Paging by {kind} needs {' and '.join(missing)}; without, no list can be read page by page."
        yield Wording(("proxy", "paginate"), message, "warning")
    if settings.get("resend_params") and kind != "link":
        yield Wording(
            ("proxy", "paginate", "resend_params"), "resend_params has a meaning only with type link.", "warning"
        )


def _retry(entry: Definition, _: Definition) -> Iterator[Wording]:
    in_body = _mapping(_mapping(_mapping(entry.get("proxy")).get("retry")).get("in_body"))
    value = in_body.get("value")
    if not isinstance(value, str):
        return
    path: Path = ("proxy", "retry", "in_body", "value")
    try:
        groups = compiled(value).groups
    except PatternError as error:
        yield Wording(path, f"The pattern does not compile, so no time is read: {error}.", "warning", "Correct it.")
        return
    if len(value) > 2 and value.startswith("/") and value.endswith("/"):
        yield Wording(path, "The slashes at both ends are part of the pattern, so it hardly ever matches.", "warning")
    elif not groups:
        yield Wording(path, "The pattern has no group to read the time from.", "warning")


def _rate_limits(entry: Definition, _: Definition) -> Iterator[Wording]:
    limits = _mapping(entry.get("rate_limits"))
    plans = [str(plan) for plan in _list(limits.get("plans"))]
    if "plan" in limits and limits["plan"] not in [*plans, "none"]:
        yield Wording(("rate_limits", "plan"), f"{limits['plan']} is not one of the plans.")
    places: list[tuple[Path, Any]] = [(("rate_limits", "assumed"), limits.get("assumed"))]
    places += [(("rate_limits", "groups", name), group) for name, group in _mapping(limits.get("groups")).items()]
    for path, group in places:
        for operation in ("read", "create", "update", "delete"):
            figures = _mapping(_mapping(group).get(operation))
            odd = set(map(str, figures)) ^ set(plans) if figures else set()
            if odd:
                message = f"The figures have to be for {' and '.join(plans)}: see {', '.join(sorted(odd))}."
                yield Wording((*path, operation), message)


def _templates(definition: Definition) -> Iterator[tuple[Path, str]]:
    """Every text outside the field descriptions."""
    for key, value in definition.items():
        if key not in FIELD_GROUPS and key not in ("rate_limits", "display_name"):
            yield from _texts((key,), value)


def _texts(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts((*path, str(key)), item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts((*path, index), item)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


_RULES: tuple[Callable[[Definition, Definition], Iterator[Wording]], ...] = (
    _credentials,
    _verification,
    _declared,
    _unused,
    _braces,
    _functions,
    _scripts,
    _fields,
    _base_url,
    _paginate,
    _retry,
    _rate_limits,
)
