"""`connectors proxy`: one call with a connection's credentials."""

from __future__ import annotations

import base64
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connectors.cli import failures
from connectors.cli.choices import current_choices
from connectors.cli.command import Command, Number, connection_options, json_option
from connectors.cli.terminal import duration, is_terminal, json_text, plain, plain_lines, say, say_json, tell
from connectors.errors import AnswerError, InputError

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.runtime.client import Client
    from connectors.runtime.ports import Attempt, Waiting
    from connectors.runtime.response import Response

_MOST_RETRIES = 10
_WORTH_SAYING = 1.0  # seconds of waiting


@dataclass(frozen=True)
class Asked:
    """One call as the command line asks for it."""

    method: str
    path: str
    options: dict[str, Any] = field(repr=False)  # as `Client.request` takes them
    output: Path | None
    include: bool  # status and headers too
    as_json: bool


@click.command(cls=Command)
@click.argument("method")
@click.argument("path")
@connection_options
@click.option("--param", metavar="NAME=VALUE", multiple=True, help="A query parameter; a name may come several times.")
@click.option("--header", metavar="NAME:VALUE", multiple=True, help="A header. The connection supplies credentials.")
@click.option("--data", metavar="TEXT|@FILE|-", help="The body, as it is; - is standard input.")
@click.option("--form", metavar="NAME=VALUE", multiple=True, help="A field of a form.")
@click.option("--file", metavar="NAME=@PATH", multiple=True, help="A file of a multipart form.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Save the body there.")
@click.option("--include", is_flag=True, help="Print status and headers too.")
@click.option("--retries", type=Number(0, _MOST_RETRIES), metavar="N", help="Further attempts, writes too.")
@click.option("--paginate", "--all", "all_pages", is_flag=True, help="Print every item of all pages, one JSON a line.")
@json_option
def proxy(
    method: str,
    path: str,
    *,
    connection_id: str,
    integration: str | None,
    param: Sequence[str],
    header: Sequence[str],
    data: str | None,
    form: Sequence[str],
    file: Sequence[str],
    output: Path | None,
    include: bool,
    retries: int | None,
    all_pages: bool,
    as_json: bool,
) -> None:
    """Call the provider with a connection's credentials.

    PATH is a path on the provider's host, as /api/v2/groups. The body is printed as it came; on a
    terminal JSON is indented. An answer outside 2xx is printed too, and the command fails.
    """
    from connectors.cli import proxy_input

    choices = current_choices()
    if all_pages and (output or include or as_json):
        raise InputError(
            "--paginate prints items; it does not go with --output, --include or --json.",
            next_step="Leave those out: items are printed as JSON, one a line, and `> FILE` saves them.",
        )
    with choices.host() as host:
        stored = host.connections.get(choices.environment, connection_id, integration)
        headers = proxy_input.headers(header, host.catalog.get(stored.provider))
        options = {
            "params": proxy_input.params(param),
            "data": proxy_input.body(data, form, file, headers),
            "headers": headers,
            "files": proxy_input.files(file),
            "retries": retries,
        }
        asked = Asked(method.upper(), path, options, output, include, as_json)
        with host.client(stored, observer=host.requests.observe(stored, Patience(), kind="proxy")) as client:
            if all_pages:
                _say_pages(client, asked)
            else:
                _call(host, client, asked)


class Patience:
    """Tells a waiting person what is waited for."""

    def before(self, method: str, url: str) -> None:
        """Say nothing."""

    def after(self, attempt: Attempt) -> None:
        """Say nothing."""

    def waiting(self, waiting: Waiting) -> None:
        """Say how long, and why."""
        if waiting.seconds >= _WORTH_SAYING:
            why = "the provider's rate budget" if waiting.reason == "budget" else "another attempt"
            tell(f"waiting {duration(waiting.seconds)} for {why}")


def _say_pages(client: Client, asked: Asked) -> None:
    options = {name: value for name, value in asked.options.items() if value not in (None, {}, [])}
    for item in client.pages(asked.path, method=asked.method, **options):
        click.echo(json_text(item))


def _call(host: Host, client: Client, asked: Asked) -> None:
    if asked.output is not None:
        _save(client, asked, asked.output)
        return
    whole = asked.as_json or is_terminal(sys.stdout)
    with _request(client, asked, stream=not whole) as response:
        error = None if response.ok else _error(host, client, response)
        if asked.as_json:
            facts = {} if error is None else {"error": error.to_dict()}
            say_json({**_envelope(client, response), **facts})
        else:
            _print(client, response, include=asked.include, whole=whole)
    if error is not None:
        failures.show(error, as_json=False)
        click.get_current_context().exit(failures.exit_code(error))


def _save(client: Client, asked: Asked, output: Path) -> None:
    from connectors.runtime.files import parts

    options = {**asked.options, "files": parts(asked.options["files"]) or None}
    saved = client.download(asked.path, output, method=asked.method, **options)
    if asked.as_json:
        say_json({"file": str(output), "bytes": saved.bytes, "content_type": saved.content_type})
    else:
        tell(f"Saved {saved.bytes:,} bytes to {output}.")


def _request(client: Client, asked: Asked, *, stream: bool) -> Response:
    from connectors.runtime.files import parts

    options = {**asked.options, "files": parts(asked.options["files"]) or None}
    if stream:
        from connectors.runtime.client import LARGEST_DOWNLOAD

        options["max_bytes"] = LARGEST_DOWNLOAD
    return client.request(asked.method, asked.path, stream=stream, raise_for_status=False, **options)


def _print(client: Client, response: Response, *, include: bool, whole: bool) -> None:
    if include:
        say(f"HTTP {response.status}")
        for name, value in response.headers.items():
            say(plain(f"{name}: {client.connection.redactor.text(value)}"))
        say()
    if not response.ok:
        say(client.connection.redactor.text(response.text))
    elif whole:
        _print_for_people(response)
    else:
        for chunk in response.iter_bytes():
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()


def _print_for_people(response: Response) -> None:
    text = _text(response)
    if text is None:
        kind = plain(response.headers.get("content-type") or "unknown type")
        raise InputError(
            f"The answer is binary ({kind}, {len(response.content):,} bytes) and does not belong on a terminal.",
            next_step="Save it with --output FILE.",
        )
    value = _json(text)
    click.echo(plain_lines(text) if value is None else json_text(value, indent=2))


def _envelope(client: Client, response: Response) -> dict[str, Any]:
    redact = client.connection.redactor.text
    headers = {name.lower(): redact(value) for name, value in response.headers.items()}
    text = _text(response)
    facts = {"status": response.status, "headers": headers}
    if text is None:
        return {**facts, "body_base64": base64.b64encode(response.content).decode()}
    shown = text if response.ok else redact(text)
    value = _json(shown)
    return {**facts, "body": shown if value is None else value}


def _error(host: Host, client: Client, response: Response) -> AnswerError:
    """The error that an answer stands for; its body is printed anyway, so the message does without."""
    from connectors.runtime.answers import error_of

    name = client.connection.provider.display_name
    error = error_of(response, provider=name, attempts=1, now=host.clock.now())
    error.message = error.message.removesuffix(f": {error.excerpt}")
    return error


def _text(response: Response) -> str | None:
    """The body as text; None if it is none."""
    if b"\0" in response.content[:65_536]:
        return None
    text = response.text
    return None if text.count("\N{REPLACEMENT CHARACTER}") > len(text) // 100 else text


def _json(text: str) -> Any:
    """The JSON value of a text; None for one that is none (or null)."""
    from connectors.runtime.canonical import loads

    try:
        return loads(text)
    except ValueError:
        return None
