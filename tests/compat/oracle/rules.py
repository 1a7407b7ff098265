"""The named rules by which we differ from the reference runtime, as predicates on a case's input.

A predicate never looks at what came out. docs/compatibility.md gives the reason of each.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from connectors import HostRefused, InputError, InvalidUrl, Provider, UnresolvedPlaceholder
from connectors.runtime.retry import LONGEST_WAIT, number
from connectors.runtime.template import functions, placeholders

RULES = (
    "unresolved-placeholder",
    "value-as-template",
    "base-url-inside-endpoint",
    "cross-host-credentials",
    "host-position",
    "server-validates",
    "pasted-address",
    "retry-after-unnamed",
    "writes-not-repeated",
    "true-status",
    "broken-cursor-400",
    "keeps-on-reauthorise",
    "last-duplicate-wins",
)
REFUSALS: Mapping[str, type[InputError] | tuple[type[InputError], ...]] = {
    "unresolved-placeholder": UnresolvedPlaceholder,
    "host-position": (HostRefused, InvalidUrl),
    "server-validates": InputError,
}
"""What a rule that refuses raises."""

OTHERS = 6.0  # percent of a file that may differ by all rules together but the ones below


def limit(file: str, rule: str) -> float | None:
    """The share of a file's cases, in percent, that may differ by this rule; None: counts with the others."""
    if rule == "unresolved-placeholder":
        return {"proxy_requests": 16.0, "proxy_requests_synthetic": 6.0, "interpolation": 0.0}.get(file, 3.0)
    if rule == "retry-after-unnamed" and file == "retry":
        return 28.0
    return None


# --- What predicates are made of -----------------------------------------------------------------


def texts(value: Any) -> Iterator[str]:
    """Every text within a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def value_as_template(*values: Any) -> bool:
    """value-as-template: a text that the user gave holds `${` or `||`."""
    return any("${" in text or "||" in text for text in texts(list(values)))


def unresolved(templates: Iterable[str], variables: Mapping[str, Any], *, empty_counts: bool = True) -> bool:
    """unresolved-placeholder: a template names something that has no value in `variables`.

    `variables` is nested as templates see it. With `empty_counts` an empty text is a value.
    """
    for template in templates:
        for name in placeholders(template):
            value = looked_up(name, variables)
            if value is None or (value == "" and not empty_counts):
                return True
    return False


def looked_up(name: str, variables: Mapping[str, Any]) -> Any:
    """The value of a dotted name; a flat key with dots in it counts too."""
    if name in variables:
        return variables[name]
    first, dot, rest = name.partition(".")
    inner = variables.get(first)
    if dot and isinstance(inner, Mapping):
        return looked_up(rest, inner)
    return None


def host_position(template: str, variables: Mapping[str, Any]) -> bool:
    """host-position: a value is not what may stand where it does: a base, a host, labels of one, a path."""
    begins = re.match(r"\$\{([^{}]+)\}", template)
    authority = re.match(r"https?://([^/?#]*)", template)
    places: list[tuple[str, Sequence[str]]] = [(_BASE, [begins[1]] if begins else [])]
    if authority:
        alone = re.fullmatch(r"\$\{[^{}]+\}(:[0-9]+)?", authority[1])
        places.append((_HOST if alone else _LABELS, placeholders(authority[1])))
    front = authority or begins
    rest = template[front.end() :] if front else ""
    places.append((_PATH, placeholders(rest.partition("?")[0])))
    found = [(fits, looked_up(name, variables)) for fits, names in places for name in names]
    return any(value and not re.fullmatch(fits, str(value)) for fits, value in found)


_BASE = r"https?://[^/?#@\\\s]+(/[^?#\\\s]*)?"
_HOST = r"[A-Za-z0-9._-]+(:[0-9]+)?(/[^?#\\\s]*)?"
_LABELS = r"[A-Za-z0-9._-]+"
_PATH = r"(?!(.*/)?\.\.?(/|$))[^?#\\\x00-\x1f]*"


# --- Retries -------------------------------------------------------------------------------------

_YEAR_1971 = 31_536_000_000  # as milliseconds; a smaller number counts seconds


def retry_after_unnamed(response: Mapping[str, Any], settings: Mapping[str, Any] | None, now: datetime) -> bool:
    """retry-after-unnamed: a Retry-After that is not named or is a date, or a named wait below zero or too long."""
    rules, headers = settings or {}, {name.lower(): value for name, value in (response.get("headers") or {}).items()}
    named = "retry-after" in [name.lower() for name in rules.get("after") or ()]
    if "retry-after" in headers and not (named and number(headers["retry-after"]) is not None):
        return True
    kind = "at" if rules.get("at") else "after"
    told = [(kind, headers.get(str(name).lower())) for name in rules.get(kind) or ()]
    told += [
        (kind, found)
        for text in texts(response.get("data"))
        for found in re.findall(r"[-+.:\w]+", text)
        for kind in KINDS
    ]
    return any(not 0 <= _wait(kind, value, now) <= LONGEST_WAIT for kind, value in told)


KINDS = ("after", "at")


def _wait(kind: str, value: Any, now: datetime) -> float:
    """Seconds that a header or text asks to wait; 0 for none."""
    found = number(value)
    if kind == "after":
        return 0.0 if found is None else found
    if found is None:
        found = _unix(value)
    elif found >= _YEAR_1971:
        found /= 1000
    return max(found - math.floor(now.timestamp()), 0.0) if found is not None else 0.0


def _unix(value: Any) -> float | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(str(value))
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


# --- Calls ---------------------------------------------------------------------------------------

OF_THE_REQUEST = dict.fromkeys(
    ("endpoint", "host", "path", "params", "contentType", "urlCanonicalParams", "bodyCanonicalParams"), "set"
)
TOKENS = {  # credential that the default header holds
    "APP": "access_token",
    "JWT": "token",
    "MCP_OAUTH2": "access_token",
    "MCP_OAUTH2_GENERIC": "access_token",
    "OAUTH2": "access_token",
    "OAUTH2_CC": "token",
    "SIGNATURE": "token",
    "TWO_STEP": "token",
}


def of_a_call(case: Mapping[str, Any], provider: Provider) -> list[tuple[str, bool]]:
    """The rules that a proxied call may differ by, with what their predicates say of it."""
    request, base = case["request"], base_template(case, provider)
    endpoint = request.get("endpoint", "")
    variables = _address_variables(case)
    return [
        ("unresolved-placeholder", unresolved([base + endpoint], variables) or unresolved_header(case, provider)),
        ("host-position", host_position(base, variables)),
        ("base-url-inside-endpoint", base_url_inside_endpoint(endpoint, provider.base_url)),
        ("value-as-template", "${" in base and "||" in endpoint),
    ]


def of_a_check(case: Mapping[str, Any], provider: Provider) -> list[tuple[str, bool]]:
    """The same of the calls that check credentials."""
    settings = provider.verification or {}
    found: list[tuple[str, bool]] = []
    for endpoint in settings.get("endpoints") or ():
        request = {"endpoint": endpoint, "base_url_override": settings.get("base_url_override")}
        found += of_a_call({**case, "request": request}, provider)
    return found


def base_template(case: Mapping[str, Any], provider: Provider) -> str:
    """The base URL template that applies: the override, the integration's, or a side of A || B."""
    custom, config = (case.get("integration") or {}).get("custom") or {}, case["connection_config"]
    own = config.get("base_url") if case["credentials"].get("type") == "AWS_SIGV4" else custom.get("baseUrl")
    template = str(case["request"].get("base_url_override") or own or provider.base_url or "")
    if "${" not in template or "||" not in template:
        return template
    parts = [part.strip() for part in template.split("||")]
    name = re.search(r"connectionConfig\.(\w+)", template)
    return parts[0] if name and config.get(name[1]) else parts[1]


