"""What the operations on jobs do, and on the files that jobs make."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any

from . import archives, jobs
from .call import Call
from .exchange import Answer, Refusal


def show_job(call: Call) -> Answer:
    """How far it is; each read is one step on its way."""
    return call.show(jobs.advance(call.account, call.table, call.row(), call.switches))


def start_production(call: Call) -> Answer:
    """From a publish setting."""
    return _started(call, publishsetting=call.fields()["publishsetting"])


def start_import(call: Call) -> Answer:
    """Of an archive: each page in it becomes a document when the job is done."""
    fields = call.fields()
    try:
        names = [PurePosixPath(name) for name in zipfile.ZipFile(BytesIO(fields["archive"].content)).namelist()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise Refusal(422, "archive is no zip.") from None
    prefix = fields.get("title_prefix", "")
    components = [prefix + name.stem for name in names if name.suffix in (".xml", ".html", ".htm", ".xhtml", ".dita")]
    return _started(call, parent=fields.get("parent", 0), components=components, total=len(components))


def start_export(call: Call) -> Answer:
    """Of one document, or several as XLIFF; only what is in translation, unless it is forced."""
    fields = call.fields()
    documents = fields["document"] if isinstance(fields["document"], list) else [fields["document"]]
    if len(documents) > 1 and fields["format"] != "xliff":
        raise Refusal(422, "Only xliff takes several documents.")
    return _in_translation(call, documents, fields)


def start_translation(call: Call) -> Answer:
    """Of a file in one of three forms."""
    fields = call.fields()
    if PurePosixPath(fields["translation"].name).suffix.lower() not in (".po", ".xlf", ".xliff"):
        raise Refusal(422, "translation is no .po, .xlf or .xliff.")
    documents = fields.get("document", [])
    return _in_translation(call, documents if isinstance(documents, list) else [documents], fields)


def _in_translation(call: Call, documents: list[int], fields: dict[str, Any]) -> Answer:
    states = {call.account.tables["documents"][number]["release_status"] for number in documents}
    if str(fields.get("force", False)).lower() != "true" and states - {"In translation"}:
        raise Refusal(422, "The document is not in translation.")
    return _started(call, documents=documents, target=fields.get("target", []), format=fields.get("format", "xliff"))


def _started(call: Call, **facts: Any) -> Answer:
    job = call.account.add(call.table, status=call.switches.job_start, **facts)
    return call.show(job, 201 if call.table == "imports" else 200)


def output(call: Call) -> Answer:
    """The archive that a production or a translation job made."""
    for table in jobs.KINDS:
        for row in call.account.rows(table):
            if row["name"] == call.key and row["ready"]:
                made = archives.production_files if table == "productions" else archives.translation_files
                content = archives.ARCHIVES[call.switches.zip_kind](made(call.account, row))
                return Answer(200, content, {"Content-Type": "application/zip"})
    raise Refusal(404, "There is no such output.")


def job_log(call: Call) -> Answer:
    """What `log_url` leads to."""
    if row := call.account.find(call.key, "productions"):
        return Answer(200, archives.log(row), {"Content-Type": "text/plain; charset=utf-8"})
    raise Refusal(404, "There is no such log.")
