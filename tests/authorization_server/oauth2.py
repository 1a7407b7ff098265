"""OAuth 2.0 as RFC 6749 (grants), RFC 7636 (PKCE) and RFC 9700 (rotation, reuse detection) want it from a server."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

CLIENT_ID = "the-client"
CLIENT_SECRET = "the-client's s3cret"

Answer = tuple[int, dict[str, Any]]


@dataclass
class Code:
    redirect_uri: str
    challenge: str | None
    scope: str


class Grants:
    """What was given out, and to whom it is still good."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.lifetime = 3600.0  # seconds of an access token
        self.rotates = True
        self.reused: list[str] = []  # refresh tokens that came a second time
        self._codes: dict[str, Code] = {}
        self._access: dict[str, tuple[float, str]] = {}  # until when, and whose
        self._refresh: dict[str, str] = {}  # whose
        self._spent: dict[str, str] = {}

    def accepts(self, token: str) -> bool:
        return token in self._access and self._access[token][0] > self.now()

    def expire(self) -> None:
        """Access tokens are refused from now on, whatever was said about their life."""
        self._access.clear()

    def revoke(self) -> None:
        """Nothing that was given out is good any more."""
        self._access.clear()
        self._refresh.clear()

    def authorize(self, params: Mapping[str, str]) -> dict[str, str]:
        """What a browser brings back from a person who consents."""
        if params.get("response_type") != "code" or params.get("client_id") != CLIENT_ID:
            return {"error": "invalid_request"}
        if params.get("code_challenge_method") != "S256" or not params.get("code_challenge"):
            return {"error": "invalid_request", "error_description": "PKCE is required"}
        code = secrets.token_urlsafe(16)
        self._codes[code] = Code(params["redirect_uri"], params["code_challenge"], params.get("scope", ""))
        return {"code": code, "state": params["state"]}

    def token(self, form: Mapping[str, str], authorization: str | None) -> Answer:
        if not _is_client(form, authorization):
            return 401, {"error": "invalid_client"}
        match form.get("grant_type"):
            case "authorization_code":
                return self._by_code(form)
            case "refresh_token":
                return self._by_refresh_token(form["refresh_token"])
            case "client_credentials":
                return 200, self._issue(secrets.token_hex(4))
        return 400, {"error": "unsupported_grant_type"}

    def issue(self, whose: str) -> dict[str, Any]:
        """Tokens without any exchange."""
        return {**self._issue(whose), "refresh_token": self._issue_refresh(whose)}

    def _by_code(self, form: Mapping[str, str]) -> Answer:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.redirect_uri != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != code.challenge:
            return 400, {"error": "invalid_grant", "error_description": "code_verifier"}
        return 200, {**self.issue(secrets.token_hex(4)), "scope": code.scope}

    def _by_refresh_token(self, token: str) -> Answer:
        if token in self._spent:  # a token that comes twice was stolen: everything that came of it is void
            self.reused.append(token)
            whose = self._spent[token]
            self._refresh = {each: owner for each, owner in self._refresh.items() if owner != whose}
            self._access = {each: (until, owner) for each, (until, owner) in self._access.items() if owner != whose}
        whose = self._refresh.get(token, "")
        if not whose:
            return 400, {"error": "invalid_grant", "error_description": f"no such token: {token}"}
        if not self.rotates:
            return 200, self._issue(whose)
        self._spent[token] = self._refresh.pop(token)
        return 200, self.issue(whose)

    def _issue(self, whose: str) -> dict[str, Any]:
        token = f"access-{secrets.token_urlsafe(12)}"
        self._access[token] = (self.now() + self.lifetime, whose)
        return {"access_token": token, "token_type": "Bearer", "expires_in": self.lifetime}

    def _issue_refresh(self, whose: str) -> str:
        token = f"refresh-{secrets.token_urlsafe(12)}"
        self._refresh[token] = whose
        return token


def _is_client(form: Mapping[str, str], authorization: str | None) -> bool:
    if authorization is None:
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
    given = base64.b64decode(authorization.removeprefix("Basic ")).decode()
    return given == f"{CLIENT_ID}:{CLIENT_SECRET}" or unquote_plus(given) == f"{CLIENT_ID}:{CLIENT_SECRET}"
