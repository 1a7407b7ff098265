"""`connectors serve`."""

from __future__ import annotations

import click

from connectors.cli.choices import current_choices
from connectors.cli.command import Command, Number
from connectors.cli.starting import first_key, warn_of_exposure, warn_of_lost_keys, warn_of_schemas, warn_of_the_clock
from connectors.cli.terminal import say
from connectors.errors import SettingError

_HIGHEST_PORT = 65_535


@click.command(cls=Command)
@click.option("--host", "name", metavar="ADDRESS", help="The address to listen at instead of CONNECTORS_HOST.")
@click.option("--port", type=Number(1, _HIGHEST_PORT), metavar="PORT", help="The port instead of CONNECTORS_PORT.")
def serve(*, name: str | None, port: int | None) -> None:
    """Serve the HTTP API, and run what is due.

    The first time, the environment's secret key is made and printed, this once. Ctrl-C or SIGTERM
    lets what is under way end first.
    """
    try:
        from connectors.server import serving
        from connectors.server.public import listening_url
    except ModuleNotFoundError as error:
        raise SettingError(
            f"The server needs more packages: {error.name} is missing.", next_step="pip install 'connectors[server]'"
        ) from error
    choices = current_choices()
    choices.override(CONNECTORS_HOST=name, CONNECTORS_PORT=None if port is None else str(port))
    choices.settings.check()
    with choices.host(create=True) as host:
        url = listening_url(host.settings)
        warn_of_exposure(host)
        warn_of_lost_keys(host)
        warn_of_the_clock(host)
        warn_of_schemas(host)

        def started() -> None:
            first_key(host, choices.environment, url)
            say(f"Serving at {url}, the API reference at {url}/docs/api. Ctrl-C ends it.")

        serving.serve(host, started=started)
