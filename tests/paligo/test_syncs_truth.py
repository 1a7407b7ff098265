"""Every other sync against the emulator: records equal the account, requests equal the formula."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from connectors.paligo import connector
from connectors.paligo.emulator.account import Account
from connectors.paligo.syncs.lists import LISTS

BRIEF = ("id", "name", "uuid", "type", "modified_at")
MORE = {
    "images": 12,
    "taxonomies": 12,
    "variable_sets": 9,
    "users": 9,
    "groups": 8,
    "assignments": 9,
    "publish_settings": 9,
    "jobs": 8,
}


def listing(items, size):
    """Requests of one list: page 1 comes again at the end if there are several."""
    return 1 if items <= size else math.ceil(items / size) + 1


def plain(acme, size, table):
    return listing(len(acme.emulator.account.rows(table)), size)


def shown_too(acme, size, table):
    return plain(acme, size, table) + len(acme.emulator.account.rows(table))


def searched_or_walked(acme, size, table):
    """A search; or where that is refused, a list for each that may have something below, the roots included."""
    if acme.emulator.switches.search == "on":
        return plain(acme, size, table)
    rows = acme.emulator.account.rows(table)
    below = Counter(row["parent"] for row in rows)
    roots = [0]
    if table == "forks":
        roots = [row["id"] for row in acme.emulator.account.rows("documents") if row["type"] == "publication"]
    return 1 + sum(listing(below[id_], size) for id_ in [*roots, *(row["id"] for row in rows)])


def tree(acme, size, table):
    rows = acme.emulator.account.rows(table)
    return listing(sum(row["parent"] == 0 for row in rows), size) + len(rows)


def image_lists(acme, size, table):
    below = Counter(row["parent"] for row in acme.emulator.account.rows(table))
    return listing(below.pop(0, 0), size) + sum(listing(count, size) for count in below.values())


def with_place(acme, truth):
    """Folders as we store them: with their place in the tree, and how many images they hold."""
    account = acme.emulator.account
    rows = {str(row["id"]): row for row in account.rows("folders")}
    images = Counter(str(row["parent"]) for row in account.rows("images"))

    def depth(row):
        return 1 + (depth(rows[str(row["parent"])]) if row["parent"] else 0)

    return {
        id_: {name: shown[name] for name in BRIEF[:4]}
        | {"parent": rows[id_]["parent"] or None, "depth": depth(rows[id_]), "images": images[id_]}
        for id_, shown in truth.items()
    }


def without_content(acme, truth):
    def cut(fork):
        return fork | {"document": {name: fork["document"][name] for name in BRIEF}}

    return {id_: cut(fork) for id_, fork in truth.items()}


def same(acme, truth):
    return truth


@dataclass(frozen=True)
class Case:
    sync: str
    model: str
    table: str
    edit: dict
    add: dict
    requests: Callable = plain
    expected: Callable = same
    first: str | None = None  # the sync that it needs

    def __str__(self):
        return self.sync


CASES = (
    Case("assignments", "Assignment", "assignments", {"status": "finished"}, {"document_id": 301}),
    Case("folders", "Folder", "folders", {"name": "Renamed"}, {"name": "New"}, tree, with_place),
    Case("forks", "Fork", "forks", {"position": 9}, {}, searched_or_walked, without_content, "documents"),
    Case("groups", "Group", "groups", {"users": [2]}, {"name": "New", "users": [3]}, shown_too),
    Case("images", "Image", "images", {"name": "other.png"}, {"name": "new.png"}, image_lists, first="folders"),
    Case("imports", "Import", "imports", {"status": "cancelled"}, {}),
    Case("productions", "Production", "productions", {"message": "Other."}, {"publishsetting": 1}),
    Case("publish-settings", "PublishSetting", "publishsettings", {"name": "Other"}, {"name": "New"}),
    Case("taxonomies", "Taxonomy", "taxonomies", {"title": "Other"}, {"title": "New"}, searched_or_walked),
    Case("translation-exports", "TranslationExport", "translationexports", {"status": "cancelled"}, {}),
    Case("translation-imports", "TranslationImport", "translationimports", {"status": "cancelled"}, {}),
    Case("users", "User", "users", {"type": "publisher"}, {"name": "New"}),
    Case("variable-sets", "VariableSet", "variablesets", {"title": "Other"}, {"title": "New"}),
    Case("variable-values", "VariableValue", "variablevalues", {"value": {"id": 7}}, {}),
    Case("variable-variants", "VariableVariant", "variants", {"title": "Other"}, {"title": "New"}),
    Case("variables", "Variable", "variables", {"title": "Other"}, {"title": "New", "type": "image"}),
)
RECENT = {row.name for row in LISTS if row.recent}
SWITCHES = (
    {},
    {"search": 404},
    {"search": 422, "max_per_page": 5},
    {"max_per_page": 5},
    {"max_per_page": 5, "next_page": "filters", "scope": "all"},
    {"values": "strings"},
    {"values": "strings", "search": 404},
    {"slash": "redirect"},
    {"languages": "text", "search_content": True, "checkout_user_type": "string"},
    {"retry_after_on_success": 0},
    {"error_body": "<html>gone</html>", "search": 404},
    {"steps": "over", "log_url": "missing", "url_form": "relative"},
    {"steps": "missing", "job_end": "failed", "url_form": "elsewhere"},
)


def test_each_sync_but_the_documents_and_findings_is_tested_here():
    own = {"documents", "audit-findings"}
    syncs = {function.name for function in connector.functions if hasattr(function, "every")}
    assert {case.sync for case in CASES} == syncs - own


def truth(acme, case):
    return case.expected(acme, acme.truth(case.table))


def change(acme, case):
    """Edit one row, remove another, add a third; the ids of the removed, with what went along."""
    account: Account = acme.emulator.account
    before = {str(row["id"]) for row in account.rows(case.table)}
    rows = account.rows(case.table)
    account.edit(case.table, rows[0]["id"], **case.edit)
    leaf = next(row for row in reversed(rows) if row["id"] not in {other.get("parent") for other in rows})
    if case.table == "folders":
        for table, place in (("documents", "parent_resource"), ("images", "parent")):
            for row in [row for row in account.rows(table) if row[place] == leaf["id"]]:
                account.delete(table, row["id"])
    account.delete(case.table, leaf["id"])
    add = dict(case.add)
    if case.table == "forks":
        documents = account.rows("documents")
        add = {"parent": rows[0]["id"], "document": documents[-1]["id"]}
    if case.table == "variablevalues":
        add = {name: rows[1][name] for name in ("variable_id", "variant_id")} | {"value": "new"}
    account.add(case.table, **add)
    return before - {str(row["id"]) for row in account.rows(case.table)}


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_records_equal_the_account_and_requests_the_formula(open_acme, case, switches):
    acme = open_acme(documents=24, folders=7, more=MORE, **switches)
    size = acme.emulator.switches.max_per_page
    if case.first:
        assert acme.sync(case.first).state == "success"
    stored = truth(acme, case)
    assert len(stored) > 6
    first = acme.sync(case.sync)
    assert (first.state, first.error, first.added, first.rejected) == ("success", None, len(stored), 0)
    assert acme.records(case.model) == stored
    assert first.requests == len(acme.emulator.log) == case.requests(acme, size, case.table)

    again = acme.sync(case.sync)
    assert (again.state, again.unchanged, again.added + again.updated + again.deleted) == ("success", len(stored), 0)
    assert again.requests == first.requests

    gone = change(acme, case)
    assert gone
    if case.first:
        acme.sync(case.first)
    report = acme.sync(case.sync)
    kept = {id_: stored[id_] for id_ in gone} if case.sync in RECENT else {}
    assert (report.state, report.added) == ("success", 1)
    assert report.updated >= 1
    assert report.deleted == (0 if kept else len(gone))
    assert acme.records(case.model) == truth(acme, case) | kept
    hidden = len(gone) if case.sync == "images" else 0
    assert report.requests == len(acme.emulator.log) == case.requests(acme, size, case.table) + hidden


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_empty_account_is_a_good_run(open_acme, case):
    acme = open_acme(documents=0, folders=0, publications=0)
    acme.emulator.account.tables[case.table].clear()
    if case.first:
        acme.sync(case.first)
    assert acme.sync(case.sync).state == "success"
    assert acme.records(case.model) == {}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_spurious_429s_only_slow_a_sync_down(open_acme, case):
    from connectors.testing import FakeClock

    acme = open_acme(documents=24, folders=7, more=MORE, spurious_429=3)
    acme.host.clock = FakeClock(acme.host.clock.now())
    if case.first:
        assert acme.sync(case.first).state == "success"
    assert acme.sync(case.sync).state == "success"
    assert acme.records(case.model) == truth(acme, case)


def test_forks_and_images_say_what_they_need(open_acme):
    from connectors import RunError

    acme = open_acme(documents=5)
    for name, first in (("forks", "documents"), ("images", "folders")):
        with pytest.raises(RunError, match=first):
            acme.sync(name)


@pytest.mark.parametrize("media", ["hidden", "listed"])
def test_images_below_the_media_root_are_found_where_its_folders_are_listed(open_acme, media):
    acme = open_acme(documents=20, folders=4, more={"media_folders": 3, "images": 6}, media=media)
    acme.sync("folders")
    assert acme.sync("images").state == "success"
    hidden = {id_ for id_, image in acme.truth("images").items() if image["name"].startswith("media-")}
    assert len(hidden) == 3
    expected = set(acme.truth("images")) - (hidden if media == "hidden" else set())
    assert set(acme.records("Image")) == expected


def test_an_image_that_moved_out_of_sight_stays_and_a_deleted_one_goes(open_acme):
    acme = open_acme(documents=20, folders=4, more={"media_folders": 2, "images": 8})
    acme.sync("folders")
    acme.sync("images")
    account = acme.emulator.account
    media = next(row["parent"] for row in account.rows("images") if row["name"].startswith("media-"))
    seen = sorted(map(int, acme.records("Image")))
    account.edit("images", seen[0], parent=media, name="moved.png")
    account.delete("images", seen[1])
    for _ in range(2):
        acme.sync("folders")
        assert acme.sync("images").state == "success"
        assert acme.records("Image")[str(seen[0])]["name"] == "moved.png"
        assert str(seen[1]) not in acme.records("Image")


def test_an_image_address_that_changes_alone_is_no_change(open_acme):
    acme = open_acme(documents=20, folders=4)
    acme.sync("folders")
    acme.sync("images")
    respond = acme.emulator.respond

    def elsewhere(request):
        answer = respond(request)
        for image in answer.payload.get("images", []) if isinstance(answer.payload, dict) else []:
            image["content_url"] += "?signed=1"
        return answer

    acme.emulator.respond = elsewhere
    report = acme.sync("images")
    assert (report.updated, report.added) == (0, 0)
    assert all(image["content_url"].endswith("?signed=1") for image in acme.records("Image").values())


def test_forks_keep_no_content(open_acme):
    acme = open_acme(documents=24, search_content=True)
    acme.sync()
    acme.sync("forks")
    for fork in acme.records("Fork").values():
        assert set(fork["document"]) == set(BRIEF)
        assert {"parent", "root_document", "position", "depth"} <= set(fork)


@pytest.mark.parametrize("lacks", ["position", "depth", "document", "root_document"])
def test_a_search_that_does_not_tell_the_places_is_not_used_for_forks(open_acme, lacks):
    acme = open_acme(documents=24)
    acme.sync()
    respond = acme.emulator.respond

    def poorer(request):
        answer = respond(request)
        for item in answer.payload.get("items", []) if isinstance(answer.payload, dict) else []:
            item.pop(lacks, None)
        return answer

    acme.emulator.respond = poorer
    assert acme.sync("forks").state == "success"
    assert acme.records("Fork") == without_content(acme, acme.truth("forks"))


@pytest.mark.parametrize("total", [None, ""])
def test_a_list_that_does_not_count_its_pages_and_has_no_next_one_is_whole(open_acme, total):
    acme = open_acme(documents=5)
    respond = acme.emulator.respond

    def uncounted(request):
        answer = respond(request)
        answer.payload["total_pages"] = total
        return answer

    acme.emulator.respond = uncounted
    assert acme.sync("users").added == 3
    acme.emulator.change(max_per_page=2)
    report = acme.sync("users")
    assert (report.state, report.error["code"], report.deleted) == ("failed", "unexpected_answer", 0)


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_text_for_no_children_is_an_empty_folder(open_acme, empty):
    acme = open_acme(documents=0, folders=3, publications=0)
    respond = acme.emulator.respond

    def live(request):
        answer = respond(request)
        if isinstance(answer.payload, dict) and answer.payload.get("children") == []:
            answer.payload["children"] = empty
        return answer

    acme.emulator.respond = live
    assert acme.sync("folders").added == 3
