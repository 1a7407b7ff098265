"""What `connectors emulate paligo` runs."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from connectors.errors import InputError

from .account import Account
from .service import API_KEY, INSTANCE, USERNAME, Emulator
from .switches import Switches


def run(
    *,
    port: int = 0,
    plan: str = "business",
    documents: int = 24,
    folders: int = 6,
    publications: int = 2,
    seed: int = 1,
    switches: Mapping[str, str] | None = None,
    ca_file: Path | None = None,
    instance: str = INSTANCE,
    username: str = USERNAME,
    api_key: str = API_KEY,
    echo: Callable[[str], None],
) -> None:
    """Serve an emulated account until SIGINT or SIGTERM. What a user needs to reach it is echoed first.

    `switches` are by name, as text; `Switches.explain()` lists them. `echo` is called with one line at a time.
    For the rest see `Emulator` and `Account.generate`. Raises InputError if a value cannot be used or the port is
    taken.
    """
    chosen = Switches().changed({"plan": plan, **(switches or {})})
    account = Account.generate(documents=documents, folders=folders, publications=publications, seed=seed)
    emulator = Emulator(
        account, chosen, instance=instance, username=username, api_key=api_key, port=port, ca_file=ca_file
    )
    ended = threading.Event()
    before = {name: signal.signal(name, lambda *_: ended.set()) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        with emulator:
            for line in _greeting(emulator):
                echo(line)
            ended.wait()
    except OSError as error:
        raise InputError(f"The emulator cannot start: {error.strerror or error}.") from error
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _greeting(emulator: Emulator) -> list[str]:
    counts = ", ".join(f"{len(emulator.account.tables[name])} {name}" for name in ("documents", "folders", "forks"))
    return [
        f"Emulated Paligo account with {counts}; plan {emulator.switches.plan}.",
        f"Plain:     {emulator.url}/api/v2/documents",
        "As the real host, for every process that has these variables:",
        f"  export HTTPS_PROXY={emulator.url}",
        f"  export REQUESTS_CA_BUNDLE={emulator.ca_file}",
        "  export NO_PROXY=",
        "Its account, which exists nowhere else:",
        f"  instance  {emulator.instance}",
        f"  username  {emulator.username}",
        f"  API key   {emulator.api_key}",
        "Stop it with Ctrl-C.",
    ]
