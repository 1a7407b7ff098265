"""Whatever breaks while the other syncs read: nothing stored is lost, and the next run puts it right."""

from __future__ import annotations

import itertools

import pytest

from connectors.errors import ConfigError
from connectors.testing import FakeClock

FAULTS = [
    ("truncated", {}),
    ("html", {}),
    ("invalid_json", {}),
    ("reset", {}),
    ("status", {"status": 500}),
    ("status", {"status": 429, "headers": {"Retry-After": "3"}}),
    ("empty_list", {}),
    ("status", {"status": 200, "body": "[]"}),
    ("status", {"status": 200, "body": '{"page": 1}'}),
]
SYNCS = {  # sync → model, table, path, what has to run before
    "folders": ("Folder", "folders", "/api/v2/folders", None),
    "forks": ("Fork", "forks", "/api/v2/forks", "documents"),
    "groups": ("Group", "groups", "/api/v2/groups", None),
    "images": ("Image", "images", "/api/v2/images", "folders"),
    "taxonomies": ("Taxonomy", "taxonomies", "/api/v2/taxonomies", None),
    "users": ("User", "users", "/api/v2/users", None),
    "variable-values": ("VariableValue", "variablevalues", "/api/v2/variablevalues", None),
}
MORE = {"images": 14, "taxonomies": 14, "variable_sets": 2, "users": 14, "groups": 14}


@pytest.fixture
def synced(open_acme):
    def make(name, **switches):
        acme = open_acme(documents=24, folders=14, more=MORE, **{"search": 404, "max_per_page": 5, **switches})
        acme.host.clock = FakeClock(acme.host.clock.now())
        first = SYNCS[name][3]
        for each in [first, name] if first else [name]:
            assert acme.sync(each).state == "success"
        return acme

    return make


@pytest.mark.parametrize("times", [1, None], ids=["once", "always"])
@pytest.mark.parametrize(("kind", "options"), FAULTS, ids=lambda value: str(value))
@pytest.mark.parametrize("name", SYNCS)
def test_a_broken_answer_loses_nothing_that_is_stored(synced, name, kind, options, times):
    acme = synced(name)
    model, table, path, _ = SYNCS[name]
    before = acme.records(model)
    assert set(before) == set(acme.truth(table))
    acme.emulator.fault(kind, path_prefix=path, times=times, **options)
    report = acme.sync(name)
    assert report.deleted == 0
    assert set(acme.records(model)) == set(before)
    assert report.state in ("success", "failed", "needs_confirmation")
    if report.state == "failed":
        assert report.error["code"] != "run_failed"
    acme.emulator.clear_faults()
    assert acme.sync(name).state == "success"
    assert acme.records(model) == before


def place_of(acme, name):
    """Where one folder, group, publication, taxonomy or folder of images is read."""
    path, rows = SYNCS[name][2], acme.emulator.account.rows(SYNCS[name][1])
    parents = {row.get("parent") for row in rows} - {0}
    if name == "groups":
        return f"{path}/{rows[0]['id']}"
    if name == "folders":
        return f"{path}/{min(parents)}"
    if name == "forks":
        return f"{path}?parent={rows[0]['root_document']}&"
    return f"{path}{'/' if name == 'taxonomies' else ''}?parent={min(parents)}&"


@pytest.mark.parametrize("answer", [{"status": 500}, {"status": 200, "body": "<html>"}], ids=str)
@pytest.mark.parametrize("name", ["folders", "forks", "groups", "images", "taxonomies"])
def test_one_that_cannot_be_read_now_stays_and_the_others_are_read(synced, name, answer):
    acme = synced(name)
    model = SYNCS[name][0]
    before = acme.records(model)
    acme.emulator.fault("status", path_prefix=place_of(acme, name), times=None, **answer)
    report = acme.sync(name)
    assert (report.state, report.deleted) == ("success", 0)
    assert report.skipped > 0
    assert report.unchanged > 0
    assert set(acme.records(model)) == set(before)


