"""What each of these providers sends instead of the standard's token requests, by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from connectors.runtime.auth.flow import Ask
from connectors.runtime.auth.oauth2_client import client_of
from connectors.runtime.auth.oauth2_config import known
from connectors.runtime.auth.oauth2_exchange import exchange
from connectors.runtime.auth.oauth2_quirks import (
    braintree,
    bullhorn,
    coros,
    meta,
    microsoft,
    revolut,
    shopline,
    slack,
    tiktok,
)
from connectors.runtime.auth.oauth2_quirks.recipe import Fields, Part, Quirk, Raw, Recipe, picked

Value: TypeAlias = Callable[[Ask], str]

_HOUR = 3600  # seconds that tokens live of which no answer says it
_CLIENT: Fields = {"client_id": Part.CLIENT_ID, "client_secret": Part.CLIENT_SECRET}
_CODE: Fields = {"grant_type": "authorization_code", "code": Part.CODE, "redirect_uri": Part.REDIRECT_URI}
_CODE_AND_VERIFIER: Fields = {**_CODE, "code_verifier": Part.VERIFIER}
_REFRESH: Fields = {"grant_type": "refresh_token", "refresh_token": Part.REFRESH_TOKEN}


def _renamed_expiry(ask: Ask, content: Mapping[str, object]) -> Mapping[str, object]:
    """Clover says when a token expires under a name of its own."""
    del ask
    rest = {name: value for name, value in content.items() if name != "access_token_expiration"}
    return rest | {"expires_at": content["access_token_expiration"]} if rest != content else content


def _sentry_tokens(ask: Ask, content: Mapping[str, object]) -> Mapping[str, object]:
    del ask
    names = {"access_token": "token", "refresh_token": "refreshToken", "expires_at": "expiresAt"}
    return {ours: content[theirs] for ours, theirs in names.items() if theirs in content}


def _setting(name: str) -> Value:
    """A value of the connection's configuration, or one that the callback brought."""
    return lambda ask: str(known(ask).get(name) or "")


def _random(ask: Ask) -> str:
    return ask.moment.random()


def _start_of_secret(ask: Ask) -> str:
    return client_of(ask).secret[:20]


def _figma() -> Quirk:
    client_and_code = {**_CLIENT, "code": Part.CODE, "grant_type": "authorization_code"}
    client_and_token = {**_CLIENT, "refresh_token": Part.REFRESH_TOKEN}
    redirect: Fields = {"redirect_uri": Part.REDIRECT_URI}
    return Quirk(
        Recipe(client_and_code, query=redirect, encoding="json", proof="basic"),
        Recipe(client_and_token, url="refresh_url", encoding="json", proof="basic"),
    )


def _stripe_app() -> Quirk:
    kept = picked("access_token", "refresh_token", "scope", "token_type", expires_in=_HOUR)
    return Quirk(Recipe(_CODE, proof="secret as user", raw=kept), Recipe(_REFRESH, proof="secret as user", raw=kept))


def _public(code: Fields, *, url: str = "token_url") -> Quirk:
    """A client without a secret, which shows its id when it renews."""
    renewal = {"client_id": Part.CLIENT_ID, **_REFRESH}
    return Quirk(Recipe(code, public=True), Recipe(renewal, url=url, public=True))


_CODE_FIRST: Fields = {
    "code": Part.CODE,
    "client_id": Part.CLIENT_ID,
    "grant_type": "authorization_code",
    "redirect_uri": Part.REDIRECT_URI,
    "code_verifier": Part.VERIFIER,
}
_ABSORB_HEADERS: Fields = {"x-api-key": _setting("restApiKey"), "x-api-version": _setting("apiVersion")}
_WALMART_HEADERS: Fields = {
    "WM_PARTNER.ID": _setting("sellerId"),
    "WM_QOS.CORRELATION_ID": _random,
    "WM_SVC.NAME": "Walmart Marketplace",
}
_WORKDAY: Raw = picked("access_token", "refresh_token", expires_in=_HOUR)
_JOBBER: Raw = _WORKDAY

