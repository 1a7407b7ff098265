import csv
import io
import json

import pytest


@pytest.fixture
def broken(connected, run):
    """A stored account with one error: a reference to a document that is not there."""
    row = connected.truth("documents")[10]
    reference = '<para><xref xlink:href="urn:resource:component:999999"/></para></section>'
    connected.account.edit_document(row["id"], name="=1+1", content=row["content"].replace("</section>", reference))
    run("sync", "documents", "--connection", "acme")
    run("sync", "forks", "--connection", "acme")
    return str(row["id"])


def lines(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_it_needs_a_sync_first(connected, run):
    result = run("audit", "paligo", "--connection", "acme", code=1)
    assert "connectors sync documents --connection acme" in result.stderr


def test_an_error_fails_it_and_the_table_shows_where(broken, run):
    result = run("audit", "paligo", "--connection", "acme", code=1)
    head, first, *_ = result.stdout.splitlines()
    assert head.split() == ["severity", "kind", "document", "title", "where", "message", "link"]
    assert first.split()[:3] == ["error", "missing-cross-reference", broken]
    assert f"/document/edit/{broken}" in first
    assert result.stderr.startswith("1 error, ")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--kind", "missing-cross-reference"], 1),
        (["--kind", "missing-cross-reference", "--fail-on", "none"], 0),
        (["--kind", "missing-reuse"], 0),
        (["--kind", "checked-out"], 0),
        (["--kind", "checked-out", "--checked-out-days", "0"], 0),
        (["--kind", "checked-out", "--checked-out-days", "0", "--fail-on", "warning"], 1),
        (["--kind", "checked-out", "--fail-on", "warning"], 0),
        (["--kind", "missing-reuse", "--kind", "missing-cross-reference", "--fail-on", "warning"], 1),
    ],
)
def test_the_exit_code_follows_what_is_asked_for(broken, run, options, code):
    run("audit", "paligo", "--connection", "acme", *options, code=code)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--kind", "unused-image"], 1),
        (["--kind", "in-no-publication", "--kind", "unused-image", "--fail-on", "warning"], 1),
        (["--kind", "unused-image", "--fail-on", "none"], 0),
    ],
)
def test_a_chosen_kind_that_cannot_be_checked_is_said_and_fails_it(broken, run, options, code):
    result = run("audit", "paligo", "--connection", "acme", "--format", "jsonl", *options, code=code)
    (row,) = [row for row in lines(result) if row["kind"] == "not-checked"]
    assert (row["target"], "sync images" in row["message"]) == ("unused-image", True)
    assert "Not everything that was asked for could be checked." in result.stderr


def test_nothing_found_is_said(broken, run):
    result = run("audit", "paligo", "--connection", "acme", "--kind", "missing-reuse")
    assert (result.stdout, result.stderr) == ("", "Nothing found.\n")


@pytest.mark.parametrize("options", [["--json"], ["--format", "jsonl"]])
def test_programs_get_a_line_for_each_finding(broken, run, options):
    rows = lines(run("audit", "paligo", "--connection", "acme", *options, code=1))
    (error,) = [row for row in rows if row["severity"] == "error"]
    assert (error["document_id"], error["target"], len(error["id"])) == (broken, "999999", 24)
    assert {row["kind"] for row in rows} >= {"missing-cross-reference", "checked-out", "not-checked"}


def test_a_spreadsheet_gets_no_formula(broken, run):
    result = run(
        "audit", "paligo", "--connection", "acme", "--format", "csv", "--kind", "missing-cross-reference", code=1
    )
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert (row["severity"], row["document_id"], row["title"]) == ("error", broken, "'=1+1")


def test_it_makes_no_request(broken, connected, run):
    connected.reset_log()
    run("audit", "paligo", "--connection", "acme", code=1)
    assert len(connected.log) == 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["other", "--connection", "acme"], "connection to paligo"),
        (["paligo", "--connection", "acme", "--kind", "nonsense"], "missing-cross-reference"),
        (["paligo", "--connection", "nobody"], "unknown_connection"),
        (["paligo", "--connection", "acme", "--checked-out-days", "-1"], "not in the range"),
    ],
)
def test_wrong_input_says_what_is_right(broken, run, arguments, why):
    assert why in run("audit", *arguments, code=2).stderr
