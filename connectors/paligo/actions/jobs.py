"""Jobs at Paligo: started, or gone on with; waited for; and their results fetched."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connectors import ConnectorError, FileRef, JobFailed, JobNeverEnded, NotFoundError, UnexpectedAnswer
from connectors.authoring import Call

_EVERY = 5.0  # seconds between two looks
_AT_MOST = 1800  # seconds to wait if the input does not say
_LONGEST_LOG = 4000  # bytes of a log that an error shows, from its end
_FETCHED_WITHIN = 3600  # seconds since its end was seen; what nobody fetched by then is out of date
_STARTED_WITHIN = 86_400  # … and if nobody saw its end, since its start
_MOST_REMEMBERED = 300  # jobs that calls left; an action remembers a limited amount
_LONGEST_ID = 200  # characters
_LONGEST_STATUS = 60  # characters that an error shows
_UNDER_WAY = frozenset({"running", "pending"})  # everything else is an end


@dataclass(frozen=True)
class Kind:
    """A kind of job."""

    noun: str  # for messages
    path: str
    gives: bool  # whether a finished one has an address to fetch its result from


PRODUCTION = Kind("production", "/api/v2/productions/", gives=True)
EXPORT = Kind("translation export", "/api/v2/translationexports/", gives=True)
IMPORT = Kind("translation import", "/api/v2/translationimports/", gives=False)


@dataclass(frozen=True)
class Job:
    """A job as it was last seen."""

    shown: dict[str, Any]  # as Paligo shows it
    resumed: bool  # whether an earlier call started it

    @property
    def is_done(self) -> bool:
        """Whether it ended well."""
        return _status(self.shown) == "done"


class Jobs:
    """The jobs of one kind that this connection started.

    Which one was started is remembered until its result was handed over (`finish`) or it failed, so
    that a call that was interrupted goes on with its job instead of starting another.
    """

    def __init__(self, call: Call, kind: Kind, name: str) -> None:
        self._call = call
        self._kind = kind
        self._name = name  # what the job is for; the same input has the same name

    def run(self, given: Mapping[str, Any], start: Callable[[], Any]) -> Job:
        """The job, ended well; or as far as it is, if the input says not to wait.

        Raises `JobFailed` for one that ended otherwise, `JobNeverEnded` at the ceiling.
        """
        shown = None if given.get("fresh") else self._remembered()
        resumed = shown is not None
        if shown is None:
            self._forget_oldest()
            shown = self._object(start())
            self._call.memory[self._name] = {"id": self._id(shown), "at": int(time.time())}
        if given.get("wait", True):
            shown = self._wait(self._id(shown), given.get("at_most", _AT_MOST))
        if _status(shown) not in _UNDER_WAY:
            self._judge(shown)
        return Job(shown, resumed)

    def fetch(self, job: Job) -> FileRef:
        """The result of a job that is done."""
        try:
            return self._call.download(job.shown["url"])
        except NotFoundError:
            self.finish()  # it is there no more; the next call starts anew
            raise

    def finish(self) -> None:
        """The result is handed over, or is of no use: the next call starts anew."""
        self._call.memory.pop(self._name, None)

    def _note_end(self) -> None:
        """Remember when the end was first seen: Paligo does not say when a job ended."""
        known = self._call.memory[self._name]
        if "ended" not in known:
            self._call.memory[self._name] = {**known, "ended": int(time.time())}

    def _forget_oldest(self) -> None:
        """Make room before a job is started: one that could not be remembered would be lost to the next call."""
        by_age = sorted(self._call.memory, key=lambda name: self._call.memory[name]["at"])
        for name in by_age[: max(0, len(by_age) - _MOST_REMEMBERED + 1)]:
            del self._call.memory[name]

    def _remembered(self) -> dict[str, Any] | None:
        """The job that an earlier call left, if it is still worth something."""
        known = self._call.memory.get(self._name)
        if known is None:
            return None
        try:
            shown = self._object(self._call.get(self._path(known["id"])))
        except NotFoundError:
            return None
        good = self._ended_well(shown)
        ended = known.get("ended")
        fresh = _ago(known["at"]) < _STARTED_WITHIN if ended is None else _ago(ended) < _FETCHED_WITHIN
        if _status(shown) not in _UNDER_WAY and not (good and fresh):
            self._call.log.info("the %s %s is over; starting another", self._kind.noun, known["id"])
            return None
        self._call.log.info("going on with the %s %s", self._kind.noun, known["id"])
        return shown

    def _wait(self, id_: str, at_most: float) -> dict[str, Any]:
        try:
            return self._call.poll(
                self._path(id_),
                until=lambda shown: _status(shown) not in _UNDER_WAY,
                every=_EVERY,
                at_most=at_most,
                progress=self._tell,
            )
        except JobNeverEnded as error:
            last = getattr(error, "last", None) or {}
            raise JobNeverEnded(
                f"The {self._kind.noun} {id_} did not end within {at_most:g} seconds{_told(last)}. It may go on.",
                next_step="Run the same action again to go on waiting for it; `fresh: true` starts another.",
                job=id_,
                last=last,
                log=self._log(last),
            ) from error

    def _judge(self, shown: dict[str, Any]) -> None:
        if self._ended_well(shown):
            self._note_end()
            return
        self.finish()
        status = _status(shown)[:_LONGEST_STATUS]
        id_ = self._id(shown)
        how = "is done, but has no address to fetch it from" if status == "done" else f"ended as {status or 'unknown'}"
        log = self._log(shown)
        raise JobFailed(
            f"The {self._kind.noun} {id_} {how}{_told(shown)}{_end_of(log)}",
            job=id_,
            state=status,
            log=log,
        )

    def _ended_well(self, shown: Mapping[str, Any]) -> bool:
        address = shown.get("url")
        return _status(shown) == "done" and (not self._kind.gives or bool(address and isinstance(address, str)))

    def _tell(self, shown: Mapping[str, Any]) -> None:
        steps = shown.get("steps")
        counts = steps if isinstance(steps, dict) else {}
        done, total = _whole(counts.get("count")) or 0, _whole(counts.get("total"))
        message = shown.get("message")
        # The count may pass the total.
        self._call.progress(min(done, total) if total else done, total, message if isinstance(message, str) else None)

    def _log(self, shown: Mapping[str, Any]) -> str | None:
        """The end of the job's log, if it has one that can be read."""
        address = shown.get("log_url")
        if not isinstance(address, str) or not address:
            return None
        try:
            with self._call.download(address, name="job.log").open() as content:
                content.seek(max(0, content.seek(0, io.SEEK_END) - _LONGEST_LOG))
                return content.read().decode("utf-8", "replace").strip() or None
        except ConnectorError as error:
            self._call.log.warning("the log of the %s cannot be read: %s", self._kind.noun, error.message)
            return None

    def _path(self, id_: str) -> str:
        return self._kind.path + quote(id_, safe="")

    def _object(self, answer: Any) -> dict[str, Any]:
        shown = answer.json()
        if isinstance(shown, dict):
            return shown
        raise UnexpectedAnswer(f"{answer.request.url} was answered with no {self._kind.noun}.", status=answer.status)

    def _id(self, shown: Mapping[str, Any]) -> str:
        id_ = shown.get("id")
        if isinstance(id_, (str, int)) and not isinstance(id_, bool) and 0 < len(str(id_)) <= _LONGEST_ID:
            return str(id_)
        raise UnexpectedAnswer(f"Paligo answered with a {self._kind.noun} that has no id, or one that is none.")


def _status(shown: Mapping[str, Any]) -> str:
    return str(shown.get("status") or "").lower()


def _told(shown: Mapping[str, Any]) -> str:
    message = shown.get("message")
    return f'; Paligo says "{message[:300]}"' if isinstance(message, str) and message else ""


def _end_of(log: str | None) -> str:
    return f". Its log ends with: {log.splitlines()[-1][:300]}" if log else ""


def _whole(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _ago(at: float) -> float:
    return time.time() - at
