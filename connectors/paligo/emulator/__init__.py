"""A Paligo account on this machine, for tests, demonstrations and work without an account."""

from .account import Account
from .exchange import Entry
from .service import API_KEY, INSTANCE, USERNAME, Emulator
from .switches import Switches

__all__ = ["API_KEY", "INSTANCE", "USERNAME", "Account", "Emulator", "Entry", "Switches"]
