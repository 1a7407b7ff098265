"""One call of a client: budget → transport → retry → redirect, until there is an answer or an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.errors import (
    CallError,
    ConnectorError,
    OutcomeUnknown,
    RedirectRefused,
    UnreachableError,
)
from connectors.runtime import redirect
from connectors.runtime.answers import content_length, error_of, json_or_text, retry_after
from connectors.runtime.budget import is_read
from connectors.runtime.hosts import HostPolicy
from connectors.runtime.options import Options
from connectors.runtime.pace import Pace, Place
from connectors.runtime.ports import Attempt, Clock, Observer, Waiting
from connectors.runtime.request import Call, Request, build
from connectors.runtime.response import Response, Sent
from connectors.runtime.retry import decide
from connectors.runtime.rewinding import OpenFiles
from connectors.runtime.template import Moment
from connectors.runtime.tokens import Account
from connectors.runtime.transport import Answer, Transport

READ_OF_AN_ERROR = 64 * 1024  # bytes of an error's body that are read when the caller does not want it
LONGEST_PAUSE_AFTER_SUCCESS = 300.0  # seconds that a Retry-After on a good answer is obeyed
PATIENCE = 600.0  # seconds that a call whose caller asked for retries may spend waiting between attempts
_ASKS_TO_WAIT = frozenset({429, 503})


@dataclass(frozen=True)
class Line:
    """What all calls of one client share."""

    account: Account
    transport: Transport
    pace: Pace
    policy: HostPolicy
    clock: Clock
    observer: Observer | None
    retries: int  # further attempts of a call that does not say
    longest_retry_wait: float  # seconds one call may spend waiting between attempts


@dataclass(frozen=True)
class _Outcome:
    """How one attempt ended: with an answer, or without one."""

    response: Response | None
    error: CallError | None  # also set for an answer outside 2xx


class Exchange:
    """Makes one call. Use it once."""

    def __init__(self, line: Line, call: Call, options: Options) -> None:
        self._line = line
        self._call = call
        self._options = options
        self._connection = line.account.connection  # as the attempt under way uses it
        self._renewal_asked = False
        self._attempt = 0  # index of the attempt under way
        self._waited = 0.0  # seconds waited between attempts
        self._method = call.method
        self._path = ""  # of the request's URL; known when it is built, as is the host
        self._host = ""
        self._answered_by = ""  # the host of the newest answer: a redirect may lead to another
        self._done = False  # True: a redirect said that the write arrived, and where to read on
        self._files = OpenFiles((call.files or {}).values())

    def run(self) -> Response:
        """The provider's answer. Raises CallError, TokenError and InputError subclasses."""
        outcome: _Outcome | None = None
        while True:
            try:
                self._connection = self._line.account.fresh()
            except ConnectorError:
                if outcome is None:
                    raise
                return self._end(outcome)  # what the attempt before met matters more to the caller
            outcome = self._try()
            if outcome.error is None and outcome.response is not None:
                return outcome.response
            if self._has_other_credentials(outcome):
                continue
            wait = self._wait_before_next(outcome)
            if wait is None:
                return self._end(outcome)
            if outcome.response is not None:
                outcome.response.close()
            self._pause(wait, outcome)
            self._attempt += 1

    def _try(self) -> _Outcome:
        """One attempt, redirects included."""
        line = self._line
        moment = Moment.at(line.clock.now())
        policy = self._options.policy or line.policy
        self._files.rewind()
        request = build(self._connection, self._call, policy=policy, moment=moment)
        self._method, self._path, self._host = request.method, request.path, request.host
        for _ in range(redirect.MOST + 1):
            try:
                answer, elapsed = self._send(request)
                target = redirect.location(answer.status, answer.headers)
                if target is None:
                    self._answered_by = request.host
                    return self._read(request, answer, elapsed)
            except UnreachableError as error:
                error.__context__ = None  # the library's own error, whose text may hold a secret
                return _Outcome(None, error)
            answer.close()
            moved = redirect.follow(request, answer.status, target, policy)
            self._done = self._done or moved.method != request.method
            request = moved
        shown = request.shown_url
        message = f"{request.method} {shown}: redirected more than {redirect.MOST} times."
        raise RedirectRefused(message, method=request.method, url=shown, attempts=self._attempt + 1)

    def _send(self, request: Request) -> tuple[Answer, float]:
        """One request on the wire, inside the budget. Only the head of the answer is read."""
        line, shown = self._line, request.shown_url
        foreign = request.host != self._host
        place = line.pace.enter(request.method, request.host, request.path, shown, foreign=foreign)
        started = line.clock.now()
        try:
            if line.observer is not None:
                line.observer.before(request.method, shown)
            answer = line.transport.send(request, stream=self._options.stream, max_bytes=self._options.max_bytes)
        except ConnectorError as error:
            self._tell(Attempt(request.method, shown, None, line.clock.now() - started, self._attempt + 1, error.code))
            raise
        finally:
            line.pace.leave(place)
        elapsed = line.clock.now() - started
        length = content_length(answer.headers)
        self._tell(Attempt(request.method, shown, answer.status, elapsed, self._attempt + 1, length=length), answer)
        self._obey(place, answer)
        return answer, elapsed

    def _tell(self, attempt: Attempt, answer: Answer | None = None) -> None:
        if self._line.observer is None:
            return
        try:
            self._line.observer.after(attempt)
        except BaseException:  # the observer stops the call
            if answer is not None:
                answer.close()
            raise

    def _obey(self, place: Place, answer: Answer) -> None:
        """`Retry-After` closes the budget until then, also on a good answer."""
        seconds = retry_after(answer.headers, self._line.clock.now())
        if not seconds:
            return
        if answer.status in _ASKS_TO_WAIT:
            self._line.pace.hold(place, seconds)
        elif 200 <= answer.status < 300:
            self._line.pace.hold(place, min(seconds, LONGEST_PAUSE_AFTER_SUCCESS))

    def _read(self, request: Request, answer: Answer, elapsed: float) -> _Outcome:
        good = 200 <= answer.status < 300
        body: bytes | Answer
        if self._options.stream and good:
            body = answer
        elif good or not self._options.raise_for_status:
            body = answer.read()
        else:
            body = _start_of(answer)
        response = Response(
            status=answer.status,
            headers=answer.headers,
            request=Sent(request.method, request.shown_url),
            elapsed=elapsed,
            redactor=self._connection.redactor,
            body=body,
        )
        if good:
            if self._options.sink is not None:
                self._options.sink(response)
            return _Outcome(response, None)
        name = self._connection.provider.display_name
        now = self._line.clock.now()
        return _Outcome(response, error_of(response, provider=name, attempts=self._attempt + 1, now=now))

    def _has_other_credentials(self, outcome: _Outcome) -> bool:
        """Whether a call that was refused with 401, and so did nothing, can go again with other credentials.

        Not after a redirect that may have done the call's work, or led to a host without credentials.
        """
        response, error = outcome.response, outcome.error
        if response is None or error is None or response.status != 401 or self._renewal_asked:
            return False
        if self._done or self._answered_by != self._host:
            return False
        self._renewal_asked = True
        try:
            renewed = self._line.account.renewed(self._connection)
        except ConnectorError as failed:
            error.next_step = f"{failed.message} {failed.next_step}"
            return False
        if renewed.credentials == self._connection.credentials:
            return False
        response.close()
        return True

    def _wait_before_next(self, outcome: _Outcome) -> float | None:
        """Seconds to wait before another attempt, or None if there is none."""
        line, options = self._line, self._options
        if self._attempt >= (line.retries if options.retries is None else options.retries):
            return None
        if options.retries is None and not self._may_repeat(outcome):
            return None
        response = outcome.response
        now = line.clock.now()
        decision = decide(
            self._connection.provider.retry,
            status=response.status if response is not None else None,
            headers=response.headers if response is not None else {},
            body=lambda: json_or_text(response),
            error_code=getattr(outcome.error, "network_code", None),
            retry_on=options.retry_on,
            retry_header=options.retry_header,
            attempt=self._attempt,
            now=now,
        )
        if not decision.retry or decision.wait is None:
            return None
        asked = retry_after(response.headers, now) if response is not None else None
        if self._waited + max(decision.wait, asked or 0.0) > self._longest_retry_wait:
            return None
        return decision.wait

    @property
    def _longest_retry_wait(self) -> float:
        line = self._line
        return line.longest_retry_wait if self._options.retries is None else max(line.longest_retry_wait, PATIENCE)

    def _may_repeat(self, outcome: _Outcome) -> bool:
        """Whether the client may repeat the call by itself (rule `writes-not-repeated`)."""
        status = outcome.response.status if outcome.response is not None else None
        if status == 401 and status not in self._options.retry_on:
            return False  # the same credentials would be refused again
        if self._only_reads:
            return True
        if self._done:
            return False
        if outcome.response is not None:
            return status == 429 or (status == 503 and "retry-after" in outcome.response.headers)
        return not getattr(outcome.error, "sent", True)

    @property
    def _only_reads(self) -> bool:
        provider = self._connection.provider
        return self._options.reads or is_read(provider, self._method, self._path)

    def _pause(self, seconds: float, outcome: _Outcome) -> None:
        line = self._line
        asked = outcome.response is not None and "retry-after" in outcome.response.headers
        if line.observer is not None:
            line.observer.waiting(Waiting(seconds, "retry-after" if asked else "retry"))
        line.clock.sleep(seconds)
        self._waited += seconds

    def _end(self, outcome: _Outcome) -> Response:
        """No further attempt: the answer as it is, or the error."""
        response, error = outcome.response, outcome.error
        assert error is not None  # a good answer has been returned before
        if response is not None:
            if not self._options.raise_for_status:
                return response
            if response.status >= 500 and not self._only_reads:
                error.next_step = OutcomeUnknown.next_step
            raise error
        error.attempts = self._attempt + 1
        if self._only_reads or not (self._done or getattr(error, "sent", True)):
            raise error
        times = "it was not repeated" if error.attempts == 1 else f"it was sent {error.attempts} times"
        message = f"{error.message} The request may have arrived; {times}."
        code = error.facts.get("network_code")
        facts: dict[str, Any] = {
            "method": error.method,
            "url": error.url,
            "attempts": error.attempts,
            "network_code": code,
        }
        raise OutcomeUnknown(message, **facts) from error


def _start_of(answer: Answer) -> bytes:
    """The start of an error's body; the status counts even if the body breaks off."""
    try:
        return answer.read_start(READ_OF_AN_ERROR)
    except CallError:
        return b""
