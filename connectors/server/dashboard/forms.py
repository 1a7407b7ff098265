"""What a form of the dashboard sends, and how the endpoints are declared that take one.

A form is heard only if it comes from a page that was made for this browser: it carries that browser's
token. Whoever calls was known before (`access`), and so was the page that the request comes from (`visits`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from connectors.errors import ConnectorError
from connectors.server.contract import Call, Endpoint, Lane, Refusal, Reply, Who
from connectors.server.dashboard.showing import names_in
from connectors.server.reading import LARGEST_BODY
from connectors.server.refusing import translated

if TYPE_CHECKING:
    from starlette.responses import Response

TOKEN = "form_token"  # noqa: S105 - the name of a field
_MOST_FIELDS = 500
_LONGEST_FIELD = 4 * 1024 * 1024  # bytes


@dataclass(frozen=True)
class Form:
    """The fields of a form that was sent."""

    values: Mapping[str, str]
    files: Mapping[str, UploadFile]  # those that were chosen

    def __getitem__(self, name: str) -> str:
        """A field, without blanks around it; empty if it was not sent."""
        return self.values.get(name, "").strip()

    def __contains__(self, name: str) -> bool:
        """Whether it was sent: a box that is ticked."""
        return name in self.values


async def read_form(call: Call) -> Form:
    """Read it. Raises `Refusal` 400 and 413."""
    length = call.headers.get("content-length", "")
    if not length.isdigit():
        raise Refusal(400, "invalid_body", "A form says how long it is.")
    if int(length[:20]) > LARGEST_BODY:
        raise Refusal(413, "payload_too_large", f"A form may have at most {LARGEST_BODY:,} bytes.")
    try:
        sent = await call.request.form(max_files=20, max_fields=_MOST_FIELDS, max_part_size=_LONGEST_FIELD)
    except (HTTPException, UnicodeDecodeError) as error:
        raise Refusal(400, "invalid_body", "The form cannot be read.") from error
    items = sent.multi_items()
    files = {name: value for name, value in items if isinstance(value, UploadFile) and value.filename}
    return Form({name: value for name, value in items if isinstance(value, str)}, files)


def check_token(call: Call, form: Form) -> None:
    """Raises `Refusal` 403 for a form that no page of this browser holds."""
    if call.browser is None or not call.browser.owns(form[TOKEN]):
        raise Refusal(403, "form_expired", "This form is out of date, so nothing was done. Open its page again.")


def deed(
    path: str,
    handler: Callable[[Call, Form], Response],
    summary: str,
    *,
    scopes: tuple[str, ...],
    again: Callable[..., Response] | None = None,
    lane: Lane = "store",
) -> Endpoint:
    """The endpoint of a form under `/env/{environment}`.

    `again` is the page that it stands on: it is shown again, with `problem`, where the engine refuses.
    """

    async def taken(call: Call) -> Response:
        form = await read_form(call)
        try:
            check_token(call, form)
            return await call.thread(lane, _done, call, form, handler, again)
        finally:
            for file in form.files.values():
                await file.close()

    return Endpoint(
        "POST",
        f"/env/{{environment}}{path}",
        taken,
        summary,
        who=Who.BROWSER,
        scopes=scopes,
        path_schema=names_in(path),
        raw_body=True,
        answers={200: Reply("The page.", media_type="text/html"), 303: Reply("To a page.")},
        refusals=(400, 401, 403, 404, 409, 413),
        hidden=True,
        page=True,
    )


def to(address: str) -> Response:
    """To a page, which is asked for anew."""
    return RedirectResponse(address, 303)


def _done(
    call: Call, form: Form, handler: Callable[[Call, Form], Response], again: Callable[..., Response] | None
) -> Response:
    try:
        return handler(call, form)
    except ConnectorError as error:
        refusal = translated(error, call.endpoint)
        if again is None or refusal.status in (404, 500, 503):
            raise
        shown = again(call, problem=_sentence(error))
        shown.status_code = refusal.status
        return shown


def _sentence(error: ConnectorError) -> str:
    text = error.message[:1].upper() + error.message[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
