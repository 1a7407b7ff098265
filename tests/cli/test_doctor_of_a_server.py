"""`connectors doctor` for whoever runs a server: packages, exposure, disk, clocks."""

import json
import shutil

import pytest

from connectors.cli import starting
from connectors.engine.host import Host
from connectors.engine.settings import Settings


@pytest.fixture
def found(run, home):
    def look(code=0):
        diagnoses = json.loads(run("doctor", "--json", code=code).stdout)["diagnoses"]
        return {(each["area"], each["name"]): each for each in diagnoses}

    return look


def test_the_packages_of_the_extras_are_named_with_what_they_are_for(found, monkeypatch):
    assert found()[("Versions", "uvicorn")]["text"][0].isdigit()
    monkeypatch.setattr("connectors.cli.server_diagnoses._EXTRAS", (("server", "`connectors serve`", ("no-such",)),))
    missing = found()[("Versions", "no-such")]
    assert missing["text"] == "not installed; `connectors serve` needs it: pip install 'connectors[server]'"
    assert not missing["problem"]


def test_a_server_for_others_without_https_is_a_warning(found, monkeypatch):
    assert not found()[("Server", "listens")]["warning"]
    monkeypatch.setenv("CONNECTORS_HOST", "0.0.0.0")
    wide = found()[("Server", "listens")]
    assert wide["warning"]
    assert "credentials cross the network" in wide["text"]
    monkeypatch.setenv("CONNECTORS_PUBLIC_URL", "https://connectors.example.com")
    assert not found()[("Server", "listens")]["warning"]


@pytest.mark.parametrize(
    ("free", "warns", "fails"), [(10**12, False, False), (10**8, True, False), (10**6, True, True)]
)
def test_a_disk_that_is_full_is_seen_before_it_is_needed(found, monkeypatch, free, warns, fails):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**12, 0, free))
    disk = found(code=1 if fails else 0)[("Server", "disk")]
    assert (disk["warning"], disk["problem"]) == (warns, fails)
    assert f"{free / 1e6:,.0f} MB free" in disk["text"]


@pytest.mark.parametrize(("ahead", "warns"), [(None, False), (0.4, False), (-61.0, True), (61.0, True)])
def test_clocks_that_differ_are_warned_about_at_the_start(home, monkeypatch, capsys, ahead, warns):
    monkeypatch.setattr(starting, "clock_difference", lambda database: ahead)
    with Host.open(Settings.load()) as host:
        starting.warn_of_the_clock(host)
    assert ("61 s apart" in capsys.readouterr().err) == warns


def test_the_clock_of_postgresql_is_compared_with_this_machines(found, monkeypatch, postgres_url):
    monkeypatch.setenv("DATABASE_URL", postgres_url)
    assert found()[("Server", "clock")]["text"].startswith("the database's is 0.")
