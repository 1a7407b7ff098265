"""What `connectors serve` and `connectors worker` look at, and say, before they begin."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.cli.choices import current_choices
from connectors.cli.terminal import command_line, say, tell
from connectors.engine.exposure import exposed
from connectors.engine.vault import LOST_KEY
from connectors.errors import ConnectorError

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.setting_values import PostgresUrl

EXPOSED = (
    "others than this machine can reach the server, and CONNECTORS_PUBLIC_URL names no https address: keys and "
    "credentials cross the network for everybody to read"
)
SKEWED = 3.0  # seconds between two clocks; processes judge by them whether another one is alive

# The account's key goes through a pipe: what stands on a command line, other users of the machine can read.
_FIRST_STEPS = """\
  AUTH='Authorization: Bearer SECRET' JSON='Content-Type: application/json'
  GIVEN='{"unique_key": "paligo", "provider": "paligo"}'
  echo "$GIVEN" | curl -sS -H "$AUTH" -H "$JSON" -d @- URL/integrations
  GIVEN='"connection_config": {"instance": "'$INSTANCE'", "username": "'$EMAIL'"}'
  GIVEN="$GIVEN"', "credentials": {"type": "API_KEY", "apiKey": "'$API_KEY'"}'
  GIVEN='{"provider_config_key": "paligo", "connection_id": "acme", '"$GIVEN"'}'
  echo "$GIVEN" | curl -sS -H "$AUTH" -H "$JSON" -d @- URL/connections
  ACME='Connection-Id: acme' KEY='Provider-Config-Key: paligo'
  curl -sS -H "$AUTH" -H "$ACME" -H "$KEY" 'URL/proxy/api/v2/documents?per_page=2'
  GIVEN='{"provider_config_key": "paligo", "connection_id": "acme", "syncs": ["documents"]}'
  echo "$GIVEN" | curl -sS -H "$AUTH" -H "$JSON" -d @- URL/sync/trigger
  curl -sS -H "$AUTH" -H "$ACME" -H "$KEY" 'URL/records?model=Document&limit=2'
"""


def warn_of_lost_keys(host: Host) -> None:
    """Say how much is sealed with keys that are not here; whatever needs it would fail one by one."""
    lost = host.lost_keys()
    if lost:
        text = (
            f"warning: {sum(lost.values())} credentials, clients or signing keys are sealed with {', '.join(lost)}, "
            f"and no such key is here: they cannot be used.\nnext: {LOST_KEY} "
            f"`{command_line('env', 'rotate', 'NAME', '--signing-key')}` makes an environment's signing key anew."
        )
        tell(current_choices().repeated(text))


def warn_of_schemas(host: Host) -> None:
    """Say which syncs cannot run, since the schema of their records cannot be used; the others can."""
    for provider in host.registry.providers:
        for sync in host.registry.syncs(provider):
            try:
                host.registry.models.get(provider, sync.model)
            except ConnectorError as error:
                tell(f"warning: {provider}'s {sync.name} cannot run: {error.message}\nnext: {error.next_step}")


def warn_of_exposure(host: Host) -> None:
    """Say that others could read what crosses the network."""
    if exposed(host.settings):
        tell(f"warning: {EXPOSED}.")


def warn_of_the_clock(host: Host) -> None:
    """Say that the database's clock is another one: runs that go on would be taken over."""
    ahead = clock_difference(host.settings.database)
    if ahead is not None and abs(ahead) > SKEWED:
        tell(
            f"warning: this machine's clock and the database's are {abs(ahead):.0f} s apart: runs that go on may be "
            "taken for dead, and others begin late.\nnext: let one time service (NTP) set the clocks of all machines."
        )


def clock_difference(database: Path | PostgresUrl) -> float | None:
    """Seconds that PostgreSQL's clock is ahead of this machine's; None for a file, and where nobody answers."""
    if isinstance(database, Path):
        return None
    from connectors.engine.store.postgres_inspection import clock_ahead

    return clock_ahead(database.reveal())


def first_key(host: Host, environment: str, url: str) -> None:
    """Make the first secret key there is, and say what can be done with it.

    Not into a log: where what is said goes into systemd's journal, it says how to make one.
    """
    if host.environments.has_keys():
        return
    if _into_the_journal():
        making = command_line("env", "create", environment)
        text = f"There is no secret key yet, and this goes into the journal: `{making}` makes one and shows it."
        say(current_choices().repeated(text))
        return
    made = host.environments.create(environment)
    tell_of_a_new_key_file(host)
    say(f"The secret key of the environment {environment}, shown this once: {made.key}")
    say("With your Paligo account in INSTANCE, EMAIL and API_KEY, connect it, call it, and read its records:\n")
    say(_FIRST_STEPS.replace("URL", url).replace("SECRET", made.key))


def tell_of_a_new_key_file(host: Host) -> None:
    """Say at once that a key file was made; a command would say so when it ends, and a server runs for months."""
    if host.key_note:
        tell(host.key_note)
        host.key_note = None


def _into_the_journal() -> bool:
    """Whether systemd reads what is said; it names the stream's device and inode then (systemd.exec(5))."""
    journal = os.environ.get("JOURNAL_STREAM")
    for stream in (sys.stdout, sys.stderr):  # if both are the journal's and differ, it names the second
        with suppress(OSError, ValueError):
            there = os.fstat(stream.fileno())
            if journal == f"{there.st_dev}:{there.st_ino}":
                return True
    return False
