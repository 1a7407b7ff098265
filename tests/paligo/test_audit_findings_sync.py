import time

import pytest

from connectors.engine.audit import audit_records
from connectors.engine.records import read_records
from connectors.engine.runs import run_sync
from connectors.errors import InputError, RunError, UnknownFunction
from connectors.paligo.audit import KINDS


@pytest.fixture
def acme(open_acme):
    return open_acme(24)


def run(acme, *names):
    for name in names:
        report = run_sync(acme.host, "dev", "acme", name)
        assert (report.state, report.error) == ("success", None), report
    return report


def findings(acme):
    rows = read_records(acme.host, "dev", "acme", "Finding")
    return {row.id: row.data for row in rows if row.deleted_at is None}


def of_kind(acme, kind):
    return [row for row in findings(acme).values() if row["kind"] == kind]


def damage(acme):
    """A reference to a document that is not there; gives the id of the document that has it."""
    row = acme.emulator.truth("documents")[10]
    broken = '<para><xref xlink:href="urn:resource:component:999999"/></para></section>'
    acme.emulator.account.edit_document(row["id"], content=row["content"].replace("</section>", broken))
    return str(row["id"])


def test_it_needs_the_documents_and_makes_no_request(acme):
    with pytest.raises(RunError, match="needs documents"):
        run_sync(acme.host, "dev", "acme", "audit-findings")
    run(acme, "documents", "folders", "forks", "images")
    acme.emulator.reset_log()
    report = run(acme, "audit-findings")
    assert (report.requests, len(acme.emulator.log), report.counts.rejected) == (0, 0, 0)
    assert report.counts.added == len(findings(acme)) > 0
    assert of_kind(acme, "not-checked") == []


@pytest.mark.parametrize("documents", [14, 24, 120])
def test_a_rich_account_has_something_of_every_kind(open_acme, documents):
    acme = open_acme(documents, more={"rich": True})
    run(acme, "documents", "audit-findings")
    kinds = {row["kind"] for row in findings(acme).values()}
    assert "not-checked" in kinds
    run(acme, "folders", "forks", "images", "variable-values", "audit-findings")
    kinds |= {row["kind"] for row in findings(acme).values()}
    assert kinds == set(KINDS)


def test_a_finding_comes_with_the_damage_and_goes_when_it_is_mended(acme):
    id_ = damage(acme)
    run(acme, "documents", "folders", "forks", "images", "audit-findings")
    (found,) = of_kind(acme, "missing-cross-reference")
    assert (found["document_id"], found["target"]) == (id_, "999999")
    assert found["link"] == f"https://connectors-emulator.paligoapp.com/document/edit/{id_}"
    before = findings(acme)
    row = next(row for row in acme.emulator.truth("documents") if str(row["id"]) == id_)
    acme.emulator.account.edit_document(id_, content=row["content"].replace(":999999", f":{id_}"))
    run(acme, "documents")
    report = run(acme, "audit-findings")
    assert (report.counts.added, report.counts.updated, report.counts.deleted) == (0, 0, 1)
    assert before.keys() - findings(acme).keys() == {found["id"]}


def test_everything_may_be_mended_at_once_without_a_question(acme):
    for row in acme.emulator.truth("documents"):
        acme.emulator.account.edit_document(row["id"], content="<broken", checkout=True, checkout_user=3)
    run(acme, "documents", "audit-findings")
    assert len(of_kind(acme, "unreadable-content")) == 24
    for row in acme.emulator.truth("documents"):
        acme.emulator.account.edit_document(row["id"], content="<section/>", checkout=False)
    run(acme, "documents")
    assert run(acme, "audit-findings").counts.deleted >= 48
    assert of_kind(acme, "unreadable-content") == of_kind(acme, "checked-out") == []


def test_a_check_out_keeps_the_time_when_it_was_first_seen(acme, monkeypatch):
    run(acme, "documents", "audit-findings")
    first = of_kind(acme, "checked-out")
    assert {row["severity"] for row in first} == {"notice"}
    later = time.time() + 20 * 86_400
    monkeypatch.setattr(time, "time", lambda: later)
    report = run(acme, "audit-findings")
    assert report.counts.updated == len(first)
    assert [row | {"severity": "notice"} for row in of_kind(acme, "checked-out")] == first
    assert {row["severity"] for row in of_kind(acme, "checked-out")} == {"warning"}


def test_the_same_audit_can_be_read_without_a_run(acme):
    id_ = damage(acme)
    with pytest.raises(RunError, match="needs the sync documents"):
        audit_records(acme.host, "dev", "paligo", "acme")
    run(acme, "documents", "folders", "forks", "images", "audit-findings")
    acme.emulator.reset_log()
    found = list(audit_records(acme.host, "dev", "paligo", "acme"))
    assert {each.id for each in found} == findings(acme).keys()
    only = list(audit_records(acme.host, "dev", "paligo", "acme", kinds=["missing-cross-reference"]))
    assert [each.document_id for each in only] == [id_]
    assert len(acme.emulator.log) == 0


def test_wrong_questions_are_told_apart(acme, monkeypatch):
    with pytest.raises(InputError, match="a connection to paligo, not to other"):
        audit_records(acme.host, "dev", "other", "acme")
    with pytest.raises(InputError, match="'dead-links'") as caught:
        audit_records(acme.host, "dev", "paligo", "acme", kinds=["dead-links"])
    assert "dead-internal-link" in caught.value.next_step
    monkeypatch.setattr(acme.host.registry, "_found", [])
    with pytest.raises(UnknownFunction, match="no audit"):
        audit_records(acme.host, "dev", "paligo", "acme")
