"""A fresh access token for a refresh token (RFC 6749, section 6)."""

from __future__ import annotations

from connectors.errors import TokenRefused
from connectors.runtime.auth import oauth2_hosts
from connectors.runtime.auth.flow import Ask, Exchanges, Grant
from connectors.runtime.auth.oauth2_answer import REFRESH_FAILED, credentials_of, read, with_expiry
from connectors.runtime.auth.oauth2_exchange import token_request
from connectors.runtime.auth.oauth2_values import resolved, url_of


def refresh_generic(ask: Ask, *, public: bool = False) -> Exchanges[Grant]:
    """Send the refresh token to the token URL; it stays in use if the answer brings no new one.

    `refresh_params` of the definition (without them its `token_params`) may even replace the grant, as
    in the reference runtime. That sends a placeholder in them as it is written; here it is filled (rule
    unresolved-placeholder, docs/compatibility.md). Raises as the exchange does.
    """
    token = refresh_token_of(ask)
    params = "refresh_params" if "refresh_params" in ask.provider.definition else "token_params"
    declared = resolved(ask, params, ask.connection_config)
    fields = {"grant_type": "refresh_token", **declared, "refresh_token": token}
    url = url_of(ask, ask.connection_config, "token_url")
    oauth2_hosts.check(ask, url)
    answer = yield token_request(ask, url, fields, public=public)
    raw = with_expiry(read(ask, answer, refreshing=True), ask.moment.now)
    return Grant(credentials_of(ask, raw, answer=answer, refreshing=True, refresh_token=token))


def refresh_token_of(ask: Ask) -> str:
    """The stored refresh token. Raises TokenRefused without one."""
    token = ask.credentials.get("refresh_token")
    if not isinstance(token, str) or not token:
        raise TokenRefused(
            f"{ask.provider.display_name} gave no refresh token, so its access token cannot be renewed.",
            next_step="Connect the account again.",
            provider=ask.provider.name,
            reference_code=REFRESH_FAILED,
        )
    return token
