"""`make serve`: a server, a Paligo account to try it with, and the command lines that do so.

The account is the emulator's, in this process; or a real one, if PALIGO_INSTANCE, PALIGO_USERNAME and
PALIGO_API_KEY are set. Everything is kept in the data folder, which is `.connectors` here unless CONNECTORS_HOME says
where.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.cli import failures
from connectors.cli.starting import tell_of_a_new_key_file
from connectors.cli.terminal import say
from connectors.errors import ConnectorError

if TYPE_CHECKING:
    from connectors.engine.host import Host

_ENVIRONMENT = "dev"
_ACCOUNT = ("PALIGO_INSTANCE", "PALIGO_USERNAME", "PALIGO_API_KEY")
_FORM = """\
Open this link within half an hour to link the account through the form; the values to enter are below:

    {link}

What it stores is shown by the dashboard, {url}/; sign in with the key.
"""
_LINES = """\
In another shell:

{key}
export URL={url}
{account}

# Paligo is there as an integration; an account of it becomes a connection
curl -sS -w '\\n' $URL/integrations -H "Authorization: Bearer $KEY"
curl -sS -w '\\n' $URL/connections -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
    -d '{{"provider_config_key": "paligo", "connection_id": "acme", "metadata": {{{metadata}}},
         "connection_config": {{"instance": "'$PALIGO_INSTANCE'", "username": "'$PALIGO_USERNAME'"}},
         "credentials": {{"type": "API_KEY", "apiKey": "'$PALIGO_API_KEY'"}}}}'

# Call Paligo as that account
curl -sS -w '\\n' "$URL/proxy/api/v2/groups?per_page=1" -H "Authorization: Bearer $KEY" \\
    -H 'Provider-Config-Key: paligo' -H 'Connection-Id: acme'

# Its syncs have begun by themselves; have one run now, and read what it stored
curl -sS -w '\\n' $URL/sync/trigger -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
    -d '{{"provider_config_key": "paligo", "connection_id": "acme", "syncs": ["folders"]}}'
until curl -sS "$URL/records?model=Folder&limit=2" -H "Authorization: Bearer $KEY" \\
    -H 'Provider-Config-Key: paligo' -H 'Connection-Id: acme' | grep '"id"'; do sleep 1; done
"""


def main() -> int:
    """Serve until Ctrl-C; the exit code."""
    os.environ.setdefault("CONNECTORS_HOME", str(Path.cwd() / ".connectors"))
    try:
        with _account() as account, _host() as host:
            _serve(host, account)
    except KeyboardInterrupt:
        return failures.INTERRUPTED
    except ConnectorError as error:
        say(f"error: {error.message}\nnext: {error.next_step}")
        return failures.FAILED
    return failures.OK


def _host() -> Host:
    from connectors.engine.host import Host
    from connectors.engine.settings import Settings

    settings = Settings.load()
    settings.check()
    return Host.open(settings)


def _serve(host: Host, account: Mapping[str, str]) -> None:
    from connectors.server import serving
    from connectors.server.public import listening_url

    url = listening_url(host.settings)
    metadata = "" if os.environ.get("PALIGO_INSTANCE") else '"plan": "none"'  # the emulator sets no limits

    key = _key(host)

    def started() -> None:
        say(f"Serving at {url}, the API reference at {url}/docs/api. Ctrl-C ends it.")
        say(_FORM.format(link=_link(host, url), url=url))
        shown = "\n".join(f"export {name}={value}" for name, value in account.items())
        say(_LINES.format(url=url, key=key, account=shown, metadata=metadata))

    serving.serve(host, started=started, log=False)


def _link(host: Host, url: str) -> str:
    """The connect form of Paligo, in a session of its own."""
    from connectors.engine.end_users import Owner
    from connectors.engine.sessions import Terms

    if all(each.unique_key != "paligo" for each in host.integrations.list(_ENVIRONMENT)):
        host.integrations.create(_ENVIRONMENT, "paligo", provider="paligo")
    made = host.sessions.create(_ENVIRONMENT, Terms(Owner(tags={"user": "you"}), ["paligo"]))
    return f"{url}/connect/?session_token={made.token}"


def _key(host: Host) -> str:
    """The line that sets the key: the key itself the first time, and then never again."""
    if host.environments.has_keys():
        return (
            f"# The key of the environment {_ENVIRONMENT} was shown when it was made;\n"
            f"# `connectors env keys {_ENVIRONMENT} --add TITLE` makes one more.\nexport KEY=..."
        )
    from connectors.engine.audit_log import acting

    with acting("command"):
        made = host.environments.create(_ENVIRONMENT)
    tell_of_a_new_key_file(host)
    return f"# The secret key of the environment {_ENVIRONMENT}, shown this once\nexport KEY={made.key}"


@contextmanager
def _account() -> Iterator[dict[str, str]]:
    """The account that the lines connect; a real one is in the other shell's variables too, and not shown."""
    account = {name: os.environ.get(name, "") for name in _ACCOUNT}
    if all(account.values()):
        yield {**account, "PALIGO_API_KEY": "..."}
        return
    from connectors.paligo.emulator import Account, Emulator

    with Emulator(Account.generate()) as emulator:
        os.environ.update(emulator.environment())
        yield dict(zip(_ACCOUNT, (emulator.instance, emulator.username, emulator.api_key), strict=True))


if __name__ == "__main__":
    sys.exit(main())
