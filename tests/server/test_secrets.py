"""A full journey leaves no credential behind: not in the database, not in the log, not in what is answered."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from tests.server.journey import BROWSERS, CLIENTS, KEY, PAGES, PASSWORD, SUBMITTED, USER, Journey

# Parts of stored credentials that give no access by themselves.
OPEN = ("type", "username", "client_id", "issuer", "expires_at", "token_type", "scope", "expires_in")
SHOP = {"Connection-Id": "acme", "Provider-Config-Key": "shop"}


@pytest.fixture
def journey(tmp_path: Path, database_url: str) -> Iterator[Journey]:
    made = Journey(tmp_path, database_url)
    yield made
    made.close()


def test_a_full_journey_leaves_no_credential_in_database_log_or_answers(journey: Journey, tmp_path: Path) -> None:
    secrets = {KEY, PASSWORD, journey.key, *travel(journey), *credentials(journey)}
    assert len(secrets) > 20
    held = stored(journey, tmp_path)
    assert b"[secret]" in held  # the providers said credentials back, and so came into errors and histories
    assert any("read" in line and "[secret]" in line for line in journey.logged)
    nothing_in(held, secrets)
    leave(journey)
    nothing_in(stored(journey, tmp_path), secrets)
    nothing_in("\n".join(journey.logged).encode(), secrets)
    nothing_in("\n".join(journey.hooks()).encode(), secrets)
    for answer in journey.answers:
        nothing_in(answer.encode(), secrets)
    assert "connection.deleted" in str(journey.host.audit_log.list("dev"))
    nothing_in(str(journey.host.audit_log.list("dev", limit=1000)).encode(), secrets)


@pytest.mark.parametrize(
    "written", [KEY, quote(KEY), json.dumps([KEY]), base64.b64encode(f"ann:{KEY}".encode()).decode(), repr({"a": KEY})]
)
def test_a_credential_would_be_found_however_it_is_written(written: str) -> None:
    with pytest.raises(AssertionError, match="a credential is in"):
        nothing_in(f"before {written} after".encode(), {KEY})


def travel(journey: Journey) -> set[str]:
    """From the first integration to the last failure; the secrets that were given out on the way."""
    for key in ("shop", "till", "machine", "stepping", "signing", *BROWSERS):
        body: dict[str, Any] = {"provider": key, "unique_key": key}
        if key in BROWSERS:
            body["credentials"] = {"type": "OAUTH1" if key == "three-legged" else "OAUTH2", **CLIENTS[key]}
        assert journey.ask("POST", "/integrations", json=body).status_code == 200
    given = connect(journey) | set(credentials(journey))
    use(journey)
    fail(journey)
    for path in ("/connections", "/integrations", "/integrations/shop", "/metrics", "/openapi.json", "/docs/api"):
        assert journey.ask("GET", path).status_code == 200
    journey.deliver()
    return given


def connect(journey: Journey) -> set[str]:
    """Every way to connect: imported, from a page, by a browser's consent."""
    shop = {"provider_config_key": "shop", "connection_id": "acme", "credentials": {"type": "API_KEY", "apiKey": KEY}}
    assert journey.ask("POST", "/connections", json=shop, tells=True).status_code == 201
    begun = journey.ask("POST", "/connect/sessions", json={"end_user": {"id": "ann"}}, tells=True)
    token = begun.json()["data"]["token"]
    assert journey.ask("GET", "/connect/session", key=token).status_code == 200
    login = {"username": USER, "password": PASSWORD}
    assert journey.page("/api-auth/basic", "till", token, login).status_code == 200
    for path, key in PAGES:
        texts = {name: each.decode() if isinstance(each, bytes) else each for name, each in SUBMITTED[key].items()}
        assert journey.page(path, key, token, texts).status_code == 200
    for key in BROWSERS:
        assert journey.consent(key, token).status_code == 200
    address = journey.host.incoming.address("dev", "acme", "shop")
    for path, auth in ((address.secret_path, None), (address.path, (address.username, address.password))):
        assert journey.session.post(journey.url + path, json={"event": 1}, auth=auth, timeout=10).status_code == 200
    signing = journey.host.environments.rotate_signing_key("dev")
    return {token, address.password, signing}


