"""All post-connection scripts: those of one shape (rows.py), those of a vendor's family, and the odd ones here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.errors import DefinitionError, InvalidUrl
from connectors.runtime.address import parse
from connectors.runtime.auth.encoding import component
from connectors.runtime.request import Call
from connectors.runtime.scripts import atlassian, microsoft, rows
from connectors.runtime.scripts.protocol import (
    Changes,
    PostConnection,
    Script,
    Subject,
    fetch,
    refuse_errors,
    unexpected,
)
from connectors.runtime.scripts.rows import Take, get, given, taken
from connectors.runtime.scripts.shapes import at, label, line, name, site

_BASECAMP_SIGN_ON = "https://launchpad.37signals.com"
_BASECAMP = "bc3"  # the product's name among the accounts of its vendor
_SAGE = "https://api.columbus.sage.com/uk"
_SAGE_EDITION = "sage200extra"


def basecamp(subject: Subject) -> Script[Changes]:
    """The accounts that the person may use, and the first of them unless one was named."""
    body = yield from fetch(subject, get("authorization.json", _BASECAMP_SIGN_ON))
    accounts = [
        {"id": number, "name": line(at(each, "name")) or "", "href": site(at(each, "href")) or ""}
        for each in at(body, "accounts") or ()
        if at(each, "product") == _BASECAMP and (number := name(at(each, "id"))) is not None
    ]
    if not accounts:
        raise unexpected(subject, "a Basecamp account")
    named = {} if given(subject, "accountId") else {"accountId": accounts[0]["id"]}
    return {"accounts": accounts, **named}


def bullhorn(subject: Subject) -> Script[Changes]:
    """The person's name and password were good for signing in only, so they are not kept."""
    del subject
    yield from ()
    return dict.fromkeys(("username", "password"))


def docusign(subject: Subject) -> Script[Changes]:
    """The person's account (the default one), and the address of its API."""
    body = yield from fetch(subject, get("oauth/userinfo", _sign_on(subject)))
    accounts = [each for each in at(body, "accounts") or () if isinstance(each, Mapping)]
    chosen = next((each for each in accounts if each.get("is_default") is True), accounts[0] if accounts else {})
    return taken(subject, chosen, {"accountId": Take("account_id"), "baseUri": Take("base_uri", site)})


def github_app(subject: Subject) -> Script[Changes]:
    """Who authorised the app, asked with that person's own token, which is kept beside the app's."""
    user = _github_user(subject)
    headers = {"authorization": f"Bearer {user.get('access_token') or ''}"}
    body = yield from fetch(subject, replace(get("user"), headers=headers))
    return {**taken(subject, body, {"handle": Take("login", label)}), "userCredentials": dict(user)}


def mailchimp(subject: Subject) -> Script[Changes]:
    """The data centre of the account: a part of the API's host."""
    token = subject.connection.credentials.get("access_token")
    call = replace(get("oauth2/metadata", _sign_on(subject)), headers={"authorization": f"OAuth {token}"})
    body = yield from fetch(subject, call)
    return taken(subject, body, {"dc": Take("dc", label)})


def rippling(subject: Subject) -> Script[Changes]:
    """Tell Rippling that the app is installed."""
    response = yield Call("POST", "platform/api/mark_app_installed")
    refuse_errors(subject, response)
    return {}


def sage_200(subject: Subject) -> Script[Changes]:
    """The first company and site that the person may use."""
    edition = label(subject.connection.connection_config.get("edition")) or _SAGE_EDITION
    body = yield from fetch(subject, get("accounts/v1/sites", f"{_SAGE}/{edition}"))
    return taken(subject, body, {"company_id": Take("0.company_id"), "site_id": Take("0.site_id")})


def sentry(subject: Subject) -> Script[Changes]:
    """Tell Sentry that the installation is complete."""
    installation = str(subject.connection.connection_config.get("installation.uuid") or "")
    if not installation:
        raise unexpected(subject, "the id of the installation")
    endpoint = f"0/sentry-app-installations/{component(installation)}/"
    response = yield Call("PUT", endpoint, data={"status": "installed"})
    refuse_errors(subject, response)
    return {}


def _sign_on(subject: Subject) -> str:
    """The origin that gives the provider's tokens; the definition spells it out."""
    provider = subject.connection.provider
    try:
        return parse(str(provider.definition.get("token_url"))).origin
    except InvalidUrl:
        message = f"The definition of {provider.name} has no token_url that is an address."
        raise DefinitionError(message, provider=provider.name) from None


def _github_user(subject: Subject) -> Mapping[str, Any]:
    """The person's half of a GitHub app's credentials, wherever the auth mode left it."""
    connection = subject.connection
    kept = connection.connection_config.get("userCredentials") or connection.credentials.get("user")
    return kept if isinstance(kept, Mapping) else connection.credentials


SCRIPTS: Mapping[str, PostConnection] = {
    **rows.SCRIPTS,
    **atlassian.SCRIPTS,
    **microsoft.SCRIPTS,
    "basecampPostConnection": basecamp,
    "bullhornPostConnection": bullhorn,
    "docusignPostConnection": docusign,
    "githubAppOauthPostConnection": github_app,
    "mailchimpPostConnection": mailchimp,
    "ripplingShopAppPostConnection": rippling,
    "sage200PostConnection": sage_200,
    "sentryOauthPostConnection": sentry,
}
