"""What the tests of the smaller auth modes share: a question to a mode, and canned answers."""

import json
from datetime import UTC, datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from connectors.runtime.auth import mode_of
from connectors.runtime.auth.flow import Ask, TokenAnswer, drive
from connectors.runtime.catalog import Provider
from connectors.runtime.integration import Integration
from connectors.runtime.template import Moment

NOW = datetime(2024, 3, 9, 8, 5, 7, 123000, tzinfo=UTC)
MOMENT = Moment(NOW, lambda: "a-uuid", lambda count: bytes(range(count)), lambda: "N" * 32)
SECRET = "s3cret-of-the-customer"


def ask(mode, definition=None, *, credentials=None, config=None, integration=None, callback=None, name="acme"):
    """A question about one connection of a provider that uses that mode."""
    provider = Provider(name, {"auth_mode": mode, "display_name": "Acme", **(definition or {})}, "test")
    return Ask(provider, integration or Integration("acme"), config or {}, credentials or {}, MOMENT, callback=callback)


class Server:
    """Notes requests and gives answers in order: text, or what is written as JSON; a number is a status."""

    def __init__(self, *answers):
        self.requests = []
        self._answers = list(answers)

    def __call__(self, request):
        self.requests.append(request)
        answer = self._answers.pop(0)
        status = answer if isinstance(answer, int) else 200
        body = answer if isinstance(answer, str) else json.dumps(answer)
        return TokenAnswer(status, body.encode())


def acquired(question, *answers):
    """The grant of a mode that needs so many answers."""
    return drive(mode_of(question.provider).acquire(question), Server(*answers))


def refreshed(question, *answers):
    """The same for stored credentials."""
    return drive(mode_of(question.provider).refresh(question), Server(*answers))


@cache
def rsa_keys():
    """Private key, PEM (PKCS #8), and public key, PEM."""
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()
