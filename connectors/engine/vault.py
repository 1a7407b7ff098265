"""The vault: secrets sealed at rest with AES-256-GCM, bound to where they belong, under keys that can be rotated.

A sealed value is: version (1 byte, 1), key id (4 bytes of the key's SHA-256), nonce (12 random bytes), ciphertext
with its tag (16 bytes). Version, key id and the context are authenticated with it, so a value that was copied to
another connection or environment does not open.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from connectors.engine.keys import (
    KEY_BYTES,
    KEY_FILE,
    add_key_file_key,
    drop_old_keys,
    key_id,
    make_key_file,
    read_key_file,
)
from connectors.errors import VaultError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from connectors.engine.settings import Settings

__all__ = ["Vault", "add_key_file_key", "drop_old_keys"]

_VERSION = 1
_HEADER_BYTES = 5  # version and key id
_NONCE_BYTES = 12
_TAG_BYTES = 16

LOST_KEY = (
    "Put that key behind the newest one in CONNECTORS_ENCRYPTION_KEY, or restore the vault.key file of the data folder "
    "(it is read only while the setting is empty). If the key is lost, nobody can read what it sealed: "
    "connect those accounts again."
)
NEW_KEY = (
    "Put that key into CONNECTORS_ENCRYPTION_KEY, or restore the vault.key file of the data folder. If it is lost, set "
    "CONNECTORS_ENCRYPTION_KEY to a new one (`openssl rand -base64 32`) and connect those accounts again."
)


class Vault:
    """Seals with the newest key, opens with any of its keys.

    `keys`: 32 bytes each, newest first.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise VaultError(f"A vault needs at least one key, each of {KEY_BYTES} bytes.")
        self._keys = {key_id(key): key for key in reversed(keys)}
        self._ciphers: dict[str, AESGCM] = {}
        self.newest_id = key_id(keys[0])

    def __repr__(self) -> str:
        return f"<Vault newest={self.newest_id} keys={len(self._keys)}>"

    @classmethod
    def from_settings(cls, settings: Settings) -> tuple[Vault, str | None]:
        """The vault of a data folder, and a note for the user if a key file was made for it just now.

        The keys come from CONNECTORS_ENCRYPTION_KEY; if that is empty, from the file `vault.key` of the data folder.
        Raises SettingError or VaultError if neither gives usable keys.
        """
        there = cls.existing(settings)
        if there is not None:
            return there, None
        home = settings.make_home()
        keys, made = make_key_file(home)
        note = f"Made a key for stored credentials: {home / KEY_FILE}. Keep a copy; without it they cannot be read."
        return cls(keys), note if made else None

    @classmethod
    def existing(cls, settings: Settings) -> Vault | None:
        """The vault of a data folder as it is; None if no key was ever set or made. Raises as `from_settings`."""
        keys = settings.value("CONNECTORS_ENCRYPTION_KEY") or read_key_file(settings.home)
        return cls(keys) if keys else None

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        """Encrypt under the newest key. It opens only with the same `context`."""
        header = bytes((_VERSION,)) + bytes.fromhex(self.newest_id)
        nonce = os.urandom(_NONCE_BYTES)
        return header + nonce + self._cipher(self.newest_id).encrypt(nonce, plaintext, header + _bytes(context))

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """What was sealed. Raises VaultError if the key is missing, the value was changed, or the context differs."""
        from cryptography.exceptions import InvalidTag

        name = self.key_id_of(sealed)
        if name not in self._keys:
            raise VaultError(
                f"This was sealed with key {name}, which is not among the vault's keys ({', '.join(self._keys)}).",
                next_step=LOST_KEY,
            )
        header, rest = sealed[:_HEADER_BYTES], sealed[_HEADER_BYTES:]
        nonce, ciphertext = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            return self._cipher(name).decrypt(nonce, ciphertext, header + _bytes(context))
        except InvalidTag:
            raise VaultError(
                "A sealed value does not open: it was changed, or it belongs to another connection or environment.",
                next_step="Restore the database from a copy, or connect that account again.",
            ) from None

    def has(self, name: str) -> bool:
        """Whether a key of that id is among its keys."""
        return name in self._keys

    def key_id_of(self, sealed: bytes) -> str:
        """The id of the key that sealed this. Raises VaultError if it is no sealed value of this version."""
        if len(sealed) < _HEADER_BYTES + _NONCE_BYTES + _TAG_BYTES:
            raise VaultError("A sealed value is cut off.", next_step="Restore the database from a copy.")
        if sealed[0] != _VERSION:
            raise VaultError(
                f"A sealed value has format {sealed[0]}; this version reads format {_VERSION}.",
                next_step="If a newer version of connectors wrote it, use that version.",
            )
        return sealed[1:_HEADER_BYTES].hex()

    def _cipher(self, name: str) -> AESGCM:
        if name not in self._ciphers:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            self._ciphers[name] = AESGCM(self._keys[name])
        return self._ciphers[name]


def _bytes(context: str) -> bytes:
    # A text that came from outside may hold lone surrogates; they bind as well as any other character.
    return context.encode("utf-8", "surrogatepass")
