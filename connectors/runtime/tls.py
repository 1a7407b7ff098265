"""TLS contexts: which server certificates are trusted, and which client certificate is shown."""

from __future__ import annotations

import hashlib
import os
import secrets
import ssl
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

import requests.utils
from urllib3.util.ssl_ import create_urllib3_context

from connectors.errors import KeyMaterialInvalid, SettingError

if TYPE_CHECKING:
    from connectors.runtime.auth.flow import Certificate

_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_REFERENCE_CODE = "invalid_certificate_or_key_format"


class Contexts:
    """One TLS context for all connections without a client certificate, and one for each certificate. Thread safe.

    Two contexts mean two pools: a connection that was opened with a certificate serves only requests with it.
    """

    def __init__(self, most: int = 100) -> None:
        self._most = most  # certificates whose contexts are kept
        self._lock = threading.Lock()
        self._plain: ssl.SSLContext | None = None
        self._with_certificate: OrderedDict[bytes, ssl.SSLContext] = OrderedDict()

    def of(self, certificate: Certificate | None) -> ssl.SSLContext:
        """The context for a request. Raises SettingError for a bad CA bundle, KeyMaterialInvalid for a bad key."""
        with self._lock:
            if certificate is None:
                self._plain = self._plain or trusting()
                return self._plain
            key = _digest(certificate)
            if key not in self._with_certificate:
                self._with_certificate[key] = showing(certificate)
            self._with_certificate.move_to_end(key)
            if len(self._with_certificate) > self._most:
                self._with_certificate.popitem(last=False)
            return self._with_certificate[key]


def trusting() -> ssl.SSLContext:
    """A context that trusts the CA bundle of the environment, else the one of certifi."""
    context = create_urllib3_context()
    variable = next((name for name in _CA_VARIABLES if os.environ.get(name)), None)
    path = Path(os.environ[variable] if variable else requests.utils.DEFAULT_CA_BUNDLE_PATH)
    try:
        if path.is_dir():
            context.load_verify_locations(capath=str(path))
        else:
            context.load_verify_locations(cafile=str(path))
    except (OSError, ssl.SSLError) as error:
        name = variable or "the CA bundle of certifi"
        raise SettingError(f"{name} does not name a readable file of CA certificates: {path}") from error
    return context


def showing(certificate: Certificate) -> ssl.SSLContext:
    """A context that also shows a client certificate; the server's own is verified all the same.

    Python reads a key from a file only. The file holds it encrypted under a password that is never
    written down, is readable by its owner only, and is gone when this returns. Raises
    KeyMaterialInvalid if the two are no certificate and key, or do not belong together.
    """
    password = secrets.token_bytes(32).hex()
    pem = certificate.certificate.strip().encode() + b"\n" + _sealed(certificate.private_key, password)
    context = trusting()
    descriptor, name = tempfile.mkstemp(prefix="connectors-", suffix=".pem")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
        context.load_cert_chain(name, password=password)
    except (ssl.SSLError, ValueError):
        raise _invalid("The client certificate cannot be read, or its private key is another one's.") from None
    finally:
        Path(name).unlink()
    return context


def _sealed(private_key: str, password: str) -> bytes:
    """The key as PEM, encrypted."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    try:
        key = load_pem_private_key(private_key.strip().encode(), password=None)
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode()))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _invalid("The private key of the client certificate cannot be read.") from None


def _digest(certificate: Certificate) -> bytes:
    return hashlib.sha256(f"{certificate.certificate}\0{certificate.private_key}".encode()).digest()


def _invalid(message: str) -> KeyMaterialInvalid:
    return KeyMaterialInvalid(
        message,
        next_step="Paste both as PEM text, from BEGIN to END, and without a password.",
        reference_code=_REFERENCE_CODE,
    )