def use(journey: Journey) -> None:
    """Call, sync, read, act."""
    assert journey.ask("GET", "/proxy/quiet", headers=SHOP).json() == {"ok": True}
    assert journey.ask("GET", "/connections/acme?provider_config_key=shop", tells=True).status_code == 200
    body = {"provider_config_key": "shop", "connection_id": "acme", "syncs": ["things", "others"]}
    assert journey.ask("POST", "/sync/trigger", json=body).status_code == 200
    journey.until("/records?model=Thing", lambda answer: answer.json()["records"], headers=SHOP)
    status = "/sync/status?provider_config_key=shop&connection_id=acme&syncs=*"
    journey.until(status, lambda answer: "ERROR" in answer.text)
    assert trigger(journey, "fine").json() == {"done": True}
    assert trigger(journey, "refused").status_code == 424
    assert trigger(journey, "raised").status_code == 500
    later = trigger(journey, "refused", **{"X-Async": "true"}).json()["statusUrl"]
    journey.until(later, lambda answer: answer.status_code == 424)


def trigger(journey: Journey, action: str, **headers: str) -> Any:
    return journey.ask("POST", "/action/trigger", json={"action_name": action}, headers={**SHOP, **headers})


def fail(journey: Journey) -> None:
    """All that goes wrong while a credential is at hand."""
    journey.upstream.answers.pop("GET /shop/me")
    shop = {"provider_config_key": "shop", "connection_id": "acme", "credentials": {"type": "API_KEY", "apiKey": KEY}}
    assert journey.ask("POST", "/connections", json=shop).status_code == 400
    assert journey.ask("POST", "/connections", json={**shop, "credentials": [KEY]}).status_code == 400
    assert journey.ask("POST", "/connections", data=f'{{"apiKey": "{KEY}').status_code == 400
    assert journey.ask("GET", f"/connections?search={quote(KEY)}&{quote(KEY)}=1").status_code == 400
    assert journey.ask("GET", "/connections", key=f"{journey.key}x").status_code == 401
    assert journey.ask("GET", "/connect/session", key="nango_connect_session_0").status_code == 401
    for key in ("machine", "stepping", "consenting"):
        found = next(each for each in journey.host.connections.list("dev") if each.integration == key)
        renewed = f"/connections/{found.id}?provider_config_key={key}&force_refresh=true"
        assert journey.ask("GET", renewed, tells=True).status_code == 200


def leave(journey: Journey) -> None:
    """Delete everything that was connected."""
    for each in journey.host.connections.list("dev"):
        gone = journey.ask("DELETE", f"/connections/{each.id}?provider_config_key={each.integration}")
        assert gone.status_code == 200


def credentials(journey: Journey) -> Iterator[str]:
    """Every text in a stored credential that gives access."""
    for each in journey.host.connections.list("dev"):
        yield from texts(journey.host.connections.open(each).credentials)
    for key in BROWSERS:
        yield CLIENTS[key]["client_secret"]


def texts(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for inner, part in value.items():
            yield from texts(part, inner)
    elif isinstance(value, str) and name not in OPEN and len(value) >= 6:
        yield value


def stored(journey: Journey, folder: Path) -> bytes:
    """The database, table by table and as its file; and whatever else lies in the data folder."""
    database = journey.host.store.database
    files = [file for file in (folder / "home").rglob("*") if file.is_file()]
    rows = b"\n".join(each for table in tables(database) for each in cells(database, table))
    assert b"acme" in rows
    return rows + b"".join(file.read_bytes() for file in files)


def tables(database: Any) -> list[str]:
    names = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if database.connection.__class__.__mro__[-2] is sqlite3.Connection
        else "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    with database.reading() as session:
        return [row["name"] for row in session.execute(names).fetchall()]


def cells(database: Any, table: str) -> Iterator[bytes]:
    with database.reading() as session:
        rows = session.execute(f'SELECT * FROM "{table}"').fetchall()
    for row in rows:
        for name in row.keys():  # noqa: SIM118 - a row iterates over its values
            value = row[name]
            yield bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()


def nothing_in(text: bytes, secrets: set[str]) -> None:
    for secret in secrets:
        for spelling in spellings(secret):
            at = text.find(spelling)
            assert at < 0, f"a credential is in {text[max(0, at - 150) : at]!r}"


def spellings(secret: str) -> set[bytes]:
    """The ways in which a text may stand in another one."""
    raw = secret.encode()
    escaped = {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], secret.encode("unicode_escape").decode()}
    percent = {coded for plain in escaped for coded in (quote(plain, safe=""), quote_plus(plain), quote(plain))}
    shifted = set()
    for shift in range(3):
        coded = base64.b64encode(b"x" * shift + raw)
        core = coded[-(-shift * 8 // 6) : -4]  # without what its neighbours take part in
        shifted |= {core, core.translate(bytes.maketrans(b"+/", b"-_"))}
    texts = {*escaped, *percent, *(each.lower() for each in percent), *(json.dumps(each)[1:-1] for each in percent)}
    further = {raw.hex().encode(), raw.hex().upper().encode(), secret.encode("utf-16-le"), raw[::-1]}
    return {text.encode() for text in texts} | further | {each for each in shifted if len(each) >= 8}
