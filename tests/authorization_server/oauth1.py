"""The server's side of OAuth 1.0a, as oauthlib checks it: every signature, every nonce once."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

from oauthlib.oauth1 import RequestValidator, WebApplicationServer

CONSUMER_KEY = "consumer-key-of-twenty"
CONSUMER_SECRET = "consumer-s3cret&of+thirty"


class Store(RequestValidator):
    """What was given out."""

    enforce_ssl = False
    timestamp_lifetime = 10**10  # the tests own the time
    client_key_length = request_token_length = access_token_length = verifier_length = nonce_length = (1, 200)
    safe_characters = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")

    def __init__(self) -> None:
        super().__init__()
        self.callbacks: dict[str, str] = {}
        self.verifiers: dict[str, str] = {}
        self.tokens: dict[str, str] = {}  # request and access tokens, with their secrets
        self.nonces: set[tuple[str, ...]] = set()

    dummy_client = dummy_request_token = dummy_access_token = "dummy"

    def validate_client_key(self, client_key, request):
        return client_key == CONSUMER_KEY

    def get_client_secret(self, client_key, request):
        return CONSUMER_SECRET

    def validate_timestamp_and_nonce(
        self, client_key, timestamp, nonce, request, request_token=None, access_token=None
    ):
        seen = (timestamp, nonce, str(request_token or access_token))
        fresh = seen not in self.nonces
        self.nonces.add(seen)
        return fresh

    def get_default_realms(self, client_key, request):
        return []

    def validate_requested_realms(self, client_key, realms, request):
        return True

    def validate_realms(self, client_key, token, request, uri=None, realms=None):
        return True

    def validate_redirect_uri(self, client_key, redirect_uri, request):
        return True

    def save_request_token(self, token, request):
        self.tokens[token["oauth_token"]] = token["oauth_token_secret"]
        self.callbacks[token["oauth_token"]] = request.redirect_uri

    def validate_request_token(self, client_key, token, request):
        return token in self.callbacks

    def get_request_token_secret(self, client_key, token, request):
        return self.tokens.get(token, "dummy")

    def validate_verifier(self, client_key, token, verifier, request):
        return bool(verifier) and self.verifiers.get(token) == verifier

    def get_realms(self, token, request):
        return []

    def invalidate_request_token(self, client_key, request_token, request):
        self.callbacks.pop(request_token), self.verifiers.pop(request_token), self.tokens.pop(request_token)

    def save_access_token(self, token, request):
        self.tokens[token["oauth_token"]] = token["oauth_token_secret"]

    def validate_access_token(self, client_key, token, request):
        return token in self.tokens and token not in self.callbacks

    def get_access_token_secret(self, client_key, token, request):
        return self.tokens.get(token, "dummy")


class ThreeLegs:
    """The three steps, and the check of a call."""

    def __init__(self) -> None:
        self.store = Store()
        self._server = WebApplicationServer(self.store)

    def request(self, url, body, headers):
        _, text, status = self._server.create_request_token_response(url, "POST", body, headers)
        return status, text or ""

    def consent(self, params):
        """Where the browser goes back to, after a person consented."""
        token = params["oauth_token"]
        self.store.verifiers[token] = secrets.token_hex(8)
        back = self.store.callbacks[token]
        brought = urlencode({"oauth_token": token, "oauth_verifier": self.store.verifiers[token]})
        return f"{back}{'&' if '?' in back else '?'}{brought}"

    def access(self, url, body, headers):
        _, text, status = self._server.create_access_token_response(url, "POST", body, headers)
        return status, text or ""

    def accepts(self, url, method, headers):
        valid, _ = self._server.validate_protected_resource_request(url, method, None, headers)
        return valid
