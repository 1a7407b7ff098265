"""The part of the demonstration that needs an account to play with: all models, an upload, a publication, an audit."""

from __future__ import annotations

import json
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.cli import failures
from connectors.cli.demo_stage import ID, Stage, claim, title
from connectors.cli.table import say_table
from connectors.cli.terminal import amount, say

if TYPE_CHECKING:
    from connectors.authoring import Finding, Sync
    from connectors.engine.report import RunReport
    from connectors.paligo.emulator import Emulator

ACCOUNT: dict[str, Any] = {  # how much of each there is in the emulated account
    "documents": 120,
    "folders": 12,
    "publications": 6,
    "images": 8,
    "taxonomies": 6,
    "jobs": 3,
    "rich": True,
}
_TABLES = {"variable-variants": "variants"}  # sync → table of the emulator, where the name differs by more than dashes
_DERIVED = "audit-findings"  # it reads nothing from the account
_PICTURE = "pump-front.png"
_NOWHERE = "999999"  # id that the emulated account's mistakes lead to
_LINES = 12  # of the audit


class Rest:
    """The steps; each checks what it shows. `folder` is for the files that come and go."""

    def __init__(self, stage: Stage, emulator: Emulator, folder: Path) -> None:
        self._stage = stage
        self._emulator = emulator
        self._folder = folder

    def all_syncs(self, documents: RunReport) -> int:
        """Run every other sync once, and show all in one table. Returns how many records are stored."""
        title(f"The rest of the account, with `connectors sync NAME --connection {ID}` for each")
        with self._stage.host() as host:
            syncs = [each for each in host.registry.syncs("paligo") if each.name != _DERIVED]
        with self._stage.measured(f"{len(syncs) - 1} other syncs"):
            reports = {documents.sync: documents}
            for each in sorted(syncs, key=lambda each: each.needs is not None):
                if each.name not in reports:
                    reports[each.name] = self._quiet(each.name)
        counts = {each.name: self._compared(each) for each in syncs}
        rows = [[each.name, each.model, counts[each.name], reports[each.name].requests] for each in syncs]
        total = sum(counts.values())
        say_table(
            ["sync", "model", "records", "requests"],
            [*rows, ["", "", total, sum(report.requests for report in reports.values())]],
        )
        claim(
            all(counts.values()),
            f"the {len(syncs)} syncs stored what the account holds: not an id lacks, not one is too many",
        )
        return total

    def upload(self) -> None:
        """Put an image into the account, and find it with the next sync."""
        from connectors.paligo.emulator.sample import picture

        title("Write: upload an image")
        (self._folder / _PICTURE).write_bytes(picture(7))
        with self._stage.measured("upload-image"), chdir(self._folder):
            self._stage.command("action", "upload-image", "--connection", ID, "--file", f"image={_PICTURE}")
        there = [row for row in self._emulator.truth("images") if row["name"] == _PICTURE]
        claim(len(there) == 1, "the account has the image, once")
        with self._stage.measured("images, second sync"):
            report = self._stage.sync("images")
        claim((report.added, report.deleted) == (1, 0), "the sync of images found it")

    def publish(self) -> int:
        """Publish, wait, unpack. Returns the number of files."""
        title("Publish, as a CI job would: one command starts it, waits, and unpacks what came out")
        settings = [record.data for record in self._stage.records("PublishSetting")]
        setting = next(each for each in settings if each["format"] == "html5")
        given = json.dumps({"publishsetting": int(setting["id"])})
        with self._stage.measured("publish"), chdir(self._folder):
            self._stage.command("action", "publish", "--connection", ID, "--input", given, "--to", "out")
        files = sorted(file for file in (self._folder / "out").rglob("*") if file.is_file())
        for file in files:
            say(f"  {file.relative_to(self._folder).as_posix()}  {amount(file.stat().st_size, 'byte')}")
        guide = next(each for each in self._emulator.truth("documents") if each["id"] == setting["resource"])
        pages = [file.read_text(encoding="utf-8") for file in files if file.suffix == ".html"]
        claim(
            bool(pages) and all(guide["name"] in page for page in pages),
            f"{amount(len(files), 'file')} lie in the folder; the pages are those of {guide['name']}",
        )
        return len(files)

    def audit(self, deleted: set[str]) -> int:
        """Look for mistakes in what is stored. Returns how many errors there are."""
        title("Audit the content: what leads nowhere, what nobody uses")
        with self._stage.measured("audit") as requests:
            self._stage.command("audit", "paligo", "--connection", ID, code=failures.FAILED, lines=_LINES)
        claim(not requests, "that took no request, and ended with 1 because there are errors, so a CI job stops here")
        found = self._findings()
        broken = [row for row in self._emulator.truth("documents") if f"component:{_NOWHERE}" in row["content"]]
        known = {str(row["id"]) for row in broken}
        seen = {each.document_id for each in found if each.target == _NOWHERE}
        claim(
            seen == known, f"each of the {len(known)} documents that refer to {_NOWHERE} is found; nothing has that id"
        )
        left = deleted & {each.target for each in found if each.kind == "missing-cross-reference"}
        claim(bool(left), f"so is what still refers to a document deleted meanwhile ({', '.join(sorted(left))})")
        unused = [each.title for each in found if each.kind == "unused-image"]
        claim(_PICTURE in unused, f"{_PICTURE} is among the {len(unused)} images that nobody uses yet")
        return sum(each.severity == "error" for each in found)

    def _quiet(self, name: str) -> RunReport:
        from connectors.engine.runs import run_sync

        with self._stage.host() as host:
            report = run_sync(host, self._stage.choices.environment, ID, name)
        claim(report.state == "success", f"the sync {name} ended well ({report.state})", quiet=True)
        return report

    def _compared(self, sync: Sync) -> int:
        """How many records there are of it, after they were compared with the account."""
        table = _TABLES.get(sync.name, sync.name.replace("-", ""))
        stored = {str(record.data["id"]) for record in self._stage.records(sync.model)}
        truth = {str(row["id"]) for row in self._emulator.truth(table)}
        claim(stored == truth, f"the records of {sync.model} are the account's {table}", quiet=True)
        return len(stored)

    def _findings(self) -> list[Finding]:
        from connectors.engine.audit import audit_records

        with self._stage.host() as host:
            return list(audit_records(host, self._stage.choices.environment, "paligo", ID))