@pytest.mark.parametrize(
    ("name", "place"),
    [("folders", "/api/v2/folders/"), ("forks", "/api/v2/forks"), ("taxonomies", "/api/v2/taxonomies/?parent")],
)
def test_a_provider_that_is_down_ends_the_run_after_ten(open_acme, name, place):
    acme = open_acme(documents=60, publications=15, folders=45, more={"taxonomies": 45}, search=404)
    acme.host.clock = FakeClock(acme.host.clock.now())
    acme.sync()
    acme.sync(name)
    stored = acme.records(SYNCS[name][0])
    acme.emulator.fault("status", path_prefix=place, status=500, times=None)
    report = acme.sync(name)
    assert (report.state, report.error["code"], report.deleted, report.skipped) == ("failed", "provider_failed", 0, 9)
    assert acme.records(SYNCS[name][0]) == stored


@pytest.mark.parametrize("place", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["users", "variable-values", "groups"])
def test_a_deletion_while_a_list_is_read_takes_no_other_along(synced, name, place):
    acme = synced(name)
    model, table, path, _ = SYNCS[name]
    victim = acme.emulator.account.rows(table)[0]["id"]
    respond, lists = acme.emulator.respond, itertools.count(1)

    def deleting(request):
        answer = respond(request)
        if request.path.rstrip("/") == path and next(lists) == place:
            acme.emulator.account.delete(table, victim)
        return answer

    acme.emulator.respond = deleting
    report = acme.sync(name)
    assert report.state == "success"
    assert report.deleted <= 1
    assert set(acme.records(model)) - {str(victim)} == set(acme.truth(table))


def test_a_publication_that_is_gone_takes_its_forks_along(open_acme):
    acme = open_acme(documents=24, search=404)
    acme.sync()
    acme.sync("forks")
    publication = next(row["id"] for row in acme.emulator.account.rows("documents") if row["type"] == "publication")
    acme.emulator.account.delete("documents", publication)
    report = acme.sync("forks")
    assert report.state == "needs_confirmation"
    assert {fork["root_document"] for fork in acme.records("Fork").values()} >= {publication}


def test_folders_that_show_each_other_are_walked_once(open_acme):
    acme = open_acme(documents=0, folders=2, publications=0)
    first, second = acme.emulator.account.rows("folders")
    respond = acme.emulator.respond

    def circular(request):
        answer = respond(request)
        if request.path.endswith(f"/folders/{second['id']}"):
            answer.payload["children"].append({name: first[name] for name in ("id", "name", "uuid", "type")})
        return answer

    acme.emulator.respond = circular
    report = acme.sync("folders")
    assert (report.state, report.added, report.requests) == ("success", 2, 3)


def test_forks_that_hang_under_each_other_are_walked_once(open_acme):
    acme = open_acme(documents=24, search=404)
    acme.sync()
    respond = acme.emulator.respond

    def circular(request):
        if request.path == "/api/v2/forks" and request.query["parent"] not in publications:
            request.query["parent"] = publications[0]
        return respond(request)

    publications = [str(row["id"]) for row in acme.emulator.account.rows("documents") if row["type"] == "publication"]
    acme.emulator.respond = circular
    assert acme.sync("forks").state == "success"


def test_a_named_folder_that_is_not_there_fails_the_run_and_deletes_nothing(open_acme):
    acme = open_acme(documents=30)
    acme.sync()
    acme.host.connections.set_metadata("dev", "acme", {"folders": [99999]})
    for name in ("documents", "folders"):
        report = acme.sync(name)
        assert (report.state, report.error["code"], report.deleted) == ("failed", ConfigError.code, 0)
        assert "99999" in report.error["message"]
    assert len(acme.records()) == 30


def test_a_document_that_is_answered_with_a_list_is_skipped(open_acme):
    acme = open_acme(documents=12)
    assert acme.sync().state == "success"
    first = min(acme.records())
    acme.emulator.account.edit_document(first)
    acme.emulator.fault("status", path_prefix=f"/api/v2/documents/{first}", times=None, status=200, body="[1]")
    report = acme.sync()
    assert (report.state, report.skipped, report.deleted) == ("success", 1, 0)


def test_taxonomies_without_end_are_an_error(open_acme, monkeypatch):
    monkeypatch.setattr("connectors.paligo.syncs.taxonomies._MOST_TAXONOMIES", 5)
    acme = open_acme(more={"taxonomies": 14}, search=404)
    report = acme.sync("taxonomies")
    assert (report.state, report.error["code"]) == ("failed", "page_loop")
