"""Second tokens of Microsoft: SharePoint's and the Bot Framework's, which the first token is not good for."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.runtime.auth.flow import Ask
from connectors.runtime.auth.jwt_claims import claims_of
from connectors.runtime.auth.oauth2_quirks.microsoft import BOT, SHAREPOINT, bot_token, sharepoint_token
from connectors.runtime.scripts.protocol import Changes, PostConnection, Script, Subject, fetch, unexpected
from connectors.runtime.scripts.rows import get
from connectors.runtime.scripts.shapes import at, label, name

_SHAREPOINT_HOST = ".sharepoint.com"


def sharepoint(subject: Subject) -> Script[Changes]:
    """The tenant, and a token for its SharePoint site."""
    credentials = subject.connection.credentials
    tenant = name(claims_of(credentials.get("access_token")).get("tid"))
    root = yield from fetch(subject, get("v1.0/sites/root"))
    host = str(at(root, "siteCollection.hostname") or "")
    site_name = label(host.removesuffix(_SHAREPOINT_HOST))
    if tenant is None or site_name is None or not host.endswith(_SHAREPOINT_HOST):
        raise unexpected(subject, "a tenant and its SharePoint site")
    scope = f"https://{site_name}{_SHAREPOINT_HOST}/.default"
    token = yield from sharepoint_token(_ask(subject), str(credentials.get("refresh_token") or ""), scope)
    return {"tenantId": tenant, SHAREPOINT: token}


def bot_framework(subject: Subject) -> Script[Changes]:
    """A token for the Bot Framework."""
    token = yield from bot_token(_ask(subject))
    return {BOT: token}


def _ask(subject: Subject) -> Ask:
    connection = subject.connection
    return Ask(
        connection.provider,
        connection.integration,
        connection.connection_config,
        connection.credentials,
        subject.moment,
    )


SCRIPTS: Mapping[str, PostConnection] = {
    "microsoftTeamsBotPostConnection": bot_framework,
    "onedrivePostConnection": sharepoint,
}
