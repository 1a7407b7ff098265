"""What a browser sends by itself: the cookie that it is signed in by, and where a request comes from.

The cookie is for this site alone (`SameSite=Strict`), so no other site's page can use it. Beside that,
whatever changes something has to come from a page of ours: the browser says so in `Sec-Fetch-Site`
or `Origin`, which no page can write, and the form carries a token that only our pages know (`forms`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from connectors.engine.browsers import LIFE
from connectors.server.contract import Refusal
from connectors.server.public import public_url

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from connectors.engine.host import Host

# The prefix makes browsers refuse one that was set for other hosts, or without https.
_COOKIES = {True: "__Host-connectors", False: "connectors"}
_LONGEST_PLACE = 2000  # characters


@dataclass(frozen=True)
class Visit:
    """One request, as far as the browser speaks for itself."""

    method: str
    place: str  # path and query
    environment: str | None  # that the path names
    site: str | None  # Sec-Fetch-Site: same-origin, same-site, cross-site or none
    origin: str | None  # of the page that it comes from
    at: str  # Host: where it was sent
    cookies: dict[str, str] = field(repr=False)

    @classmethod
    def of(cls, request: Request, environment: str | None = None) -> Visit:
        """Of a request."""
        query = request.url.query
        return cls(
            request.method,
            request.scope["path"] + (f"?{query}" if query else ""),
            environment,
            request.headers.get("sec-fetch-site"),
            request.headers.get("origin"),
            request.headers.get("host", ""),
            request.cookies,
        )

    def carried(self, host: Host) -> str | None:
        """What the cookie holds."""
        return self.cookies.get(_COOKIES[_is_https(host)])

    def check_site(self, host: Host) -> None:
        """Raises `Refusal` 403 for what would change something and does not come from a page of ours."""
        if self.method in ("GET", "HEAD") or self._from_us(host):
            return
        raise Refusal(403, "cross_site", "This was sent from another site's page, so nothing was done.")

    def signed_out(self, host: Host) -> Refusal:
        """To the sign-in page, which leads back; a form that came too late is told so."""
        if self.method not in ("GET", "HEAD"):
            return Refusal(401, "signed_out", "You are signed out, so nothing was done. Sign in and do it again.")
        base = urlsplit(public_url(host)).path.rstrip("/")
        words = "Sign in to see this page."
        back = quote(self.place[:_LONGEST_PLACE], safe="")
        return Refusal(303, "signed_out", words, headers={"Location": f"{base}/?next={back}"})

    def _from_us(self, host: Host) -> bool:
        if self.site is not None and self.site != "same-origin":
            return False
        if self.origin is None or self.origin == "null":
            return self.site is not None
        said, public = urlsplit(self.origin), urlsplit(public_url(host))
        return said.netloc == self.at or (said.scheme, said.netloc) == (public.scheme, public.netloc)


def set_cookie(response: Response, host: Host, carried: str) -> None:
    """Have the browser carry this until it closes or half a day is over."""
    secure = _is_https(host)
    response.set_cookie(
        _COOKIES[secure], carried, max_age=int(LIFE), path="/", secure=secure, httponly=True, samesite="strict"
    )


def drop_cookie(response: Response, host: Host) -> None:
    """Have the browser carry nothing."""
    secure = _is_https(host)
    response.delete_cookie(_COOKIES[secure], path="/", secure=secure, httponly=True, samesite="strict")


def local(place: str | None) -> str | None:
    """A path of this server that somebody wants to be led to; None for anything else."""
    if not place or len(place) > _LONGEST_PLACE or not place.isprintable() or not place.startswith("/env/"):
        return None
    return None if "\\" in place else place


def _is_https(host: Host) -> bool:
    return public_url(host).startswith("https://")
