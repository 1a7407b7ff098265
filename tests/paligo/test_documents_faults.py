"""Broken answers end in a clear error or a good run, and nothing stored is lost."""

from __future__ import annotations

import itertools
import json

import pytest

from connectors.testing import FakeClock

FAULTS = [
    ("truncated", {}),
    ("html", {}),
    ("invalid_json", {}),
    ("reset", {}),
    ("status", {"status": 500}),
    ("status", {"status": 503, "headers": {"Retry-After": "2"}}),
    ("status", {"status": 429, "headers": {"Retry-After": "3"}}),
    ("empty_list", {}),
]


@pytest.fixture
def synced(open_acme):
    acme = open_acme(documents=60)
    acme.sync()
    for document in acme.emulator.truth("documents")[:5]:
        acme.emulator.account.edit_document(document["id"], name="Edited")
    acme.host.clock = FakeClock(acme.host.clock.now())
    return acme


@pytest.mark.parametrize("times", [1, None], ids=["once", "always"])
@pytest.mark.parametrize("place", ["/api/v2/search", "/api/v2/documents"])
@pytest.mark.parametrize(("kind", "options"), FAULTS, ids=lambda value: str(value))
def test_a_broken_answer_loses_nothing_that_is_stored(synced, kind, options, place, times):
    before = synced.records()
    synced.emulator.fault(kind, path_prefix=place, times=times, **options)
    report = synced.sync()
    after = synced.records()
    assert set(after) == set(before)
    assert report.deleted == 0
    assert report.state in ("success", "failed", "needs_confirmation")
    if report.state == "failed":
        assert report.error["code"] != "run_failed"
        assert report.error["message"]
        assert report.error["next_step"]
    synced.emulator.clear_faults()
    assert synced.sync().state == "success"
    assert synced.records() == synced.truth()


@pytest.mark.parametrize("search", [404, 422])
@pytest.mark.parametrize(("kind", "options"), [*FAULTS, ("repeat_next_page", {})], ids=lambda value: str(value))
@pytest.mark.parametrize("place", ["/api/v2/documents", "/api/v2/folders"])
def test_a_broken_answer_in_the_folder_walk_loses_nothing(synced, kind, options, place, search):
    synced.emulator.change(search=search, max_per_page=9)
    before = synced.records()
    synced.emulator.fault(kind, path_prefix=place, times=None, **options)
    report = synced.sync()
    assert set(synced.records()) == set(before)
    assert report.deleted == 0
    synced.emulator.clear_faults()
    assert synced.sync().state == "success"
    assert synced.records() == synced.truth()


def test_ten_minutes_of_429_end_in_a_clear_error(synced):
    synced.emulator.fault("status", status=429, headers={"Retry-After": "30"}, times=None)
    began = synced.host.clock.now()
    report = synced.sync()
    assert (report.state, report.error["code"]) == ("failed", "rate_limited")
    assert synced.host.clock.now() - began < 1500
    synced.emulator.clear_faults()
    assert synced.sync().state == "success"


def test_refused_credentials_end_the_run_at_once(synced):
    synced.emulator.change(non_admin=401)
    report = synced.sync()
    assert (report.state, report.error["code"], report.requests) == ("failed", "credentials_refused", 1)


def test_an_account_that_lost_its_rights_ends_the_run_at_once(synced):
    synced.emulator.change(non_admin=403)
    report = synced.sync()
    assert (report.state, report.error["code"]) == ("failed", "not_allowed")


def test_spurious_429s_only_slow_a_run_down(synced):
    synced.emulator.change(spurious_429=4)
    report = synced.sync()
    assert report.state == "success"
    assert synced.records() == synced.truth()


def test_a_page_that_comes_back_empty_deletes_none_of_its_documents(open_acme):
    acme = open_acme(documents=1000)
    acme.sync()
    acme.emulator.account.edit_document(acme.emulator.truth("documents")[0]["id"], name="Edited")
    respond, searches = acme.emulator.respond, itertools.count(1)

    def emptied(request):
        if request.path.startswith("/api/v2/search") and next(searches) == 5:
            acme.emulator.fault("empty_list", path_prefix="/api/v2/search")
        return respond(request)

    acme.emulator.respond = emptied
    report = acme.sync()
    assert (report.state, report.error["code"], report.deleted) == ("failed", "unexpected_answer", 0)
    assert len(acme.records()) == 1000


def test_a_folder_whose_list_comes_back_empty_loses_no_document(open_acme):
    acme = open_acme(documents=100, folders=12, search=404)
    acme.sync()
    folder = next(row["parent_resource"] for row in acme.emulator.truth("documents") if row["parent_resource"])
    acme.emulator.fault("empty_list", path_prefix=f"/api/v2/documents?parent={folder}", times=None)
    report = acme.sync()
    assert (report.state, report.deleted) == ("success", 0)
    assert acme.records() == acme.truth()


@pytest.mark.parametrize("pages", ["many", None, 10**12, {}])
def test_a_page_count_that_makes_no_sense_is_a_clear_error(synced, pages):
    body = json.dumps({"page": 1, "total_pages": pages, "per_page": 100, "items": []})
    synced.emulator.fault("status", status=200, body=body, path_prefix="/api/v2/search", times=None)
    report = synced.sync()
    assert (report.state, report.error["code"]) == ("failed", "unexpected_answer")
