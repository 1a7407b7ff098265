"""What is committed as a recording: every header allowed, no secret in any encoding, the emulator's host only."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote, quote_plus, urlsplit

import pytest
import yaml

from connectors.paligo.emulator import API_KEY, INSTANCE, USERNAME
from connectors.testing.cassettes import REQUEST_HEADERS, RESPONSE_HEADERS

FOLDER = Path(__file__).parents[1] / "cassettes"
CASSETTES = sorted(FOLDER.rglob("*.yaml"))


def encodings(secret: str) -> set[str]:
    raw = secret.encode()
    shifted = {base64.b64encode(b"x" * shift + raw)[4:-4].decode() for shift in range(3)}
    plain = {base64.b64encode(raw).decode().rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("=")}
    text = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], raw.hex(), raw.hex().upper()}
    return shifted | plain | text


def test_there_are_cassettes_of_every_kind_of_call():
    assert len(CASSETTES) >= 8


@pytest.mark.parametrize("cassette", CASSETTES, ids=lambda path: path.stem)
def test_no_cassette_holds_the_secret_in_any_encoding(cassette):
    text = cassette.read_text()
    for secret in (API_KEY, f"{USERNAME}:{API_KEY}", API_KEY.lower()):
        for form in encodings(secret):
            assert form not in text


@pytest.mark.parametrize("cassette", CASSETTES, ids=lambda path: path.stem)
def test_every_recorded_header_is_on_the_list(cassette):
    for interaction in yaml.safe_load(cassette.read_text())["interactions"]:
        assert {name.lower() for name in interaction["request"]["headers"]} <= REQUEST_HEADERS
        assert {name.lower() for name in interaction["response"]["headers"]} <= RESPONSE_HEADERS


@pytest.mark.parametrize("cassette", CASSETTES, ids=lambda path: path.stem)
def test_every_recording_is_of_the_emulators_own_host(cassette):
    for interaction in yaml.safe_load(cassette.read_text())["interactions"]:
        assert urlsplit(interaction["request"]["uri"]).hostname == f"{INSTANCE}.paligoapp.com"


def test_the_scan_finds_a_secret_wherever_it_hides():
    for hidden in (
        base64.b64encode(f"{USERNAME}:{API_KEY}".encode()).decode(),
        base64.b64encode(f"xy{API_KEY}z".encode()).decode(),
        quote(f"a/{API_KEY}"),
    ):
        assert any(form in hidden for secret in (API_KEY, f"{USERNAME}:{API_KEY}") for form in encodings(secret))
