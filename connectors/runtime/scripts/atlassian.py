"""Jira, Confluence and Atlassian's clouds: which site a grant is for, and who gave it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.runtime.request import Call
from connectors.runtime.scripts.protocol import Changes, PostConnection, Script, Subject, fetch, unexpected
from connectors.runtime.scripts.rows import get, given
from connectors.runtime.scripts.shapes import at, name, site


def of_a_grant(subject: Subject) -> Script[Changes]:
    """The site among those of the grant (the one that `subdomain` names, else the first), and the person's id."""
    sites = yield from fetch(subject, get("oauth/token/accessible-resources"))
    chosen = _chosen(sites, str(subject.connection.connection_config.get("subdomain") or ""))
    cloud, address = name(at(chosen, "id")), site(at(chosen, "url"))
    if cloud is None or address is None:
        raise unexpected(subject, "a site that this grant is for")
    account = yield from _account(cloud)
    return {"cloudId": cloud, "baseUrl": address, **account}


def of_a_service_account(subject: Subject) -> Script[Changes]:
    """The address of the site that `cloudId` names, and the service account's id."""
    cloud = name(given(subject, "cloudId"))
    if cloud is None:
        changes = yield from of_a_grant(subject)
        return changes
    server = yield from fetch(subject, get(f"ex/jira/{cloud}/rest/api/3/serverInfo"))
    address = site(at(server, "baseUrl"))
    account = yield from _account(cloud)
    return {**({"baseUrl": address} if address else {}), **account}


def _chosen(sites: Any, subdomain: str) -> Any:
    found = [each for each in sites if isinstance(each, Mapping)] if isinstance(sites, list) else []
    host = subdomain if "." in subdomain else f"{subdomain}.atlassian.net"
    named = (each for each in found if site(each.get("url")) == f"https://{host.lower()}")
    return next(named, None) or (found[0] if found and not subdomain else None)


def _account(cloud: str) -> Script[Mapping[str, str]]:
    """The id of who consented. Without the scope to ask, the connection goes without it."""
    response = yield Call("GET", f"ex/jira/{cloud}/rest/api/3/myself")
    account = name(at(response.json(), "accountId")) if response.ok else None
    return {"accountId": account} if account else {}


SCRIPTS: Mapping[str, PostConnection] = {
    "atlassianGovernmentCloudPostConnection": of_a_grant,
    "atlassianServicAccountPostConnection": of_a_service_account,  # spelt as the definitions spell it
    "jiraPostConnection": of_a_grant,
}
