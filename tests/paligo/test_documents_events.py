"""Events about documents: only what they name is read, and nothing is deleted by absence."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.engine.due import Worker


@pytest.fixture
def acme(open_acme: Any) -> Any:
    opened = open_acme(documents=30)
    opened.sync()
    host = opened.host
    host.schedules.pause("dev", "paligo")
    host.schedules.start("dev", "paligo", connection_id="acme")
    opened.emulator.reset_log()
    return opened


def told(acme: Any, *ids: str) -> str:
    """An event about documents comes, and what it asks for is run; how that went."""
    acme.host.schedules.want(acme.host.connections.get("dev", "acme"), "documents", ids)
    worker = Worker(acme.host)
    (due,) = [due for due in worker.take() if due.sync == "documents"]
    report = worker.run(due)
    assert report is not None
    return str(report.state)


def test_a_released_document_is_read_alone(acme: Any) -> None:
    first, second = acme.emulator.truth("documents")[:2]
    for document in (first, second):
        acme.emulator.account.edit_document(document["id"], name="Edited")
    assert told(acme, str(first["id"])) == "success"
    assert acme.reads() == [str(first["id"])]
    assert acme.records()[str(first["id"])]["name"] == "Edited"
    assert acme.records()[str(second["id"])]["name"] != "Edited"
    assert acme.sync().updated == 1  # the whole run does not read it again
    assert acme.reads() == [str(second["id"])]
    assert acme.records() == acme.truth()


def test_a_document_that_is_gone_is_deleted_and_others_stay(acme: Any) -> None:
    first, second = acme.emulator.truth("documents")[:2]
    for document in (first, second):
        acme.emulator.account.delete_document(document["id"])
    assert told(acme, str(first["id"])) == "success"
    assert str(first["id"]) not in acme.records()
    assert str(second["id"]) in acme.records()


def test_an_event_that_names_nothing_asks_for_all_documents(acme: Any) -> None:
    gone = acme.emulator.truth("documents")[0]
    acme.emulator.account.delete_document(gone["id"])
    assert told(acme) == "success"
    assert acme.records() == acme.truth()
