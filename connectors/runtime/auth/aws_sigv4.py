"""AWS_SIGV4: the customer's role, taken on for an hour at a time; every call is signed with its keys."""

from __future__ import annotations

from typing import Any

from connectors.errors import TokenRefused
from connectors.runtime.auth.aws_role import Role
from connectors.runtime.auth.aws_sts import assume, caller
from connectors.runtime.auth.flow import Ask, Exchanges, Flow, Grant

_KEPT = ("role_arn", "region", "service", "external_id")  # in connection_config too: addresses are made of them


def acquire(ask: Ask) -> Flow:
    """Takes the role on, and asks AWS who that is.

    Raises ConfigError for a role or region that is none, IntegrationIncomplete, TokenRefused (also if AWS
    names another role), TokenUnusable.
    """
    role = Role.of(ask)
    credentials = yield from _taken_on(ask, role)
    arn = yield from caller(ask, credentials)
    if role.name not in arn.replace(":", "/").split("/"):
        raise TokenRefused(
            f"{ask.provider.display_name} says that the credentials belong to another role than {role.name}.",
            next_step="Check the role ARN, and what issues the credentials.",
            provider=ask.provider.name,
            reference_code="aws_sigv4_sts_request_failed",
        )
    return Grant(credentials, {name: credentials[name] for name in _KEPT if credentials.get(name)})


def refresh(ask: Ask) -> Flow:
    """Takes the role on anew. Raises as `acquire` does."""
    return Grant((yield from _taken_on(ask, Role.of(ask))))


def _taken_on(ask: Ask, role: Role) -> Exchanges[dict[str, Any]]:
    keys, raw = yield from assume(ask, role)
    external = {"external_id": role.external_id} if role.external_id else {}
    own = {"role_arn": role.arn, "region": role.region, "service": role.service, **external}
    return {"type": "AWS_SIGV4", **own, **keys, "raw": raw}