QUIRKS: Mapping[str, Quirk] = {
    "absorb-lms": Quirk(
        Recipe({**_CLIENT, **_CODE, "nonce": _random}, headers=_ABSORB_HEADERS),
        Recipe({**_CLIENT, **_REFRESH, "nonce": _random}, headers=_ABSORB_HEADERS),
    ),
    "agiloft": Quirk(exchange, Recipe({**_REFRESH, "md5_secret": _start_of_secret})),
    "attio-mcp": _public(
        {
            "grant_type": "authorization_code",
            "code": Part.CODE,
            "client_id": Part.CLIENT_ID,
            "redirect_uri": Part.REDIRECT_URI,
            "code_verifier": Part.VERIFIER,
        }
    ),
    "braintree": braintree.BRAINTREE,
    "braintree-sandbox": braintree.BRAINTREE,
    "bullhorn": bullhorn.BULLHORN,
    "clover": Quirk(
        Recipe({**_CLIENT, "code": Part.CODE}, encoding="json", raw=_renamed_expiry),
        Recipe(
            {"client_id": Part.CLIENT_ID, "refresh_token": Part.REFRESH_TOKEN},
            url="refresh_url",
            encoding="json",
            raw=_renamed_expiry,
            public=True,
        ),
    ),
    "coros": coros.COROS,
    "coros-sandbox": coros.COROS,
    "facebook": meta.FACEBOOK,
    "fanvue": Quirk(Recipe(_CODE_AND_VERIFIER, proof="basic"), Recipe(_REFRESH, proof="basic")),
    "figjam": _figma(),
    "figma": _figma(),
    "followupboss": Quirk(Recipe({**_CODE, "state": Part.STATE}, proof="basic"), Recipe(_REFRESH, proof="basic")),
    "heygen": _public(_CODE_FIRST, url="refresh_url"),
    "instagram": meta.INSTAGRAM,
    "jobber": Quirk(Recipe({**_CLIENT, **_CODE}, raw=_JOBBER), Recipe({**_CLIENT, **_REFRESH}, raw=_JOBBER)),
    "mercury": Quirk(
        Recipe(
            {
                "code": Part.CODE,
                "grant_type": "authorization_code",
                "redirect_uri": Part.REDIRECT_URI,
                "code_verifier": Part.VERIFIER,
            },
            public=True,
        ),
        Recipe(_REFRESH, public=True),
    ),
    "microsoft-admin": microsoft.ADMIN,
    "microsoft-teams-bot": microsoft.TEAMS_BOT,
    "one-drive": microsoft.WITH_SHAREPOINT,
    "posthog-oauth": _public(_CODE_FIRST),
    "revolut-business": revolut.REVOLUT,
    "sentry-oauth": Quirk(
        Recipe({"grant_type": "authorization_code", "code": Part.CODE, **_CLIENT}, encoding="json", raw=_sentry_tokens),
        Recipe({**_REFRESH, **_CLIENT}, encoding="json", raw=_sentry_tokens),
    ),
    "sharepoint-online": microsoft.WITH_SHAREPOINT,
    "shopline-oauth": shopline.SHOPLINE,
    "slack": slack.SLACK,
    "stripe-app": _stripe_app(),
    "stripe-app-sandbox": _stripe_app(),
    "threads": meta.THREADS,
    "tiktok-accounts": tiktok.ACCOUNTS,
    "tiktok-ads": tiktok.ADS,
    "tiktok-personal": tiktok.PERSONAL,
    "walmart": Quirk(
        Recipe(_CODE, headers=_WALMART_HEADERS, proof="basic"),
        Recipe(_REFRESH, headers=_WALMART_HEADERS, proof="basic"),
    ),
    "workday-oauth": Quirk(
        Recipe(_CODE_AND_VERIFIER, proof="basic", raw=_WORKDAY),
        Recipe({"refresh_token": Part.REFRESH_TOKEN, "grant_type": "refresh_token"}, proof="basic", raw=_WORKDAY),
    ),
}
