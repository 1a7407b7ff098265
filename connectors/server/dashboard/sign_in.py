"""`/`: signing in with a secret key, and out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from connectors.server.contract import Call, Endpoint, Reply, Who, fields
from connectors.server.dashboard.forms import Form, check_token, read_form
from connectors.server.dashboard.showing import HEADERS, TEXT, part
from connectors.server.pages.page import base_path, page
from connectors.server.visits import Visit, drop_cookie, local, set_cookie

if TYPE_CHECKING:
    from starlette.responses import Response

_UNKNOWN = "Nobody has this key, or it was revoked. A secret key looks like 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed."


def front(call: Call) -> Response:
    """To the environment that the browser signed in to last; else the sign-in page."""
    visit = Visit.of(call.request)
    browser = call.host.browsers.find(visit.carried(call.host))
    wanted = local(call.query.get("next"))
    if browser is None or "add" in call.query:
        # A link on another site brings no cookie along. Asked for once more from here, the page comes with it.
        again = wanted if visit.site == "cross-site" else None
        environments = browser.environments if browser else []
        return _sign_in(call, wanted=wanted, again=again, environments=environments)
    newest = f"/env/{part(browser.signed_in[0].environment)}"
    named = wanted is not None and any(
        wanted == home or wanted.startswith((f"{home}/", f"{home}?"))
        for home in (f"/env/{part(each)}" for each in browser.environments)
    )
    if wanted is not None and not named:
        return _sign_in(call, wanted=wanted, again=None, environments=browser.environments)
    return RedirectResponse(base_path(call.host) + (wanted or newest), 303, headers={"Cache-Control": "no-store"})


async def sign_in(call: Call) -> Response:
    """Let a browser in that brings a secret key."""
    visit = Visit.of(call.request)
    visit.check_site(call.host)
    form = await read_form(call)
    return await call.thread("store", _let_in, call, form, visit)


async def sign_out(call: Call) -> Response:
    """Forget the browser, in all environments."""
    check_token(call, await read_form(call))
    carried = Visit.of(call.request).carried(call.host)
    if carried is not None:
        await call.thread("store", call.host.browsers.sign_out, carried)
    answer = RedirectResponse(f"{base_path(call.host)}/", 303)
    drop_cookie(answer, call.host)
    return answer


def _let_in(call: Call, form: Form, visit: Visit) -> Response:
    wanted = local(form["next"])
    let_in = call.host.browsers.sign_in(form["key"], carried=visit.carried(call.host))
    if let_in is None:
        return _sign_in(call, wanted=wanted, problem=_UNKNOWN, status=401)
    environment, carried = let_in
    home = f"/env/{part(environment)}"
    ours = wanted is not None and (wanted == home or wanted.startswith((f"{home}/", f"{home}?")))
    answer = RedirectResponse(base_path(call.host) + (wanted if ours and wanted else home), 303)
    set_cookie(answer, call.host, carried)
    return answer


def _sign_in(
    call: Call,
    *,
    wanted: str | None,
    again: str | None = None,
    environments: list[str] | None = None,
    problem: str | None = None,
    status: int = 200,
) -> Response:
    return page(
        call,
        "dashboard/sign_in.html",
        status=status,
        headers=HEADERS,
        wanted=wanted,
        again=again,
        environments=environments or [],
        part=part,
        problem=problem,
        no_keys=not environments and not call.host.environments.has_keys(),
    )


_PAGE = {200: Reply("The page.", media_type="text/html"), 303: Reply("To the dashboard.")}

ENDPOINTS = (
    Endpoint(
        "GET",
        "/",
        front,
        "The dashboard, or where to sign in to it.",
        who=Who.PUBLIC,
        query=fields({"next": {"type": "string", "maxLength": 8000}, "add": TEXT}),
        answers=_PAGE,
        hidden=True,
        page=True,
    ),
    Endpoint(
        "POST",
        "/sign-in",
        sign_in,
        "Sign in with a secret key.",
        who=Who.PUBLIC,
        raw_body=True,
        answers=_PAGE,
        refusals=(400, 401, 403, 413),
        hidden=True,
        page=True,
    ),
    Endpoint(
        "POST",
        "/env/{environment}/sign-out",
        sign_out,
        "Sign out.",
        who=Who.BROWSER,
        path_schema={"environment": {"type": "string", "minLength": 1, "maxLength": 255}},
        raw_body=True,
        answers=_PAGE,
        refusals=(400, 401, 403, 413),
        hidden=True,
        page=True,
    ),
)
