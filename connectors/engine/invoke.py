"""One call of an action: check the input, run the function, check the output, keep its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from connectors.authoring import Action, FileRef
from connectors.engine.error_words import advise, redact, say_what_changed, shown
from connectors.engine.pace import TOO_MANY, advice_on_pace
from connectors.engine.run_log import call_logger
from connectors.errors import ActionError, ActionExpired, ConnectorError, InvalidInput, InvalidOutput
from connectors.runtime.canonical import dumps
from connectors.runtime.models import Contract, Model
from connectors.runtime.ports import Attempt, Clock, Waiting

if TYPE_CHECKING:
    from connectors.engine.call import ActionCall
    from connectors.engine.files import Drafts
    from connectors.engine.host import Host
    from connectors.engine.store.connections import StoredConnection
    from connectors.runtime.connection import Connection


class Progress(Protocol):
    """Is told how an action goes on."""

    def update(self, done: int, of: int | None, message: str | None) -> None:
        """So far it is, in the action's own measure."""

    def waiting(self, waiting: Waiting) -> None:
        """The action pauses for the rate budget, or before another attempt."""


@dataclass(frozen=True)
class ActionResult:
    """What an action gave back, and what it took."""

    output: dict[str, Any]
    files: list[FileRef]  # what it made; kept for 24 hours
    requests: int
    waited: float  # seconds spent waiting for the budget
    seconds: float
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """The result as plain data."""
        return {
            "output": self.output,
            "files": [file.to_dict() for file in self.files],
            "requests": self.requests,
            "waited": self.waited,
            "seconds": self.seconds,
            "notes": self.notes,
        }


def invoke(
    host: Host,
    environment: str,
    connection_id: str,
    action_name: str,
    given: Mapping[str, Any],
    *,
    integration: str | None = None,
    progress: Progress | None = None,
    longest_wait: float | None = None,
    at_most: float | None = None,
) -> ActionResult:
    """Call an action of a connection once, and return what it gave back.

    `longest_wait` is how many seconds a request may wait for the rate budget before anything was
    changed; 10 if it is None. `at_most` is how many seconds the action may take: then it ends at
    its next call with `ActionExpired`.

    Raises `UnknownConnection`, `UnknownFunction`, `InvalidInput` (all problems) before anything is
    sent; then whatever the action raises as a `ConnectorError`. One that the action met after it
    had changed something says so in its message and in the fact `changed`. What the action
    remembers is saved and its files are closed however it ends, also on KeyboardInterrupt.
    """
    host.files.prune()
    stored = host.connections.get(environment, connection_id, integration)
    action = host.registry.action(stored.provider, action_name)
    contract = host.registry.models.action(stored.provider, action_name)
    connection = host.connections.open(stored)
    checked = _input(contract.input, given, connection)
    return _Once(host, stored, action, contract, connection, progress, longest_wait, at_most).run(checked)


class _Meter:
    """Counts requests and waits, and ends what takes too long."""

    def __init__(self, progress: Progress | None, clock: Clock, at_most: float | None) -> None:
        self._progress = progress
        self._clock = clock
        self._until = None if at_most is None else clock.now() + at_most
        self.requests = 0
        self.waited = 0.0
        self.refused = 0  # answers 429

    def before(self, method: str, url: str) -> None:
        """Raises `ActionExpired` when the time is over."""
        del method, url
        self._check()

    def after(self, attempt: Attempt) -> None:
        """Count it."""
        self.requests += 1
        self.refused += attempt.status == TOO_MANY

    def waiting(self, waiting: Waiting) -> None:
        """Count what the budget takes. Raises `ActionExpired` for a wait beyond the time there is."""
        self._check(waiting.seconds)
        if waiting.reason == "budget":
            self.waited += waiting.seconds
        if self._progress is not None:
            self._progress.waiting(waiting)

    def _check(self, ahead: float = 0.0) -> None:
        if self._until is not None and self._clock.now() + ahead > self._until:
            raise ActionExpired


