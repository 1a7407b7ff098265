"""Browsers that are signed in: by a good key, for half a day, and not one moment after that key is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.engine.browsers import LIFE
from connectors.engine.host import Host
from connectors.engine.settings import Settings
from connectors.testing import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def host(tmp_path: Path, database_url: str, clock: FakeClock) -> Iterator[Host]:
    settings = Settings.load({"CONNECTORS_HOME": str(tmp_path), "DATABASE_URL": database_url})
    with Host.open(settings, clock=clock) as host:
        yield host


def signed_in(host: Host, carried: str) -> list[str]:
    browser = host.browsers.find(carried)
    return [] if browser is None else browser.environments


def test_a_good_key_signs_in_and_no_other_does(host: Host) -> None:
    key = host.environments.create("dev").key
    found = host.browsers.sign_in(f" {key} ")
    assert found is not None
    assert found[0] == "dev"
    assert signed_in(host, found[1]) == ["dev"]
    for other in ("", "dev", key[:-1], "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"):
        assert host.browsers.sign_in(other) is None
    for carried in ("", key, "0" * 64, found[1].upper() + "0"):
        assert signed_in(host, carried) == []


def test_what_a_browser_carries_is_not_stored(host: Host, tmp_path: Path) -> None:
    found = host.browsers.sign_in(host.environments.create("dev").key)
    assert found is not None
    host.store.database.connection.execute("SELECT 1")
    for file in tmp_path.glob("*.db*"):
        assert found[1].encode() not in file.read_bytes()


def test_it_ends_after_half_a_day(host: Host, clock: FakeClock) -> None:
    found = host.browsers.sign_in(host.environments.create("dev").key)
    assert found is not None
    clock.sleep(LIFE - 1)
    assert signed_in(host, found[1]) == ["dev"]
    clock.sleep(2)
    assert signed_in(host, found[1]) == []


def test_it_ends_with_its_key(host: Host) -> None:
    first = host.environments.create("dev")
    second = host.environments.add_key("dev", name="second")
    with_first, with_second = host.browsers.sign_in(first.key), host.browsers.sign_in(second.key)
    assert with_first is not None
    assert with_second is not None
    host.environments.revoke("dev", first.id)
    assert signed_in(host, with_first[1]) == []
    assert signed_in(host, with_second[1]) == ["dev"]


def test_one_browser_may_be_signed_in_to_several_and_out_of_all_at_once(host: Host) -> None:
    first = host.browsers.sign_in(host.environments.create("dev").key)
    assert first is not None
    second = host.browsers.sign_in(host.environments.create("prod").key, carried=first[1])
    assert second is not None
    assert second[1] != first[1]
    assert signed_in(host, first[1]) == []  # what it carried before is good for nothing any more
    assert signed_in(host, second[1]) == ["dev", "prod"]
    host.browsers.sign_out(second[1])
    assert signed_in(host, second[1]) == []


def test_scopes_are_those_of_the_key(host: Host) -> None:
    host.environments.create("dev")
    limited = host.environments.add_key("dev", name="reports", scopes=["records:read"])
    found = host.browsers.sign_in(limited.key)
    browser = host.browsers.find(found[1] if found else None)
    assert browser is not None
    place = browser.at("dev")
    assert place is not None
    assert place.scopes == {"records:read"}
    assert browser.at("prod") is None


def test_a_form_token_is_good_for_its_browser_alone(host: Host) -> None:
    key = host.environments.create("dev").key
    one, other = host.browsers.sign_in(key), host.browsers.sign_in(key)
    assert one is not None
    assert other is not None
    mine, hers = host.browsers.find(one[1]), host.browsers.find(other[1])
    assert mine is not None
    assert hers is not None
    assert mine.owns(mine.form_token)
    assert not mine.owns(hers.form_token)
    assert not mine.owns("")
    assert one[1] not in mine.form_token


def test_signing_in_is_in_the_audit_log(host: Host) -> None:
    made = host.environments.create("dev")
    host.browsers.sign_in(made.key)
    newest = host.audit_log.list("dev")[0]
    assert (newest["action"], newest["actor"]) == ("dashboard.signed_in", f"key:{made.id}")
