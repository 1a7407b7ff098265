"""Publishing, from a publish setting to files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors import UnsafeArchive
from connectors.authoring import Call, action
from connectors.paligo.actions.jobs import PRODUCTION, Jobs


@action()
def publish(call: Call, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Publish with a publish setting, wait for the end, and fetch the files that came out.

    A production that this connection started for the same setting and did not fetch is gone on
    with.
    """
    setting = given["publishsetting"]
    jobs = Jobs(call, PRODUCTION, f"publishsetting {setting}")
    job = jobs.run(given, lambda: call.post(PRODUCTION.path, data={"publishsetting": setting}))
    if not job.is_done:
        return {"production": job.shown, "resumed": job.resumed, "files": []}
    archive = jobs.fetch(job)
    try:
        files = call.unpack(archive) if given.get("unpack", True) else [archive]
    except UnsafeArchive as error:
        if error.damaged:
            jobs.finish()  # Paligo would hand out the same bytes again
            error.next_step = "Run the same action again; it publishes anew."
        else:
            error.next_step = "`unpack: false` gives the archive as it is; `fresh: true` publishes again."
        raise
    jobs.finish()
    return {"production": job.shown, "resumed": job.resumed, "files": files}