class _Once:
    """One call with everything it needs."""

    def __init__(
        self,
        host: Host,
        stored: StoredConnection,
        action: Action,
        contract: Contract,
        connection: Connection,
        progress: Progress | None,
        longest_wait: float | None,
        at_most: float | None,
    ) -> None:
        self._host = host
        self._stored = stored
        self._action = action
        self._contract = contract
        self._connection = connection
        self._progress = progress
        self._longest_wait = longest_wait
        self._meter = _Meter(progress, host.clock, at_most)

    def run(self, given: dict[str, Any]) -> ActionResult:
        began = self._host.clock.now()
        with self._call() as (call, drafts):
            try:
                output = self._checked(self._answer(call, given))
                call.memory.save()
            except ConnectorError as error:
                redact(error, self._connection)
                advise(error, self._action)
                say_what_changed(error, call)
                raise
            except KeyboardInterrupt as stop:
                if call.changed:
                    stop.add_note(f"The action had changed something: {shown(call.changed)}.")
                raise
            files = drafts.keep([*call.given, *_files_in(output)])
        return ActionResult(
            output=output,
            files=files,
            requests=self._meter.requests,
            waited=self._meter.waited,
            seconds=self._host.clock.now() - began,
            notes=list(filter(None, [advice_on_pace(self._connection, self._meter.waited, self._meter.refused)])),
        )

    @contextmanager
    def _call(self) -> Iterator[tuple[ActionCall, Drafts]]:
        from connectors.engine.call import ActionCall
        from connectors.engine.memory import Memory
        from connectors.runtime.transport import Transport

        host, stored = self._host, self._stored
        observer = host.requests.observe(stored, self._meter, kind="action", name=self._action.name)
        with ExitStack() as stack:
            transport = stack.enter_context(Transport(allow_private=host.policy.allow_private))
            urgent, patient = (
                host.client_for(
                    self._connection,
                    stored=stored,
                    urgent=urgent,
                    observer=observer,
                    transport=transport,
                    longest_budget_wait=self._longest_wait if urgent else None,
                )
                for urgent in (True, False)
            )
            drafts = stack.enter_context(host.files.drafts(stored.environment, stored.key))
            memory = Memory(host.store.memories, stored, self._action.name)
            call = ActionCall(
                urgent,
                patient,
                reads=self._action.reads,
                drafts=drafts,
                memory=memory,
                log=call_logger(stored.provider, self._action.name, self._connection.redactor),
                clock=host.clock,
                progress=self._told,
            )
            try:
                yield call, drafts
            except BaseException:
                with suppress(ConnectorError):  # the first error is the one to tell
                    memory.save()
                raise

    def _answer(self, call: ActionCall, given: dict[str, Any]) -> Any:
        try:
            return self._action.function(call, given)
        except ConnectorError:
            raise
        except Exception as error:
            text = self._connection.redactor.text(f"{type(error).__name__}: {error}")
            message = f"the action {self._action.name} raised {text}"
            raise ActionError(message, next_step="Mend the action's code.") from error

    def _checked(self, answer: Any) -> dict[str, Any]:
        """The output as plain JSON that keeps its schema. Raises `InvalidOutput`."""
        name, redact = self._action.name, self._connection.redactor.text
        if not isinstance(answer, Mapping):
            raise InvalidOutput(f"the action {name} gave back a {type(answer).__name__} instead of an object")
        try:
            output: dict[str, Any] = _plain(answer)
            dumps(output)
        except (TypeError, ValueError, RecursionError):
            raise InvalidOutput(f"the action {name} gave back something that JSON cannot hold") from None
        problems = self._contract.output.problems(output)
        if problems:
            raise InvalidOutput(redact(f"the output of {name} breaks its schema at {'; '.join(problems)}"))
        return output

    def _told(self, done: int, of: int | None, message: str | None) -> None:
        if self._progress is not None:
            shown = None if message is None else self._connection.redactor.text(message)
            self._progress.update(done, of, shown)


def _input(model: Model, given: Mapping[str, Any], connection: Connection) -> dict[str, Any]:
    """The input as plain JSON that keeps its schema. Raises `InvalidInput` with every problem."""
    redact: Callable[[str], str] = connection.redactor.text
    if not isinstance(given, Mapping):
        raise InvalidInput(f"the input of {model.name} is an object, not a {type(given).__name__}")
    try:
        plain: dict[str, Any] = _plain(given)
        dumps(plain)
    except (TypeError, ValueError, RecursionError):
        raise InvalidInput(f"the input of {model.name} holds something that JSON cannot hold") from None
    problems = [redact(problem) for problem in model.problems(plain)]
    if problems:
        raise InvalidInput(f"the input of {model.name} does not fit: {'; '.join(problems)}", problems=problems)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, FileRef):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _files_in(value: Any) -> Iterator[str]:
    """Every id that stands where a file's would."""
    if isinstance(value, dict):
        if isinstance(value.get("file"), str):
            yield value["file"]
        for item in value.values():
            yield from _files_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from _files_in(item)
