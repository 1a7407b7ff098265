"""The reference runtime's own clients against `connectors serve`: each journey is a script that they run."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from tests.server.clients.stage import JOURNEYS, Stage
from tests.server.node import need_clients, run_client

MB = 1024 * 1024


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def stage(request, tmp_path_factory):
    """A server for all journeys; each has an account of its own."""
    need_clients()
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres").fresh()
    stage = Stage(tmp_path_factory.mktemp("stage"), url)
    yield stage
    stage.close()


def run(stage: Stage, journey: str) -> None:
    said = run_client(f"{journey}.mjs", json.dumps(stage.told(journey)))
    assert said.splitlines()[-1:] == ["done"], said
    kept = stage.kept()
    for secret in stage.secrets:
        for spelling in spellings(secret):
            assert spelling not in kept, "a credential is in the log or in the database"


def spellings(secret: str) -> set[bytes]:
    raw = secret.encode()
    shifted = {base64.b64encode(b"x" * shift + raw)[-(-shift * 8 // 6) : -4].rstrip(b"=") for shift in range(3)}
    return {
        raw,
        raw.hex().encode(),
        quote(secret, safe="").encode(),
        json.dumps(secret)[1:-1].encode(),
        *(each for each in shifted if len(each) > 6),
    }


@pytest.mark.parametrize("journey", [*(name for name in JOURNEYS if name != "proxying"), "consenting", "paligo"])
def test_a_journey_of_the_clients_ends_well(stage: Stage, journey: str) -> None:
    run(stage, journey)


def test_proxied_calls_come_back_as_the_provider_answers_and_are_never_held_whole(stage: Stage) -> None:
    before = stage.most_memory()
    run(stage, "proxying")  # 100 MB come down, 30 MB go up
    assert stage.most_memory() - before < 40 * MB
