"""Jobs: productions, imports, translation exports and imports, from their start over some polls to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .switches import Switches

if TYPE_CHECKING:
    from .account import Account, Row

KINDS = {  # table → the word before its ids, and what it says while it runs
    "productions": ("production", "Creating output."),
    "imports": ("", "Importing component {count} of {total}."),
    "translationexports": ("translationexport", "Exporting."),
    "translationimports": ("translationimport", "Importing translations."),
}
ENDS = {"done": "Done.", "cancelled": "Cancelled by a user.", "failed": "The job failed."}
FORMS = {  # switch `url_form` → the address of what a production made
    "api": "{origin}/api/v2/outputs/{name}",
    "file": "{origin}/{name}",
    "relative": "/api/v2/outputs/{name}",
    "elsewhere": "https://elsewhere.example/{name}",
}


def start(account: Account, table: str, **facts: Any) -> Row:
    """Begin a job. `facts` are what it works on, or how far it is: status, message, total, ready."""
    word, message = KINDS[table]
    number = account.next_id()
    name = f"{word or 'import'}-{number}.zip"
    job = {"id": f"{word}.{1_000_000 + number}-{number}" if word else number, "name": name}
    job |= {"status": "running", "polls": 0, "count": 0, "total": 20, "ready": False, "user": 2, **facts}
    return account.insert(table, {"message": message.format(**job), **job})


def advance(account: Account, table: str, row: Row, switches: Switches) -> Row:
    """The job after one more poll; what has ended stays as it is."""
    if row["status"] not in ("pending", "running"):
        return row
    polls, end = row["polls"] + 1, switches.job_end
    if polls <= switches.polls or end == "never":
        count = min(polls, row["total"])
        message = KINDS[table][1].format(count=count, total=row["total"])
        return account.edit(table, row["id"], status="running", polls=polls, count=count, message=message)
    status = end.partition("_")[0]
    count = row["total"] + (switches.steps == "over") if status == "done" else row["count"]
    facts = {"status": status, "message": ENDS[status], "polls": polls, "count": count, "ready": end == "done"}
    for component in row.get("components", []) if status == "done" else []:
        account.add_document(component, parent=row["parent"])
    return account.edit(table, row["id"], **facts)


def shown(row: Row, switches: Switches, origin: str) -> Row:
    """What an answer shows of a job beyond its id, status and message."""
    production, imported = str(row["id"]).startswith("production."), isinstance(row["id"], int)
    form = FORMS["file" if not production and switches.url_form == "api" else switches.url_form]
    url = form.format(origin=origin, name=row["name"]) if row["ready"] else ""
    steps = {"total": row["total"], "count": row["count"]}
    if imported or switches.values == "strings":
        steps = {name: str(value) for name, value in steps.items()}
    made: Row = {"id": str(row["id"])} if imported else {"url": url}
    if (production or imported) and switches.steps != "missing":
        made["steps"] = steps
    if production and switches.log_url == "present":
        made["log_url"] = f"{origin}/{row['id']}/out.log"
    return made
