"""Connecting an account whose provider asks a person in a browser."""

from __future__ import annotations

import hmac
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connectors.cli.loopback import PATH, Arrival, Loopback, Page
from connectors.cli.terminal import duration, tell
from connectors.errors import ConnectorError, ConsentRefused, InputError

if TYPE_CHECKING:
    from connectors.engine.consent import Begun
    from connectors.engine.host import Host
    from connectors.engine.store.connections import StoredConnection

PORT = 8917  # providers want to know the callback address beforehand, so it is always the same
TIMEOUT = 300  # seconds
_SPARE = 60.0  # seconds that a consent lives on after the command has stopped waiting
_CARRIES_STATE = ("state", "payload")  # callback parameters; the second one of plugin installations


@dataclass(frozen=True)
class Way:
    """How the browser gets there and back."""

    port: int = PORT
    callback_url: str | None = None  # as registered with the provider, if it is not the address on this machine
    opens: bool = True  # a browser of this machine
    timeout: int = TIMEOUT  # seconds


def consented(host: Host, way: Way, environment: str, given: Mapping[str, Any], *, verify: bool) -> StoredConnection:
    """Send a person to the provider's page, wait, and connect. `given`: arguments of `Consents.begin`.

    Raises as `Consents` does, and `ConsentRefused` if nobody comes back in time.
    """
    with Loopback(way.port, _path(way.callback_url)) as loopback:
        address = way.callback_url or loopback.url
        life = way.timeout + _SPARE
        begun = host.consents.begin(environment, callback_url=address, life=life, **given)
        loopback.accepts = lambda params: hmac.compare_digest(_state(params).encode(), begun.state.encode())
        _show(begun, address, way)
        arrival = loopback.wait(way.timeout)
        if arrival is None:
            raise ConsentRefused(
                f"Nobody came back from the provider's page within {duration(way.timeout)}.",
                next_step="Start again; --timeout SECONDS waits longer. The provider has to send the browser back to "
                f"{address}, which is registered there as the callback or redirect address.",
            )
        return _finished(arrival, lambda: host.consents.finish(begun.state, arrival.params, verify=verify))


def _finished(arrival: Arrival, finish: Callable[[], StoredConnection]) -> StoredConnection:
    """Connect, and tell the browser how it went."""
    try:
        stored = finish()
    except ConnectorError as error:
        arrival.answer(Page("Not connected", f"{error.message} The terminal says more.", 400))
        raise
    except BaseException:
        arrival.answer(Page("Not connected", "Something went wrong; the terminal says more.", 500))
        raise
    arrival.answer(Page("Connected", f"{stored.id} is connected. You may close this window."))
    return stored


def _show(begun: Begun, address: str, way: Way) -> None:
    said = "A browser opens the provider's page. If it does not, open" if way.opens and _has_browser() else "Open"
    tell(f"{said} this address:\n\n  {begun.url}\n")
    tell(f"Waiting for it to come back to {address} (at most {duration(way.timeout)}; Ctrl-C ends it).")
    if way.opens:  # beside the waiting: a browser that runs in this terminal ends only after it was answered
        Thread(target=webbrowser.open, args=(begun.url,), daemon=True).start()


def _has_browser() -> bool:
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _path(callback_url: str | None) -> str:
    """The path that the browser comes back to."""
    if callback_url is None:
        return PATH
    try:
        address = urlsplit(callback_url)
        usable = address.scheme in ("http", "https") and bool(address.hostname) and not address.query
    except ValueError:
        usable = False
    if not usable:
        raise InputError(
            "The callback address cannot be used.",
            next_step="Give a whole address without a query, as https://connect.example.com/callback.",
        )
    return address.path or "/"


def _state(params: Mapping[str, str]) -> str:
    return next((params[name] for name in _CARRIES_STATE if params.get(name)), "")
