"""Templates through each reading, and the functions around them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from connectors import Connection, InputError, Provider
from connectors.runtime.auth.make_url import make_url
from connectors.runtime.auth.pem import tidy
from connectors.runtime.request import Call, build
from connectors.runtime.template import (
    Moment,
    placeholders,
    render,
    render_if_needed,
    render_s,
    step_number,
    without_credentials,
    without_steps,
)

from . import rules
from .verdict import Verdict, judge
from .world import World

READINGS = {
    "interpolateString": render_s,
    "interpolateStringFromObject": render,
    "interpolateIfNeeded": render_if_needed,
}


def run(case: dict[str, Any], world: World) -> Verdict:
    """One template or text; the case names the reference's function."""
    expected, variables = case["expected"], _variables(case, world)
    try:
        output = _FUNCTIONS[case["function"]](case, variables, world)
    except InputError as error:
        return judge("error" in expected, expected, None, (), error)
    actual = {"output": output}
    named = [rules.looked_up(name, variables) for name in placeholders(str(case["template"]))]
    held = case["function"] in READINGS and rules.value_as_template(*named)
    return judge(actual == expected, expected, actual, [("value-as-template", held)])


def _variables(case: dict[str, Any], world: World) -> dict[str, Any]:
    """The variables of a case, or the shared ones that it names.

    A value `undefined` got lost when the case was written down as JSON; where the result holds that
    word, it is put back for what has no value.
    """
    given = case["variables"]
    variables: dict[str, Any] = world.file["shared_variables"][given] if isinstance(given, str) else given or {}
    if case["function"] == "makeUrl" and "undefined" in str(case["expected"].get("output")):
        names = (name.removeprefix("connectionConfig.") for name in placeholders(case["template"]))
        return {**dict.fromkeys(names, "undefined"), **variables}
    return variables


def _rendered(case: dict[str, Any], variables: dict[str, Any], world: World) -> str:
    return READINGS[case["function"]](case["template"], variables, moment=_moment(case, variables, world)).text


def _moment(case: dict[str, Any], variables: dict[str, Any], world: World) -> Moment:
    """`now` and `random` among the variables are the ones that the reference had frozen before."""
    moment = world.moment(case)
    now, random = variables.get("now"), variables.get("random")
    return Moment(
        datetime.fromisoformat(now) if isinstance(now, str) else moment.now,
        (lambda: random) if isinstance(random, str) else moment.random,
        moment.random_bytes,
        moment.nonce,
    )


def _made_url(case: dict[str, Any], variables: dict[str, Any], world: World) -> str:
    skip = "base_url" in case["skip_encode"]
    return make_url(case["template"], variables, moment=world.moment(case), skip_encode=skip)


def _tidied(case: dict[str, Any], variables: dict[str, Any], world: World) -> str:
    del world
    return tidy(case["template"], variables.get("type"))


def _params(case: dict[str, Any], variables: dict[str, Any], world: World) -> str:
    """What `${params}` stands for in the header of such a request."""
    del variables
    given = case["template"]
    definition = {"auth_mode": "NONE", "proxy": {"base_url": "https://x.example", "headers": {"x": "${params}"}}}
    connection = Connection(Provider("synthetic", definition, "oracle"), {}, {})
    call = Call(given["method"], f"/?{given['query'] or ''}", data=given["data"])
    return build(connection, call, moment=world.moment(case)).headers["x"]


def _misses(case: dict[str, Any], variables: dict[str, Any], world: World) -> bool:
    """Whether no side of a template has all its values."""
    known = {**variables, "connectionConfig": variables, "connection_config": variables}
    sides = str(case["template"]).split("||")
    return all(render_s(side, known, moment=world.moment(case)).missing for side in sides)


_FUNCTIONS: dict[str, Callable[[dict[str, Any], dict[str, Any], World], Any]] = {
    **dict.fromkeys(READINGS, _rendered),
    "makeUrl": _made_url,
    "formatPem": _tidied,
    "buildCanonicalParams": _params,
    "missesInterpolationParam": _misses,
    "stripCredential": lambda case, *_: without_credentials(case["template"]),
    "stripStepResponse": lambda case, *_: without_steps(case["template"]),
    "extractStepNumber": lambda case, *_: step_number(case["template"]),
}
