"""The documents sync against the emulator, at every position of its switches."""

from __future__ import annotations

import itertools
import math

import pytest
import yaml

from connectors import Host, RunOptions, Settings, read_records, root, run_sync
from connectors.testing import FakeClock


def edit(acme, count):
    for document in acme.emulator.truth("documents")[:count]:
        acme.emulator.account.edit_document(document["id"], name=f"Edited {document['id']}")


def test_records_equal_the_account_and_a_second_run_reads_no_document(open_acme):
    acme = open_acme(documents=130)
    first = acme.sync()
    assert (first.state, first.added) == ("success", 130)
    assert acme.records() == acme.truth()
    second = acme.sync()
    assert (second.unchanged, second.added, second.updated, second.deleted) == (130, 0, 0, 0)
    assert acme.reads() == []


@pytest.mark.parametrize("documents", [1000])
def test_ten_changes_among_a_thousand_cost_a_page_per_hundred_and_a_read_per_change(open_acme, documents):
    acme = open_acme(documents=documents)
    acme.sync()
    edit(acme, 10)
    report = acme.sync()
    assert report.updated == 10
    assert acme.records() == acme.truth()
    assert report.requests == len(acme.emulator.log) <= math.ceil(documents / 100) + 10 + 3


def test_edits_and_deletes_are_seen_in_one_pass(open_acme):
    acme = open_acme(documents=60)
    acme.sync()
    edit(acme, 3)
    gone = [document["id"] for document in acme.emulator.truth("documents")[-4:]]
    for id_ in gone:
        acme.emulator.account.delete_document(id_)
    acme.emulator.account.add_document("New one", content="<section/>")
    report = acme.sync()
    assert (report.added, report.updated, report.deleted) == (1, 3, 4)
    assert acme.records() == acme.truth()
    assert len(acme.reads()) == 4


def test_a_document_with_created_at_after_modified_at_is_synced_and_its_later_edit_too(open_acme):
    acme = open_acme(documents=20)
    odd = [row for row in acme.emulator.truth("documents") if row["created_at"] > row["modified_at"]]
    assert odd, "the emulator has starter content like that"
    acme.sync()
    acme.emulator.account.edit_document(odd[0]["id"], name="later", modified_at=odd[0]["modified_at"] + 1)
    assert acme.sync().updated == 1
    assert acme.records() == acme.truth()


SWITCHES = [
    {"search": search, "scope": scope, "next_page": next_page}
    for search, scope, next_page in itertools.product(("on", 404, 422), ("root", "all"), ("plain", "filters"))
] + [
    {"search_content": True},
    {"values": "strings"},
    {"values": "strings", "search": 404},
    {"languages": "text"},
    {"window": "sliding"},
    {"retry_after_on_success": 0},
    {"slash": "redirect"},
    {"slash": "redirect", "search": 422},
    {"max_per_page": 7},
    {"max_per_page": 7, "search": 404, "next_page": "filters"},
    {"error_body": "<html>gone</html>", "search": 404},
    {"error_body": "", "search": 422},
    {"checkout_user_type": "string"},
]


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_records_equal_the_account_at_every_switch(open_acme, switches):
    acme = open_acme(documents=45, folders=7, **switches)
    first = acme.sync()
    assert (first.state, first.error, first.added, first.rejected) == ("success", None, 45, 0)
    assert acme.records() == acme.truth()
    edit(acme, 2)
    acme.emulator.account.delete_document(acme.emulator.truth("documents")[-1]["id"])
    second = acme.sync()
    assert (second.updated, second.deleted, second.unchanged) == (2, 1, 42)
    assert acme.records() == acme.truth()
    assert len(acme.reads()) == (0 if switches.get("search_content") else 2)


def test_search_items_that_carry_content_are_not_read_again(open_acme):
    acme = open_acme(documents=30, search_content=True)
    acme.sync()
    assert acme.reads() == []
    assert all(record["content"] for record in acme.records().values())


def test_a_deletion_while_the_search_is_paged_loses_no_other_document(open_acme):
    acme = open_acme(documents=350)
    acme.sync()
    victim = acme.emulator.truth("documents")[0]["id"]
    respond = acme.emulator.respond
    searches = itertools.count(1)

    def deleting(request):
        answer = respond(request)
        if request.path.startswith("/api/v2/search") and next(searches) == 2:
            acme.emulator.account.delete_document(victim)
        return answer

    acme.emulator.respond = deleting
    report = acme.sync()
    assert (report.deleted, report.added, acme.reads()) == (1, 0, []) or report.deleted == 0
    assert set(acme.records()) - {str(victim)} == set(acme.truth())


@pytest.mark.parametrize("window", ["fixed", "sliding"])
def test_a_paced_sync_never_meets_a_429(open_acme, window):
    acme = _paced(open_acme(documents=120, plan="business", window=window, window_seconds=1.0), 1.0)
    report = acme.sync()
    assert (report.state, report.added) == ("success", 120)
    assert acme.emulator.count(status=429) == 0
    assert report.waited > 0
    assert acme.records() == acme.truth()


def test_nangos_own_definition_drives_the_same_sync(open_acme, open_theirs):
    acme = open_acme(documents=30)
    with open_theirs() as host:
        report = run_sync(host, "dev", "acme", "documents", RunOptions())
        found = {record.id: record.data for record in read_records(host, "dev", "acme", "Document")}
    assert (report.state, report.added) == ("success", 30)
    assert found == acme.truth()


def _paced(acme, window):
    """The same account with budgets that begin anew each `window` seconds, on our side too."""
    definitions = yaml.safe_load((root() / "providers.yaml").read_text())
    definitions["paligo"]["rate_limits"]["window"] = window
    file = acme.home / "short.yaml"
    file.write_text(yaml.safe_dump(definitions))
    acme.host.close()
    acme.host = Host.open(Settings.load({}, home=acme.home), providers=[file])
    return acme


def test_a_run_that_waited_says_how_an_enterprise_account_goes_faster(open_acme):
    acme = open_acme(documents=70)
    acme.host.connections.set_metadata("dev", "acme", {"plan": None})
    acme.host.clock = FakeClock(acme.host.clock.now())
    report = acme.sync()
    assert report.waited >= 60
    [note] = report.notes
    assert "if this account is Enterprise, set plan" in note
    assert "connectors connections set acme --metadata plan=enterprise" in note


def test_a_run_that_was_refused_though_it_kept_the_pace_asks_whether_the_plan_is_right(open_acme):
    acme = open_acme(documents=10)
    acme.host.connections.set_metadata("dev", "acme", {"plan": "enterprise"})
    acme.host.clock = FakeClock(acme.host.clock.now())
    acme.emulator.fault("status", path_prefix="/api/v2/search", status=429, headers={"Retry-After": "5"})
    [note] = acme.sync().notes
    assert "429" in note
    assert "plan=business" in note
