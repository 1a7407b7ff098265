"""`connectors providers request`: the request that a call would be, with secrets masked. Nothing is sent."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from connectors.cli import proxy_input
from connectors.cli.choices import current_choices
from connectors.cli.command import Command, json_option
from connectors.cli.form import ask, is_asked
from connectors.cli.given import Given, gather
from connectors.cli.given import metadata as read_metadata
from connectors.cli.integration_input import Values
from connectors.cli.integration_input import read as read_integration
from connectors.cli.terminal import can_ask, plain, plain_lines, say, say_json
from connectors.errors import ConsentNeeded, IntegrationIncomplete, UnresolvedPlaceholder

if TYPE_CHECKING:
    from connectors.runtime.catalog import Provider
    from connectors.runtime.connection import Connection
    from connectors.runtime.fields import Field
    from connectors.runtime.request import Call, Request

_STORED_AS: Mapping[str, str] = {  # kind of the stored credentials, where it is not the auth mode
    "CUSTOM": "APP",
    "INSTALL_PLUGIN": "BASIC",
    "MCP_OAUTH2": "OAUTH2",
    "MCP_OAUTH2_GENERIC": "OAUTH2",
}
_HOW = (
    "Give what is named: a credential or token as --credential NAME=@FILE, a field of the connection as "
    "--config NAME=VALUE, what the integration has as --client-id ID, --client-secret @FILE or --custom NAME=VALUE."
)


@click.command(cls=Command)
@click.argument("provider")
@click.argument("method")
@click.argument("path")
@click.option("--config", metavar="NAME=VALUE", multiple=True, help="A field of the connection's config.")
@click.option("--credential", metavar="NAME=@FILE", multiple=True, help="A credential, also under its stored name.")
@click.option("--metadata", metavar="NAME=VALUE", multiple=True, help="A value of the connection's metadata.")
@click.option("--client-id", metavar="ID", help="Of the integration's OAuth client.")
@click.option("--client-secret", metavar="@FILE", help="Its secret, from a file; @- is standard input.")
@click.option("--custom", metavar="NAME=VALUE", multiple=True, help="An own field of the integration.")
@click.option("--param", metavar="NAME=VALUE", multiple=True, help="A query parameter; a name may come several times.")
@click.option("--header", metavar="NAME:VALUE", multiple=True, help="A header. The credentials bring their own.")
@click.option("--data", metavar="TEXT|@FILE|-", help="The body, as it is; - is standard input.")
@click.option("--form", metavar="NAME=VALUE", multiple=True, help="A field of a form.")
@click.option("--file", metavar="NAME=@PATH", multiple=True, help="A file of a multipart form.")
@json_option
def request(
    provider: str,
    method: str,
    path: str,
    *,
    config: Sequence[str],
    credential: Sequence[str],
    metadata: Sequence[str],
    client_id: str | None,
    client_secret: str | None,
    custom: Sequence[str],
    as_json: bool,
    **asked: Any,
) -> None:
    """Print the request that a call would be, with secrets masked. Nothing is sent, and nothing is stored.

    A secret is never typed on the command line: give it as NAME=@FILE (@- reads standard input), in
    the variable CONNECTORS_CREDENTIAL_NAME, or leave it out to be asked. What the provider gives
    only in exchange goes under its stored name, as --credential access_token=@FILE.
    """
    from connectors.runtime.fields import fields_of

    definition = current_choices().catalog.get(provider)
    own = read_integration(
        definition,
        client_id=client_id,
        client_secret=client_secret,
        scopes=None,
        custom=custom,
        environ=os.environ,
    )
    fields = fields_of(definition, own.custom)
    given = gather(fields, config, credential, os.environ)
    notes = {name: value for name, value in read_metadata(metadata, fields).items() if value is not None}
    call = _call(definition, method, path, asked)
    try:
        shown = _shown(_built(definition, fields, given, notes, own, call))
    except (ConsentNeeded, IntegrationIncomplete, UnresolvedPlaceholder) as error:
        error.next_step = f"{_HOW} `connectors providers show {definition.name}` lists the fields."
        raise
    if as_json:
        say_json(shown)
        return
    say(plain(f"{shown['method']} {shown['url']}"))
    for name, value in shown["headers"].items():
        say(plain(f"{name}: {value}"))
    if shown.get("client_certificate"):
        say("(with the client certificate)")
    if shown["body"]:
        say()
        say(plain_lines(shown["body"]))


def _call(definition: Provider, method: str, path: str, asked: Mapping[str, Any]) -> Call:
    from connectors.runtime.files import parts
    from connectors.runtime.request import Call

    headers = proxy_input.headers(asked["header"], definition)
    return Call(
        method=method,
        endpoint=path,
        params=proxy_input.params(asked["param"]),
        data=proxy_input.body(asked["data"], asked["form"], asked["file"], headers),
        headers=headers,
        files=parts(proxy_input.files(asked["file"])) or None,
    )


def _built(
    definition: Provider, fields: Sequence[Field], given: Given, notes: dict[str, Any], own: Values, call: Call
) -> Request:
    """The request; a person is asked for the values that it lacks."""
    from connectors.runtime.request import build

    while True:
        try:
            _check_login(definition, fields, given)
            return build(_connection(definition, fields, given, notes, own), call)
        except UnresolvedPlaceholder as error:
            names = {str(name).rpartition(".")[2] for name in error.facts.get("placeholders", ())}
            lacking = [
                field
                for field in fields
                if field.name in names and is_asked(field) and field.name not in given.group(field.group)
            ]
            if not lacking or not can_ask():
                raise
            for field in lacking:
                given.group(field.group)[field.name] = ask(definition, field) or ""


def _check_login(definition: Provider, fields: Sequence[Field], given: Given) -> None:
    """A call with BASIC takes a missing user name or password for an empty one; here it is named."""
    lacking = [field for field in fields if field.group == "credentials" and field.required]
    lacking = [field for field in lacking if field.name not in given.credentials]
    if definition.auth_mode == "BASIC" and lacking:
        raise UnresolvedPlaceholder(
            f"The header authorization of {definition.name} needs a value that is missing: "
            f"{', '.join(field.title for field in lacking)}.",
            placeholders=tuple(f"credentials.{field.name}" for field in lacking),
        )


def _signing(definition: Provider, own: Values, given: Given) -> tuple[dict[str, str], dict[str, Any]]:
    """What connecting with TBA keeps, to sign with: the integration's client in the config, the connection's own."""
    if definition.auth_mode != "TBA":
        return {}, {}
    client = {"oauth_client_id": own.client_id, "oauth_client_secret": own.client_secret}
    names = {"client_id": "oauth_client_id_override", "client_secret": "oauth_client_secret_override"}
    override = {name: given.credentials.get(field) for name, field in names.items()}
    return {name: value for name, value in client.items() if value}, {"config_override": override}


def _connection(
    definition: Provider, fields: Sequence[Field], given: Given, notes: dict[str, Any], own: Values
) -> Connection:
    """A connection that is stored nowhere. Raises ConfigError for a value that does not fit its field."""
    from connectors.runtime.connection import Connection
    from connectors.runtime.fields import check_input
    from connectors.runtime.integration import Integration

    declared = {field.name for field in fields if field.group == "credentials"}
    known = {name: value for name, value in given.credentials.items() if name in declared}
    checked = check_input(definition, given.config, known, configured=own.custom, partial=True)
    kind = _STORED_AS.get(definition.auth_mode, definition.auth_mode)
    client, override = _signing(definition, own, given)
    return Connection(
        definition,
        {**checked.config, **client},
        {"type": kind, **given.credentials, **checked.credentials, **override},
        metadata=notes,
        integration=Integration(
            client_id=own.client_id or "", client_secret=own.client_secret or "", custom=own.custom
        ),
    )


def _shown(request: Request) -> dict[str, Any]:
    """The request as plain data, without secrets."""
    redact = request.connection.redactor.text
    return {
        "method": request.method,
        "url": request.shown_url,
        "headers": {name: redact(value) for name, value in request.headers.items()},
        "body": redact(_text(request.body)),
        **({"client_certificate": True} if request.certificate else {}),
    }


def _text(body: Any) -> str:
    """A body as text; what is none is counted."""
    content = body if isinstance(body, bytes) else b"".join(body or ())
    try:
        return content.decode()
    except UnicodeDecodeError:
        return f"({len(content):,} bytes)"
