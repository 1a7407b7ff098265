"""A world in which every page has something to show, and the pages: a new one is missed by `test_axe.py`."""

from __future__ import annotations

import io
from typing import Any

from connectors.engine.report import RunOptions
from connectors.engine.runs import run_sync
from tests.browser.conftest import World

ACCOUNT = "/env/dev/connections/paligo/acme"
# What every page is called, and where it is; {run}, {failed} and {ended} are ids of the world.
OPEN = {
    "sign-in": "/",
    "not-there": "/nothing",
    "docs": "/docs/",
    "docs-guide": "/docs/providers/paligo/connect",
    "docs-api": "/docs/api",
    "docs-code": "/docs/write-a-connector",
    "docs-tables": "/docs/errors",
    "docs-missing": "/docs/no-such-page",
    "connect-without-session": "/connect/",
}
SIGNED_IN = {
    "overview": "/env/dev",
    "integrations": "/env/dev/integrations",
    "integration": "/env/dev/integrations/paligo",
    "connections": "/env/dev/connections",
    "connection": ACCOUNT,
    "connection-settings": f"{ACCOUNT}/settings",
    "syncs": "/env/dev/syncs",
    "runs": "/env/dev/runs",
    "run": "/env/dev/runs/{run}",
    "run-failed": "/env/dev/runs/{failed}",
    "models": f"{ACCOUNT}/records",
    "records": f"{ACCOUNT}/records/Document",
    "record": f"{ACCOUNT}/records/Document?record={{record}}",
    "actions": f"{ACCOUNT}/actions",
    "action": f"{ACCOUNT}/actions/create-document",
    "action-publish": f"{ACCOUNT}/actions/publish",
    "files": "/env/dev/files",
    "webhooks": "/env/dev/webhooks",
    "audit": "/env/dev/audit",
    "environment": "/env/dev/environment",
    "sign-in-more": "/?add=",
}
EMPTY = {  # of an environment in which nothing happened yet
    f"empty-{name}": f"/env/fresh{end}"
    for name, end in {
        "overview": "",
        "integrations": "/integrations",
        "connections": "/connections",
        "syncs": "/syncs",
        "runs": "/runs",
        "files": "/files",
        "webhooks": "/webhooks",
        "audit": "/audit",
        "environment": "/environment",
    }.items()
}
PAGES = OPEN | SIGNED_IN | EMPTY


def inhabit(world: World) -> dict[str, str]:
    """Connect an account, sync it, let a sync fail, call an action; the ids that the pages need."""
    host = world.host
    host.outgoing.set_target("dev", url="https://hooks.example.com/connectors")
    world.connect("acme")
    world.connect("globex")
    good = run_sync(host, "dev", "acme", "documents", RunOptions(trigger="command"), integration="paligo")
    assert good.state == "success", good
    run_sync(host, "dev", "acme", "folders", integration="paligo")
    world.emulator.fault("status", path_prefix="/api/v2/taxonomies", times=None, status=500)
    failed = run_sync(host, "dev", "acme", "taxonomies", integration="paligo")
    world.emulator.clear_faults()
    key = host.connections.get("dev", "acme", "paligo").key
    host.files.add("dev", key, "report.pdf", io.BytesIO(b"%PDF-1.7 of no use"), "application/pdf")
    fresh = host.environments.create("fresh").key
    record = str(world.get("/records?model=Document&limit=1", headers=_ACCOUNT).json()["records"][0]["id"])
    return {"run": str(good.id), "failed": str(failed.id), "record": record, "fresh": fresh}


_ACCOUNT = {"Connection-Id": "acme", "Provider-Config-Key": "paligo"}


def sign_in(page: Any, world: World, *keys: str) -> Any:
    """Sign a browser in with the keys; what it carries then, for other contexts of the same browser."""
    for key in keys or (world.key,):
        page.goto(f"{world.url}/?add=")
        page.get_by_label("Secret key", exact=True).fill(key)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/env/**")
    return page.context.storage_state()
