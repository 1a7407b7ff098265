"""What `connectors emulate paligo` runs."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from connectors.errors import InputError

from .account import Account
from .service import Emulator
from .switches import Switches

GREETING = """\
Emulated Paligo account with {counts}; plan {emulator.switches.plan}.
Plain:     {emulator.url}/api/v2/documents
As the real host, for every process that has these variables:
  export HTTPS_PROXY={emulator.url}
  export REQUESTS_CA_BUNDLE={emulator.ca_file}
  export NO_PROXY=
Its account, which exists nowhere else:
  instance  {emulator.instance}
  username  {emulator.username}
  API key   {emulator.api_key}
Stop it with Ctrl-C."""


def run(
    *,
    port: int = 0,
    plan: str = "business",
    switches: Mapping[str, str] | None = None,
    ca_file: Path | None = None,
    echo: Callable[[str], None],
    **content: Any,
) -> None:
    """Serve an emulated account until SIGINT or SIGTERM. What a user needs to reach it is echoed first, by lines.

    `switches` are by name, as text; `content` is what `Account.generate` takes (documents, folders, publications,
    seed). Raises InputError if a value cannot be used or the port is taken.
    """
    chosen = Switches().changed({"plan": plan, **(switches or {})})
    account = Account.generate(**content)
    counts = ", ".join(f"{len(account.tables[name])} {name}" for name in ("documents", "folders", "forks"))
    ended: SimpleQueue[int] = SimpleQueue()  # its put may be called from a signal's handler; Event.set could deadlock
    before = {
        name: signal.signal(name, lambda number, _: ended.put(number)) for name in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        with Emulator(account, chosen, port=port, ca_file=ca_file) as emulator:
            for line in GREETING.format(counts=counts, emulator=emulator).splitlines():
                echo(line)
            ended.get()
    except OSError as error:
        raise InputError(f"The emulator cannot start: {error.strerror or error}.") from error
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
