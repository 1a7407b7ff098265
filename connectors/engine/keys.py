"""The vault's keys as text: in a setting, and in the key file that a local start makes for itself."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from connectors.errors import VaultError

KEY_BYTES = 32
KEY_FILE = "vault.key"

_HEADER = """\
# The keys of the connectors vault, newest first. Without them no stored credential can be read.
# Keep a copy apart from the database, and keep the mode at 600.
"""


def key_id(key: bytes) -> str:
    """The name of a key that may be shown: the first 4 bytes of its SHA-256, in hex."""
    return hashlib.sha256(key).digest()[:4].hex()


def new_key() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(KEY_BYTES)


def parse_keys(text: str) -> tuple[bytes, ...]:
    """The keys in a text: Base64 of 32 bytes each, separated by commas or blanks, newest first.

    Raises ValueError, which says the position and never the key.
    """
    words = [word for word in re.split(r"[,\s]+", text) if word]
    return tuple(dict.fromkeys(_parse_key(word, number) for number, word in enumerate(words, 1)))


def _parse_key(word: str, number: int) -> bytes:
    plain = word.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"key {number} is not Base64") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"key {number} has {len(key)} bytes instead of {KEY_BYTES}")
    return key


def read_key_file(home: Path) -> tuple[bytes, ...] | None:
    """The keys of the data folder's key file, newest first; None if there is no such file.

    Raises VaultError if others may read it, or if it holds no usable keys.
    """
    file = home / KEY_FILE
    try:
        with file.open(encoding="ascii") as stream:
            _refuse_open_mode(file, os.fstat(stream.fileno()).st_mode)
            lines = stream.read().splitlines()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise VaultError(
            f"The key file {file} cannot be read: {_reason(error)}.",
            next_step="Restore the file from its copy, or make it readable for the user who runs this.",
        ) from error
    try:
        keys = parse_keys("\n".join(line for line in lines if not line.startswith("#")))
    except ValueError as error:
        raise VaultError(f"The key file {file} is damaged: {error}.", next_step=_RESTORE) from None
    if not keys:
        raise VaultError(f"The key file {file} holds no key.", next_step=_RESTORE)
    return keys


_RESTORE = (
    "Restore the file from its copy. Deleting it makes a new key, and then every connection has to be connected again."
)


def _refuse_open_mode(file: Path, mode: int) -> None:
    if os.name == "posix" and mode & 0o077:
        raise VaultError(
            f"The key file {file} can be read by other users (mode {mode & 0o777:o}).",
            next_step=f"Run `chmod 600 {file}`; if others use this machine, then `connectors vault rotate`.",
        )


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or "it is not plain text"


def make_key_file(home: Path) -> tuple[tuple[bytes, ...], bool]:
    """The keys of the key file, and whether this call made it. Of two processes at once, one makes it."""
    with _changing(home):
        keys = read_key_file(home)
        if keys is not None:
            return keys, False
        keys = (new_key(),)
        _write_key_file(home, keys)
        return keys, True


def add_key_file_key(home: Path) -> str:
    """Put a new key in front of the others, and return its id. What was sealed before stays readable.

    Raises VaultError if there is no usable key file.
    """
    with _changing(home):
        key = new_key()
        _write_key_file(home, (key, *_existing(home)))
        return key_id(key)


def drop_old_keys(home: Path, newest_id: str) -> int:
    """Forget the keys that are older than the named one, and return how many; what they sealed is lost.

    The name guards against a second rotation at the same time, whose key may not be the newest any more.
    Raises VaultError if the file does not hold that key.
    """
    with _changing(home):
        keys = _existing(home)
        ids = [key_id(key) for key in keys]
        if newest_id not in ids:
            raise VaultError(f"The key file {home / KEY_FILE} holds no key {newest_id}; nothing was dropped.")
        kept = keys[: ids.index(newest_id) + 1]
        if kept != keys:
            _write_key_file(home, kept)
        return len(keys) - len(kept)


def _existing(home: Path) -> tuple[bytes, ...]:
    keys = read_key_file(home)
    if keys is None:
        raise VaultError(
            f"There is no key file {home / KEY_FILE}.",
            next_step="If the keys come from CONNECTORS_ENCRYPTION_KEY, put a new one in front of the others there.",
        )
    return keys


def _write_key_file(home: Path, keys: Sequence[bytes]) -> None:
    text = _HEADER + "".join(base64.b64encode(key).decode() + "\n" for key in keys)
    # mkstemp gives mode 600 from the first instant; the rename replaces the file in one step.
    number, name = tempfile.mkstemp(dir=home, prefix=".vault.key.")
    try:
        with os.fdopen(number, "w", encoding="ascii") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(home / KEY_FILE)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


@contextmanager
def _changing(home: Path) -> Iterator[None]:
    """One process at a time; the kernel drops the lock if the process dies."""
    import fcntl

    folder = -1
    try:
        folder = os.open(home, os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    except OSError as error:
        raise VaultError(
            f"The key file {home / KEY_FILE} cannot be written: {_reason(error)}.",
            next_step="Make the data folder writable, or set CONNECTORS_ENCRYPTION_KEY.",
        ) from error
    finally:
        if folder >= 0:
            os.close(folder)
