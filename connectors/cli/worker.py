"""`connectors worker`."""

from __future__ import annotations

import click

from connectors.cli.choices import current_choices
from connectors.cli.command import Command, Number
from connectors.cli.starting import warn_of_lost_keys, warn_of_schemas, warn_of_the_clock
from connectors.cli.stopping import stoppable
from connectors.cli.terminal import say

_LONGEST = 3600  # seconds


@click.command(cls=Command)
@click.option(
    "--at-most",
    type=Number(0, _LONGEST),
    default=30,
    metavar="SECONDS",
    help="How long what runs has to end after Ctrl-C or SIGTERM; default: 30.",
)
def worker(*, at_most: int) -> None:
    """Run what is due: syncs, calls of actions, webhooks.

    With a PostgreSQL database any number of workers share the work, on any number of machines; what a
    worker did that dies is taken over. `connectors serve` works too, so one server needs no worker.
    """
    from connectors.engine.execution.work import Work
    from connectors.engine.logs import log_as_json

    choices = current_choices()
    choices.settings.check()
    with choices.host(create=True) as host:
        warn_of_lost_keys(host)
        warn_of_the_clock(host)
        warn_of_schemas(host)
        log_as_json()
        work = Work(host)
        try:
            with stoppable(lambda: None):
                work.start()
                say(f"Working on {host.settings.database}; Ctrl-C ends it.")
                host.stopping.wait()
        except KeyboardInterrupt:
            pass
        finally:
            work.stop(at_most=at_most)