def unresolved_header(case: Mapping[str, Any], provider: Provider) -> bool:
    """unresolved-placeholder: a header of the definition, or the default one, lacks a value that is not optional."""
    credentials = case["credentials"]
    if TOKENS.get(credentials.get("type")) not in (None, *(name for name, value in credentials.items() if value)):
        return True
    for template in provider.headers.values():
        # The reference leaves such a header out, unless a function has already swallowed the placeholder.
        optional = "connectionConfig" in template and not functions(template)
        if not optional and unresolved([template], _header_variables(case, template)):
            return True
    return False


def _address_variables(case: Mapping[str, Any]) -> dict[str, Any]:
    """What an address can name. An empty value of the config counts as none there."""
    config = {name.removeprefix("connectionConfig."): value for name, value in case["connection_config"].items()}
    config = {name: value for name, value in config.items() if value}
    record = {"connectionConfig": config, "connection_config": config, "metadata": case.get("metadata") or {}}
    return {**record, "connection_id": "set", "endpoint": "set", **case["credentials"]}


def _header_variables(case: Mapping[str, Any], template: str) -> dict[str, Any]:
    credentials = case["credentials"]
    kind = credentials.get("type")
    everything = {**credentials, "credentials": credentials, "method": "set", **OF_THE_REQUEST}
    if "connectionConfig" in template:
        return {**everything, "connectionConfig": case["connection_config"]}
    if kind == "OAUTH2":
        return {"accessToken": credentials.get("access_token"), "clientId": "", "clientSecret": ""}
    token = {"accessToken": credentials.get("token")}
    if kind in ("JWT", "OAUTH2_CC", "SIGNATURE"):
        return token
    return {**token, "credentials": credentials, **OF_THE_REQUEST} if kind == "TWO_STEP" else everything


def base_url_inside_endpoint(endpoint: str, base_url: str | None) -> bool:
    """base-url-inside-endpoint: it stands in the middle, or at the front with the host or a step going on behind it."""
    base = base_url or "\0"
    before, found, after = endpoint.partition(base)
    return bool(found) and (before.strip("/") != "" or not (after == "" or after[0] in "/?#" or base.endswith("/")))


def cross_host_credentials(case: Mapping[str, Any], host: str) -> bool:
    """cross-host-credentials: a redirect leads away from `host`."""
    targets = [(step.get("headers") or {}).get("location", "") for step in case["server_script"]]
    return any(re.match(rf"https?://(?!{re.escape(host)}([:/?#]|$))", target) for target in targets)
