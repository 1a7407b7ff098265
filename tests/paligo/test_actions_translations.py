from __future__ import annotations

import base64
import zipfile
from io import BytesIO

import pytest

from connectors import InvalidInput, JobFailed, JobNeverEnded, OutcomeUnknown, RejectedError

EXPORTS = "/api/v2/translationexports/"
IMPORTS = "/api/v2/translationimports/"
FILE = {"name": "topic-sv.xliff", "base64": base64.b64encode(b"<xliff/>").decode()}


@pytest.fixture
def document(actor):
    return actor.emulator.truth("documents")[3]["id"]


@pytest.fixture
def export(document):
    """The input of an export that Paligo takes."""
    return {"document": document, "source": "en", "target": ["sv", "de"], "format": "xliff", "force": True}


def test_a_package_is_exported_and_fetched(actor, export, document):
    output = actor.do("export-translation", export)
    assert (output["export"]["status"], output["resumed"]) == ("done", False)
    (file,) = output["files"]
    with zipfile.ZipFile(BytesIO(actor.content_of(file))) as package:
        assert package.namelist() == [f"{document}-de.xlf", f"{document}-sv.xlf"]


def test_what_is_asked_for_goes_out_as_it_is(actor, export):
    other = actor.emulator.truth("documents")[4]["id"]
    actor.do("export-translation", {**export, "document": [export["document"], other]}, approved=True, varinfo=False)
    row = actor.emulator.account.rows("translationexports")[-1]
    assert (row["documents"], row["target"]) == ([export["document"], other], ["sv", "de"])


@pytest.mark.parametrize("kind", ["xliffswordfish", "po"])
def test_several_documents_are_refused_in_other_formats_before_anything_is_sent(actor, export, kind):
    with pytest.raises(InvalidInput, match="only be exported in the format xliff"):
        actor.do("export-translation", {**export, "document": [1, 2], "format": kind})
    assert actor.emulator.log == []


def test_a_document_in_another_stage_is_refused_without_force(actor, export):
    with pytest.raises(RejectedError) as caught:
        actor.do("export-translation", {**export, "force": False})
    assert caught.value.status == 422


@pytest.mark.parametrize("end", ["cancelled", "failed", "done_without_url"])
def test_an_export_that_ends_badly_is_an_error(actor, export, end):
    actor.emulator.change(job_end=end)
    with pytest.raises(JobFailed) as caught:
        actor.do("export-translation", export)
    assert caught.value.state == end.partition("_")[0]
    assert caught.value.changed == (f"POST {EXPORTS}",)


def test_an_export_that_never_ends_is_gone_on_with_by_the_same_input_only(actor, export):
    actor.emulator.change(job_end="never")
    with pytest.raises(JobNeverEnded):
        actor.do("export-translation", export, at_most=10)
    actor.emulator.change(job_end="done")
    assert actor.do("export-translation", {**export, "target": ["fr"]})["resumed"] is False
    assert actor.do("export-translation", export)["resumed"] is True


@pytest.mark.parametrize(("action", "path"), [("export-translation", EXPORTS), ("import-translation", IMPORTS)])
def test_a_start_whose_answer_is_lost_is_not_repeated(actor, export, document, action, path):
    actor.emulator.fault("reset", "POST", path)
    given = export if action == "export-translation" else {"translation": FILE, "document": document, "force": True}
    with pytest.raises(OutcomeUnknown):
        actor.do(action, given)
    assert len(actor.sent("POST", path)) == 1


@pytest.mark.parametrize("missing", ["document", "source", "target", "format"])
def test_an_export_needs_four_things(actor, export, missing):
    with pytest.raises(InvalidInput, match=missing):
        actor.do("export-translation", {name: value for name, value in export.items() if name != missing})
    assert actor.emulator.log == []


@pytest.mark.parametrize("targets", [["sv"], ["sv", "de"]])
def test_a_file_is_imported_with_its_fields(actor, document, targets):
    output = actor.do("import-translation", translation=FILE, document=[document], target=targets, force=True)
    assert (output["import"]["status"], output["resumed"]) == ("done", False)
    row = actor.emulator.account.rows("translationimports")[-1]
    assert (row["documents"], row["target"]) == ([document], targets)


def test_an_import_needs_no_address_at_its_end(actor, document):
    actor.emulator.change(job_end="done_without_url")
    output = actor.do("import-translation", translation=FILE, document=document, force=True)
    assert output["import"]["status"] == "done"


@pytest.mark.parametrize("end", ["cancelled", "failed"])
def test_an_import_that_ends_badly_is_an_error(actor, document, end):
    actor.emulator.change(job_end=end)
    with pytest.raises(JobFailed, match=f"ended as {end}"):
        actor.do("import-translation", translation=FILE, document=document, force=True)


def test_an_import_of_the_same_file_is_gone_on_with(actor, document):
    given = {"document": document, "force": True}
    actor.do("import-translation", given, translation=FILE, wait=False)
    other = {"name": "other.po", "base64": base64.b64encode(b"other").decode()}
    assert actor.do("import-translation", given, translation=other)["resumed"] is False
    assert actor.do("import-translation", given, translation=FILE)["resumed"] is True
    assert actor.do("import-translation", given, translation=FILE)["resumed"] is False


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ({"name": "topic.docx", "base64": "eA=="}, "none of .po, .xlf, .xliff"),
        ({"name": "topic.xlf", "base64": ""}, "is empty"),
        ({"name": "topic.xlf", "base64": "?"}, "Base64"),
        ({"name": "../topic.xlf", "base64": "eA=="}, "topic"),
        ({"name": "topic.xlf"}, "translation"),
    ],
)
def test_a_file_that_cannot_be_one_is_refused_before_anything_is_sent(actor, file, why):
    with pytest.raises(InvalidInput, match=why):
        actor.do("import-translation", translation=file)
    assert actor.emulator.log == []


def test_a_budget_that_is_spent_at_paligo_is_waited_for_with_the_whole_file(actor, document):
    actor.emulator.fault("status", "POST", IMPORTS, status=429, headers={"Retry-After": "3"})
    assert actor.do("import-translation", translation=FILE, document=document, force=True)["import"]["status"] == "done"
    assert len(actor.sent("POST", IMPORTS)) == 2


def test_jobs_that_nobody_fetches_do_not_fill_the_memory(actor, export):
    place = ("dev", actor.stored.key, "export-translation")
    left = {f"{number:032}": {"id": "x" * 150, "at": number} for number in range(300)}
    actor.host.store.memories.change(*place, left)
    actor.do("export-translation", export, wait=False)
    remembered = actor.host.store.memories.get(*place)
    assert len(remembered) == 300
    assert f"{0:032}" not in remembered
    assert actor.do("export-translation", export)["resumed"]
