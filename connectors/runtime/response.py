"""What the provider answered, for the caller of a client."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

from connectors.errors import UnexpectedAnswer
from connectors.runtime import canonical
from connectors.runtime.excerpt import excerpt, is_html
from connectors.runtime.redact import Redactor

_COOKIES = frozenset({"set-cookie", "set-cookie2"})
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)


class Body(Protocol):
    """A body that still has to be read."""

    def chunks(self) -> Iterator[bytes]:
        """The body in pieces."""

    def close(self) -> None:
        """Give the rest of the body up."""


@dataclass(frozen=True)
class Sent:
    """The request behind a response, with every secret removed."""

    method: str
    url: str


class Response:
    """An answer of the provider.

    `status` is an int, `headers` a case-insensitive mapping, `elapsed` the seconds from sending to
    the answer's headers, `request` what was sent (redacted). With `stream=True` the body is still
    on its way: read it with `iter_bytes`, and close the response (or use it as a context manager).
    """

    def __init__(
        self,
        *,
        status: int,
        headers: Mapping[str, str],
        request: Sent,
        elapsed: float,
        redactor: Redactor,
        body: bytes | Body,
    ) -> None:
        self.status = status
        self.headers = headers
        self.request = request
        self.elapsed = elapsed
        self._redactor = redactor
        self._body = body

    def __repr__(self) -> str:
        return f"<Response {self.status} to {self.request.method} {self.request.url}>"

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def safe_headers(self) -> Mapping[str, str]:
        """The headers, names in lower case, without secrets and cookies: for errors."""
        pairs = ((name.lower(), self._redactor.text(value)) for name, value in self.headers.items())
        return {name: value for name, value in pairs if name not in _COOKIES}

    @property
    def safe_body(self) -> Any:
        """The body's JSON value, else its text, without secrets; None if it is empty or not text: for errors."""
        content = self.content
        if not content.strip() or b"\0" in content:
            return None
        try:
            return self._redactor.data(self.json())
        except UnexpectedAnswer:
            return self._redactor.text(self.text)

    @property
    def content(self) -> bytes:
        """The whole body. Of a streamed response it is read now; raises as `iter_bytes` does."""
        if not isinstance(self._body, bytes):
            self._body = b"".join(self._body.chunks())
        return self._body

    @property
    def text(self) -> str:
        """The body as text, in the character set that the answer names, else UTF-8."""
        content = self.content
        named = _CHARSET.search(self.headers.get("content-type") or "")
        try:
            return content.decode(named.group(1) if named else "utf-8", "replace")
        except (LookupError, UnicodeError):  # no such codec, or one that is no character set, such as idna
            return content.decode("utf-8", "replace")

    @property
    def excerpt(self) -> str | None:
        """The start of the body for messages: at most 300 characters, redacted; None if it is not text."""
        return excerpt(self.content, self.headers.get("content-type"), self._redactor)

    @property
    def is_html(self) -> bool:
        """Whether the body is a web page."""
        return is_html(self.content, self.headers.get("content-type"))

    def json(self) -> Any:
        """The body's JSON value, whatever its content type says.

        Raises UnexpectedAnswer if the body is empty, a web page, cut off, or no JSON.
        """
        content = self.content
        try:
            return canonical.loads(content.removeprefix(b"\xef\xbb\xbf"))
        except ValueError:
            found = "an empty body" if not content.strip() else "a web page" if self.is_html else "no valid JSON"
        raise UnexpectedAnswer(
            f"{self.request.method} {self.request.url} was answered with status {self.status}, but with {found}.",
            method=self.request.method,
            url=self.request.url,
            status=self.status,
            excerpt=self.excerpt,
        )

    def iter_bytes(self) -> Iterator[bytes]:
        """The body in pieces of about 64 KiB.

        Raises ConnectionLost, TimedOut or TooLarge if a streamed body ends early, stalls, or passes
        its ceiling.
        """
        if isinstance(self._body, bytes):
            yield self._body
        else:
            yield from self._body.chunks()

    def close(self) -> None:
        """Give up what was not read of a streamed body. Closing twice is harmless."""
        if not isinstance(self._body, bytes):
            self._body.close()

    def __enter__(self) -> Response:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
