import csv
import io
import json
import re
import tracemalloc

import pytest

from connectors.cli.record_formats import Look, writer
from connectors.engine.records import StoredRecord

RECORDS = ("records", "Document", "--connection", "acme")


@pytest.fixture
def synced(run, connected):
    run("sync", "documents", "--connection", "acme")
    return connected


def lines(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def next_cursor(result):
    return re.search(r"next cursor: (\S+)", result.stderr)[1]


def test_json_lines_are_the_providers_objects(run, synced):
    found = lines(run(*RECORDS, "--format", "jsonl"))
    assert [{**row, "id": str(row["id"])} for row in synced.truth("documents")] == [
        {name: value for name, value in row.items() if name != "_metadata"}
        for row in sorted(found, key=lambda row: int(row["id"]))
    ]
    assert found[0]["_metadata"]["last_action"] == "ADDED"


def test_json_is_json_lines(run, synced):
    assert run(*RECORDS, "--json").stdout == run(*RECORDS, "--format", "jsonl").stdout


def test_a_table_has_short_columns_only(run, synced):
    rows = run(*RECORDS).stdout.splitlines()
    assert rows[0].split()[:3] == ["id", "name", "modified_at"]
    assert "content" not in rows[0]
    assert len(rows) == 25
    assert max(map(len, rows)) <= 120


def test_cursors_give_every_change_once_deletions_too(run, synced):
    first = run(*RECORDS, "--json", "--limit", "10")
    rest = run(*RECORDS, "--json", "--cursor", next_cursor(first))
    assert len(lines(first)) + len(lines(rest)) == 24
    ids = [row["id"] for row in synced.truth("documents")]
    synced.account.edit_document(ids[0], name="New")
    synced.account.delete_document(ids[-1])
    run("sync", "documents", "--connection", "acme")
    changes = run(*RECORDS, "--json", "--cursor", next_cursor(rest))
    assert [(row["id"], row["_metadata"]["last_action"]) for row in lines(changes)] == [
        (str(ids[0]), "UPDATED"),
        (str(ids[-1]), "DELETED"),
    ]
    nothing = run(*RECORDS, "--json", "--cursor", next_cursor(changes))
    assert (nothing.stdout, next_cursor(nothing)) == ("", next_cursor(changes))


def test_deleted_records_come_when_asked(run, synced):
    synced.account.delete_document(synced.truth("documents")[-1]["id"])
    run("sync", "documents", "--connection", "acme")
    assert len(lines(run(*RECORDS, "--json"))) == 23
    assert len(lines(run(*RECORDS, "--json", "--deleted"))) == 24
    assert "DELETED" in run(*RECORDS, "--deleted").stdout


def test_csv_has_every_field(run, synced):
    rows = list(csv.DictReader(io.StringIO(run(*RECORDS, "--format", "csv").stdout)))
    truth = {str(row["id"]): row for row in synced.truth("documents")}
    assert len(rows) == 24
    assert all(row["content"] == truth[row["id"]]["content"] for row in rows)
    assert all(json.loads(row["taxonomies"]) == truth[row["id"]]["taxonomies"] for row in rows)


def test_fields_choose_the_columns(run, synced):
    row = lines(run(*RECORDS, "--json", "--limit", "1", "--fields", "name,_metadata.last_action"))[0]
    assert list(row) == ["name", "_metadata.last_action"]
    assert run(*RECORDS, "--format", "csv", "--limit", "1", "--fields", "id,name").stdout.startswith("id,name\n")
    assert run(*RECORDS, "--fields", "id,content").stdout.splitlines()[0].split() == ["id", "content"]


@pytest.mark.parametrize("name", ["nothing", "_metadata.nothing", "nothing.id"])
def test_an_unknown_field_is_bad_input_that_names_the_known_ones(run, synced, name):
    shown = run(*RECORDS, "--fields", f"id,{name}", code=2).stderr
    assert f"No record has: {name}. Known: id, name," in shown


def test_an_unknown_variant_is_bad_input_that_names_those_there_are(run, synced):
    run("sync", "documents", "--connection", "acme", "--variant", "draft")
    assert "variants: base, draft." in run(*RECORDS, "--variant", "nope", code=2).stderr


@pytest.mark.parametrize("cursor", ["x", "", "MS4xLjk5", "\x00"])
def test_a_cursor_of_elsewhere_is_bad_input(run, connected, cursor):
    assert run(*RECORDS, "--cursor", cursor, code=2).stderr.startswith("error [broken_cursor]")


def test_an_unknown_model_is_bad_input(run, connected):
    assert "Document" in run("records", "Picture", "--connection", "acme", code=2).stderr


def test_nothing_stored_is_no_error(run, connected):
    assert "No records." in run(*RECORDS).stderr


def record(number, **data):
    return StoredRecord(str(number), {"id": str(number), **data}, 0.0, 0.0, None, "ADDED", f"cursor-{number}")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+2", "'=1+2"),
        ("+cmd|x", "'+cmd|x"),
        ("-x", "'-x"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        (" =1+2", "' =1+2"),
        ("\n=1+2", "'\n=1+2"),
        ("\uff1d1+2", "'\uff1d1+2"),
        ("-5", "-5"),
        ("+46 70", "+46 70"),
        ("plain", "plain"),
        (-5, "-5"),
        (True, "true"),
        (None, ""),
        ([1, "å"], '[1, "å"]'),
    ],
)
def test_a_spreadsheet_takes_no_text_for_a_formula(capsys, value, cell):
    writer("csv")([record(1, x=value)], Look(known=("id", "x"), chosen=("x",)))
    assert next(csv.reader(io.StringIO(capsys.readouterr().out.partition("\n")[2])), [""]) == [cell] or cell == ""


def test_nor_a_fields_name(capsys):
    writer("csv")([record(1, **{"=1+2": "x"})], Look(known=("id",)))
    assert "'=1+2" in capsys.readouterr().out.partition("\n")[0].split(",")


@pytest.mark.parametrize("form", ["table", "jsonl", "csv"])
def test_memory_does_not_grow_with_the_number_of_records(capsys, monkeypatch, form):
    class Nowhere(io.StringIO):
        def write(self, text):
            return len(text)

    monkeypatch.setattr("sys.stdout", Nowhere())
    peaks = []
    for count in (500, 5_000):
        tracemalloc.start()
        writer(form)((record(number, content="x" * 2_000) for number in range(count)), Look(known=("id", "content")))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 2


def test_what_was_set_aside_is_shown_with_its_reason(run, connected):
    document = connected.truth("documents")[0]
    connected.account.edit_document(document["id"], name=["no", "text"])
    run("sync", "documents", "--connection", "acme")
    shown = run("records", "Document", "--connection", "acme", "--rejected").stdout
    assert str(document["id"]) in shown
    [row] = [
        json.loads(line)
        for line in run("records", "Document", "--connection", "acme", "--rejected", "--json").stdout.splitlines()
    ]
    assert (row["id"], row["run"]) == (str(document["id"]), 1)
    assert "name" in row["reason"]


def test_nothing_set_aside_says_so(run, connected):
    run("sync", "documents", "--connection", "acme")
    assert (
        "No record of Document was set aside" in run("records", "Document", "--connection", "acme", "--rejected").stdout
    )
