"""The role that a connection takes on, and where and for what."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connectors.errors import ConfigError, Problem
from connectors.runtime.auth.flow import Ask
from connectors.runtime.auth.oauth2_client import incomplete
from connectors.runtime.auth.submitted import submitted

_REGION = re.compile(r"[a-z0-9-]{1,64}")
_SERVICE = re.compile(r"[a-z0-9-]+")
_ROLE = re.compile(r"arn:[^:]+:iam::[^:]*:role/(?:[^/]+/)*([^/:]+)")
_INCOMPLETE = "invalid_aws_sigv4_config"


@dataclass(frozen=True)
class Role:
    """A role, and what is to be done with it."""

    arn: str
    name: str  # the last part of the ARN
    region: str
    service: str  # that calls are signed for
    external_id: str  # what the role's trust policy asks for; "" for none

    @classmethod
    def of(cls, ask: Ask) -> Role:
        """From what was submitted or stored, and the integration.

        Raises ConfigError for a role or region that is none, IntegrationIncomplete without a service or region.
        """
        arn = submitted(ask, "role_arn")["role_arn"].strip()
        name = _ROLE.fullmatch(arn)
        if name is None:
            message = "is no ARN of a role, such as arn:aws:iam::123456789012:role/Name."
            raise _wrong(ask, Problem("credentials", "role_arn", "Role ARN", message))
        external_id = ask.credentials.get("external_id") or ask.connection_config.get("external_id") or ""
        return cls(arn, name[1], _region(ask), _service(ask), str(external_id))


def _region(ask: Ask) -> str:
    """The connection's, else the integration's."""
    given = ask.credentials.get("region") or ask.connection_config.get("region")
    region = str(given or ask.integration.custom.get("defaultRegion") or "")
    if not region:
        raise incomplete(ask, "has no region (defaultRegion), and the connection has none either", _INCOMPLETE)
    if _REGION.fullmatch(region):
        return region
    if not given:
        raise incomplete(ask, "has a defaultRegion that is no region", _INCOMPLETE)
    message = "is no region of AWS, such as eu-central-1."
    raise _wrong(ask, Problem("connection_config", "region", "AWS Region", message))


def _service(ask: Ask) -> str:
    service = str(ask.integration.custom.get("service") or "")
    if not _SERVICE.fullmatch(service):
        raise incomplete(ask, "does not say which service its calls are signed for (service)", _INCOMPLETE)
    return service


def _wrong(ask: Ask, problem: Problem) -> ConfigError:
    return ConfigError(problems=[problem], provider=ask.provider.name)
