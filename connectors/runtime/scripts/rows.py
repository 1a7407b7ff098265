"""The scripts of one shape: one call at most, and values of its answer that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.runtime.auth.jwt_claims import claims_of
from connectors.runtime.request import Call
from connectors.runtime.scripts.protocol import Changes, PostConnection, Script, Subject, fetch, unexpected
from connectors.runtime.scripts.shapes import Reader, at, extension, flag, hashed, label, last_segment, name, site


@dataclass(frozen=True)
class Take:
    """A value to keep: where it stands, and what may be kept of it."""

    path: str
    read: Reader = name
    optional: bool = False
    otherwise: str = ""  # another path, for a value that goes by two names


@dataclass(frozen=True)
class Row:
    """A call, and what is kept of its answer by the name it gets in connection_config.

    Without a call the values stand in what the connection knows: `credentials`, `connectionConfig`,
    and `claims` of its access token.
    """

    call: Call | None
    takes: Mapping[str, Take]


def get(endpoint: str, base_url: str | None = None) -> Call:
    """A GET, on the connection's own host unless another is named."""
    return Call("GET", endpoint, base_url_override=base_url)


def graphql(query: str) -> Call:
    """A GraphQL query."""
    return Call("POST", "graphql", data={"query": query})


def script_of(row: Row) -> PostConnection:
    """The script that a row stands for."""

    def script(subject: Subject) -> Script[Changes]:
        if row.call is None:
            return taken(subject, _known(subject), row.takes)
        answer = yield from fetch(subject, row.call)
        return taken(subject, answer, row.takes)

    return script


def taken(subject: Subject, source: Any, takes: Mapping[str, Take]) -> dict[str, Any]:
    """The values that are to be kept. Raises UnexpectedAnswer for one that is missing or has another shape.

    What the person who connected was asked for, and gave, stays.
    """
    found = {}
    for key, take in takes.items():
        if given(subject, key):
            continue
        found_at = at(source, take.path)
        value = take.read(at(source, take.otherwise) if found_at is None and take.otherwise else found_at)
        if value is not None:
            found[key] = value
        elif not take.optional:
            raise unexpected(subject, f"a usable {take.path}, for {key}")
    return found


def given(subject: Subject, key: str) -> Any:
    """The value that the person who connected gave for a field of connection_config; None if it is asked of nobody."""
    connection = subject.connection
    field = connection.provider.connection_config.get(key)
    asked = isinstance(field, Mapping) and not field.get("automated")
    return connection.connection_config.get(key) if asked else None


def _known(subject: Subject) -> Mapping[str, Any]:
    connection = subject.connection
    credentials = connection.credentials
    token = credentials.get("access_token") or credentials.get("token")
    return {
        "credentials": credentials,
        "connectionConfig": connection.connection_config,
        "claims": claims_of(token),
    }


_ROWS: Mapping[str, Row] = {
    "adobeUmapiPostConnection": Row(None, {"clientId": Take("credentials.client_id")}),
    "attioPostConnection": Row(get("v2/self"), {"workspace_id": Take("workspace_id")}),
    "calendlyPostConnection": Row(
        get("users/me"), {"organizationId": Take("resource.current_organization", last_segment)}
    ),
    "candisPostConnection": Row(get("v1/organizations/info"), {"organizationId": Take("id")}),
    "checkrPartnerPostConnection": Row(
        get("v1/account"), {"accountHierarchyEnabled": Take("account_hierarchy_enabled", flag)}
    ),
    "googleCalendarPostConnection": Row(get("calendar/v3/calendars/primary"), {"emailAddressHash": Take("id", hashed)}),
    "googleMailPostConnection": Row(
        get("gmail/v1/users/me/profile"), {"emailAddressHash": Take("emailAddress", hashed)}
    ),
    "gustoPostConnection": Row(get("v1/token_info"), {"companyUuid": Take("resource.uuid")}),
    "highlevelPostConnection": Row(
        None,
        {
            "companyId": Take("credentials.raw.companyId", optional=True),
            "locationId": Take("credentials.raw.locationId", optional=True),
        },
    ),
    "hubspotPostConnection": Row(get("account-info/v3/details"), {"portalId": Take("portalId")}),
    "jobberPostConnection": Row(graphql("query { account { id } }"), {"accountId": Take("data.account.id")}),
    "linearPostConnection": Row(
        graphql("query { organization { id } }"), {"organizationId": Take("data.organization.id")}
    ),
    "microsoftTeamsPostConnection": Row(None, {"tenantId": Take("claims.tid")}),
    "procorePostConnection": Row(get("rest/v1.0/companies"), {"companyId": Take("0.id")}),
    "salesforcePostConnection": Row(None, {}),
    "sellsyPostConnection": Row(None, {"corpid": Take("claims.corpid", otherwise="claims.corpId")}),
    "snowflakePostConnection": Row(None, {"username": Take("credentials.raw.username")}),
    "sophosCentralPostConnection": Row(
        get("whoami/v1", "https://api.central.sophos.com"),
        {"tenantId": Take("id"), "dataRegion": Take("apiHosts.dataRegion", site)},
    ),
    "workablePostConnection": Row(
        get("spi/v3/accounts", "https://www.workable.com"), {"subdomain": Take("accounts.0.subdomain", label)}
    ),
    "xeroPostConnection": Row(get("connections"), {"tenant_id": Take("0.tenantId")}),
    "zohoPostConnection": Row(None, {"extension": Take("connectionConfig.api_domain", extension)}),
    "zoomPostConnection": Row(get("users/me"), {"accountId": Take("account_id")}),
}
SCRIPTS: Mapping[str, PostConnection] = {key: script_of(row) for key, row in _ROWS.items()}
