"""Every error of this project, in one tree. This file imports nothing of ours.

ConnectorError                  the one base to catch
├── InputError                  what was given cannot be used; nothing was sent
│   ├── ConfigError             the connection's config or credentials do not fit (.problems)
│   ├── DefinitionError         a provider definition cannot be used (.file, .line)
│   ├── UnknownProvider         no definition of that name
│   ├── UnknownFunction         no sync, action or model of that name
│   ├── UnsupportedAuthMode     the definition's auth mode is not one this version can use
│   ├── IntegrationIncomplete   the integration lacks something that its auth mode needs
│   ├── KeyMaterialInvalid      a key or certificate cannot be read, or cannot sign
│   ├── ConsentNeeded           a person has to consent in a browser first
│   ├── ConsentRefused          the browser came back without consent, or with somebody else's
│   ├── UnresolvedPlaceholder   a request would have gone out half-built (.placeholders)
│   ├── InvalidUrl              base URL and endpoint do not make a URL
│   ├── HostRefused             the URL left the provider's host, or points into a private network
│   ├── PaginationError         the paging settings do not work together
│   ├── BrokenCursor            a cursor that this store did not give out
│   ├── ContentError            XML that cannot be read as a document's content (.line, .column)
│   │   └── UnsafeXml           it declares a DOCTYPE or entities, or passes a ceiling
│   ├── InvalidEvent            what came in is no event of the provider
│   ├── InvalidInput            what an action was given does not fit its schema (.problems)
│   ├── FileExists              a file of that name is there already
│   ├── SecretOnCommandLine     a secret was typed where other users can read it
│   └── SettingError            a setting's value cannot be used
├── CallError                   a request went out, or was about to (.method, .url, .status, .excerpt)
│   ├── AnswerError             the provider answered with something other than 2xx
│   │   ├── AuthError           401: it does not know these credentials
│   │   ├── ForbiddenError      403: it knows them, and they may not
│   │   ├── NotFoundError       404 or 410
│   │   ├── RejectedError       any other 4xx, and redirects that lead nowhere
│   │   ├── RateLimited         429 (.retry_after, seconds)
│   │   └── ProviderError       5xx
│   ├── UnexpectedAnswer        2xx, but not what was promised: HTML, cut off, not JSON
│   ├── UnreachableError        no answer at all
│   │   ├── DnsError            the host name does not exist
│   │   ├── ConnectFailed       nothing listens there, or the proxy refused
│   │   ├── TlsError            the certificate cannot be trusted
│   │   ├── TimedOut            no answer in time
│   │   └── ConnectionLost      the connection broke before the answer was whole
│   ├── OutcomeUnknown          a write may have arrived; it was not repeated
│   ├── TooLarge                a body or archive passed its ceiling
│   ├── RedirectRefused         too many redirects, or one that must not be followed
│   ├── PageLoop                a page link or cursor came again
│   └── BudgetExhausted         the provider's rate budget is spent (.retry_after, seconds)
├── TokenError                  credentials could not be had or renewed (.status, .excerpt, .reference_code)
│   ├── TokenRefused            the provider's token endpoint said no
│   ├── TokenUnusable           it said yes, but sent no token that can be used
│   ├── RefreshWaits            the last refresh failed just now (.retry_after, seconds)
│   └── RefreshExhausted        refreshing failed on several days; the account has to be connected again
├── StoreError                  what is remembered cannot be read or written
│   ├── UnknownConnection       no such connection in this environment
│   ├── UnknownIntegration      no such integration in this environment
│   ├── UnknownRun              no such run in this environment
│   ├── UnknownFile             no such file in this environment, or it expired
│   ├── UnknownWebhook          a webhook came to an address that nobody was given, or without its login
│   ├── StoreBusy               another process held the database for too long
│   ├── StoreTooNew             the database was written by a newer version
│   ├── StoreDamaged            the database file cannot be read
│   └── VaultError              a secret cannot be sealed or opened
├── RunError                    a sync run could not go on
│   ├── AlreadyRunning          the same sync of this connection is running elsewhere
│   ├── RunReplaced             another run took over; this one may not write
│   ├── RunStopped              the run was stopped from outside
│   ├── InvalidItem             the sync yielded something that is no item
│   ├── RecordInvalid           a record breaks its model's schema (with --validate)
│   └── NothingToConfirm        that run holds no deletions to confirm
└── ActionError                 an action could not be done (.changed)
    ├── Conflict                what is at the provider is not as expected; nothing was changed (.reason, .found)
    ├── InvalidOutput           what an action gave back breaks its schema
    ├── ActionExpired           the action did not end in time
    ├── JobNeverEnded           a job at the provider did not end in time (.last)
    ├── JobFailed               a job at the provider ended without its result (.state, .log)
    └── UnsafeArchive           an archive that must not be unpacked (.damaged)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one field of an input."""

    group: str  # "connection_config" or "credentials"
    field: str  # the field's name, as templates use it
    title: str  # the field's title, as a person reads it
    message: str  # what is expected; never holds a secret's value

    def __str__(self) -> str:
        return f"{self.title} ({self.group}.{self.field}): {self.message}"


class ConnectorError(Exception):
    """Something went wrong in a connector.

    `code` is stable and meant for programs, `message` says what was wrong, and `next_step` what
    to do about it. Facts given as keyword arguments become attributes and are part of `to_dict()`;
    the caller has redacted them.
    """

    code = "connector_error"
    next_step = "Read the message; if it does not help, report it with the code."

    def __init__(self, message: str | None = None, *, next_step: str | None = None, **facts: Any) -> None:
        self.message = message or inspect.cleandoc(type(self).__doc__ or "").splitlines()[0]
        if next_step is not None:
            self.next_step = next_step
        self.facts: Mapping[str, Any] = facts
        for name, value in facts.items():
            setattr(self, name, value)
        super().__init__(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.next_step, dict(self.facts))

    def to_dict(self) -> dict[str, Any]:
        """The error as plain data: `code`, `message`, `next_step`, and the facts that are set."""
        facts = {name: _plain(value) for name, value in self.facts.items() if value is not None}
        return {"code": self.code, "message": self.message, "next_step": self.next_step, **facts}


def _rebuild(kind: type[ConnectorError], message: str, next_step: str, facts: dict[str, Any]) -> ConnectorError:
    return kind(message, next_step=next_step, **facts)


def _plain(value: Any) -> Any:
    if isinstance(value, Problem):
        return {"group": value.group, "field": value.field, "title": value.title, "message": value.message}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


class InputError(ConnectorError):
    """What was given cannot be used; nothing was sent."""

    code = "invalid_input"
    next_step = "Correct the value and try again."


class ConfigError(InputError):
    """The connection's config or credentials do not fit the provider's definition."""

    code = "invalid_config"
    next_step = "Correct the fields named above; `connectors providers show PROVIDER` lists what each one expects."
    problems: Sequence[Problem]

    def __init__(
        self,
        message: str | None = None,
        *,
        problems: Sequence[Problem] = (),
        next_step: str | None = None,
        **facts: Any,
    ) -> None:
        self.problems = tuple(problems)
        text = message or "\n".join(str(problem) for problem in self.problems) or None
        super().__init__(text, next_step=next_step, problems=self.problems, **facts)


class DefinitionError(InputError):
    """A provider definition cannot be used."""

    code = "invalid_definition"
    next_step = "Run `connectors providers check FILE` for every problem with its line."


class UnknownProvider(InputError):
    """There is no definition of that provider."""

    code = "unknown_provider"
    next_step = "`connectors providers list` names them all; --providers FILE adds a file of definitions."


class UnknownFunction(InputError):
    """There is no sync, action or model of that name."""

    code = "unknown_function"
    next_step = "`connectors syncs` lists syncs and their models, `connectors actions` lists actions."


class UnsupportedAuthMode(InputError):
    """This version cannot use the definition's auth mode."""

    code = "unsupported_auth_mode"
    next_step = "`connectors providers list` shows the auth mode of each provider."


class IntegrationIncomplete(InputError):
    """The integration lacks something that its auth mode needs."""

    code = "integration_incomplete"
    next_step = "Give the integration what is named, then try again."


class KeyMaterialInvalid(InputError):
    """A key or certificate cannot be read, or cannot be used to sign."""

    code = "invalid_key_material"
    next_step = "Give the whole PEM text, with its BEGIN and END lines."


class ConsentNeeded(InputError):
    """A person has to consent in a browser before calls can be made."""

    code = "consent_needed"
    next_step = "Connect it with `connectors connect`, which opens the provider's page."


class ConsentRefused(InputError):
    """The browser came back without consent, or not from the request that was made."""

    code = "consent_refused"
    next_step = "Start connecting again, and consent on the provider's page."


class UnresolvedPlaceholder(InputError):
    """The request would have gone out half-built: a placeholder has no value."""

    code = "unresolved_placeholder"
    next_step = "Give the connection the value that is named, then try again."


class InvalidUrl(InputError):
    """The base URL and the endpoint do not make a URL."""

    code = "invalid_url"
    next_step = "Give a path that starts with a slash, such as /api/v2/documents."


class HostRefused(InputError):
    """The URL leaves the provider's host, or points into a private network."""

    code = "host_refused"
    next_step = "Credentials go to the provider's own host only. Give a path on that host."


class PaginationError(InputError):
    """The paging settings do not work together."""

    code = "invalid_pagination"
    next_step = "See the provider's `paginate` block, or give the settings with the call."


class BrokenCursor(InputError):
    """This cursor was not given out by this store for this list."""

    code = "broken_cursor"
    next_step = "Start again without a cursor."


class ContentError(InputError):
    """This XML cannot be read as a document's content."""

    code = "invalid_content"
    next_step = "Correct the XML at the line that is named."
    line: int | None = None  # from 1
    column: int | None = None  # from 0


class UnsafeXml(ContentError):
    """The XML does what no document needs, and what could harm its reader."""

    code = "unsafe_xml"
    next_step = "Take out DOCTYPE and entity declarations; split a document that passes a ceiling."


class InvalidEvent(InputError):
    """What came in is not an event that the provider sends."""

    code = "invalid_event"
    next_step = "Check who sends to this address, and that nothing in between changes the body."


class InvalidInput(InputError):
    """What the action was given does not fit its input schema; nothing was sent."""

    code = "invalid_action_input"
    next_step = "Correct what is named above; `connectors actions` lists the fields of each action."
    problems: Sequence[str] = ()


class FileExists(InputError):
    """A file of that name is there already; nothing was overwritten."""

    code = "file_exists"
    next_step = "Name another folder, or say that files may be overwritten (--force)."


class SecretOnCommandLine(InputError):
    """A secret was typed on the command line, where other users and the shell's history can read it."""

    code = "secret_on_command_line"
    next_step = "Leave it out to be asked, or use --credential NAME=@FILE (@- reads standard input)."


class SettingError(InputError):
    """A setting's value cannot be used."""

    code = "invalid_setting"
    next_step = "`connectors doctor` shows every setting with its source."


class CallError(ConnectorError):
    """A call to the provider failed.

    Facts: `method`, `url` (redacted), `status` (None without an answer), `excerpt` (the start of
    the answer's body, redacted), `attempts`.
    """

    code = "call_failed"
    method: str | None = None
    url: str | None = None
    status: int | None = None
    excerpt: str | None = None
    attempts: int | None = None


class AnswerError(CallError):
    """The provider answered with an error."""

    code = "provider_answered_error"
    next_step = "Read the excerpt of the provider's answer."
    headers: Mapping[str, str] | None = None
    read_body: Callable[[], Any] | None = None

    @property
    def body(self) -> Any:
        """The answer's JSON value, or the start of its text, redacted; None where it is not known."""
        return None if self.read_body is None else self.read_body()


class AuthError(AnswerError):
    """The provider does not accept these credentials (401)."""

    code = "credentials_refused"
    next_step = "Check the credentials; a key may have been revoked. Connect again with a new one."


class ForbiddenError(AnswerError):
    """The provider knows these credentials, but they may not do this (403)."""

    code = "not_allowed"
    next_step = "Use an account with the right to do this."


class NotFoundError(AnswerError):
    """The provider has nothing at that address (404 or 410)."""

    code = "not_found"
    next_step = "Check the id and the path."


class RejectedError(AnswerError):
    """The provider refused the request (4xx)."""

    code = "request_rejected"


class RateLimited(AnswerError):
    """The provider asks to slow down (429)."""

    code = "rate_limited"
    next_step = "Wait, then try again."
    retry_after: float | None = None


class ProviderError(AnswerError):
    """The provider failed (5xx)."""

    code = "provider_failed"
    next_step = "Try again later; what is stored stays."


class UnexpectedAnswer(CallError):
    """The provider said success, but the body is not what was promised."""

    code = "unexpected_answer"
    next_step = "Check the address in the connection's config; a login or error page often looks like this."


class UnreachableError(CallError):
    """The provider gave no answer."""

    code = "unreachable"
    next_step = "Check the network and the provider's status page, then try again."


class DnsError(UnreachableError):
    """The host name does not exist."""

    code = "unknown_host"
    next_step = "Check the part of the address that the connection's config gives."


class ConnectFailed(UnreachableError):
    """No connection could be made."""

    code = "connect_failed"


class TlsError(UnreachableError):
    """The server's certificate cannot be trusted."""

    code = "tls_failed"
    next_step = "If a company proxy or a test server is in between, name its CA file in REQUESTS_CA_BUNDLE."


class TimedOut(UnreachableError):
    """No answer in time."""

    code = "timed_out"


class ConnectionLost(UnreachableError):
    """The connection broke before the answer was whole."""

    code = "connection_lost"


class OutcomeUnknown(CallError):
    """The request may have changed something at the provider; it was not repeated."""

    code = "outcome_unknown"
    next_step = "Look at the provider whether the change is there before you send it again."


class TooLarge(CallError):
    """A body passed its ceiling."""

    code = "too_large"
    next_step = "Ask for less, or download it as a stream."


class RedirectRefused(CallError):
    """The provider redirected too often, or to a place that must not be followed."""

    code = "redirect_refused"
    next_step = "Check the address in the connection's config."


class PageLoop(CallError):
    """A page link or cursor came a second time; the list would never end."""

    code = "page_loop"
    next_step = "What was read so far is kept. Report it to the provider if it happens again."


class BudgetExhausted(CallError):
    """The provider's rate budget is spent."""

    code = "budget_exhausted"
    next_step = "Try again when the budget is free; other runs may be using it."
    retry_after: float | None = None


class TokenError(ConnectorError):
    """Credentials could not be had or renewed.

    Facts: `status` (None without an answer), `excerpt` (the start of the answer, redacted), `reference_code`
    (the reference runtime's name for it, which its clients know).
    """

    code = "token_failed"
    next_step = "Try again; if it goes on, connect the account again."
    status: int | None = None
    excerpt: str | None = None
    reference_code: str | None = None


class TokenRefused(TokenError):
    """The provider's token endpoint refused."""

    code = "token_refused"
    next_step = "Check the credentials and the integration's client, or connect the account again."


class TokenUnusable(TokenError):
    """The token endpoint sent no token that can be used."""

    code = "token_unusable"
    next_step = "Compare the excerpt with the definition's token_response."


class RefreshWaits(TokenError):
    """Refreshing failed a moment ago; it is not tried again yet."""

    code = "refresh_waits"
    next_step = "Try again in half a minute."
    retry_after: float | None = None


class RefreshExhausted(TokenError):
    """Refreshing failed on several days; it is not tried any more."""

    code = "refresh_exhausted"
    next_step = "Connect the account again."


class StoreError(ConnectorError):
    """What is remembered cannot be read or written."""

    code = "store_failed"
    next_step = "Run `connectors doctor`."


class UnknownConnection(StoreError):
    """There is no such connection."""

    code = "unknown_connection"
    next_step = "`connectors connections list` names them all."


class UnknownIntegration(StoreError):
    """There is no such integration."""

    code = "unknown_integration"
    next_step = "`connectors integrations list` names them all."


class UnknownRun(StoreError):
    """There is no such run."""

    code = "unknown_run"
    next_step = "`connectors runs` lists them."


class UnknownFile(StoreError):
    """There is no such file, or it expired."""

    code = "unknown_file"
    next_step = "Files that actions take and give are kept for 24 hours; make or hand it over again."


class UnknownWebhook(StoreError):
    """A webhook came to an address that nobody was given, or without its login."""

    code = "unknown_webhook"
    next_step = "`connectors webhooks address` makes an address for a connection's provider; enter it there."


class StoreBusy(StoreError):
    """Another process held the database for too long."""

    code = "store_busy"
    next_step = "Try again; if it stays, see which process holds the file."


class StoreTooNew(StoreError):
    """The database was written by a newer version of connectors."""

    code = "store_too_new"
    next_step = "Install that version or newer; this one will not touch the file."


class StoreDamaged(StoreError):
    """The database file cannot be read."""

    code = "store_damaged"
    next_step = "Put it aside and restore the newest copy; every migration leaves one beside the file."


class VaultError(StoreError):
    """A secret cannot be sealed or opened."""

    code = "vault_failed"
    next_step = "Set CONNECTORS_ENCRYPTION_KEY to the key this store was made with."


class RunError(ConnectorError):
    """A sync run could not go on."""

    code = "run_failed"
    next_step = "Read the message; run the sync again when it is mended."


class AlreadyRunning(RunError):
    """The same sync of this connection is running."""

    code = "already_running"
    next_step = "Wait for it to end; `connectors runs` shows it."


class RunReplaced(RunError):
    """Another run took over; this one may not write."""

    code = "run_replaced"
    next_step = "Look at the newer run with `connectors runs`."


class RunStopped(RunError):
    """The run was stopped."""

    code = "run_stopped"
    next_step = "Run the sync again; it goes on where it stopped."


class InvalidItem(RunError):
    """The sync yielded something that is not an item, or a record without a usable id."""

    code = "invalid_item"
    next_step = "Mend the sync: yield dicts with an id, or Record, Seen, Gone, Skipped, Checkpoint."


class RecordInvalid(RunError):
    """A record breaks the schema of its model."""

    code = "record_invalid"
    next_step = "Compare the record with its schema; without --validate it is set aside and the run goes on."


class NothingToConfirm(RunError):
    """That run holds no deletions that wait for a yes."""

    code = "nothing_to_confirm"
    next_step = "`connectors runs` shows which runs need confirmation; only the newest of a sync can be confirmed."


class ActionError(ConnectorError):
    """An action could not be done.

    Where the action had changed something at the provider before it failed, the fact `changed` of
    whatever error it failed with lists those calls.
    """

    code = "action_failed"
    next_step = "Read the message."
    changed: Sequence[str] | None = None


class Conflict(ActionError):
    """What is at the provider is not as it was expected to be; nothing was changed."""

    code = "conflict"
    next_step = "Look at what is there now, then decide anew."
    reason: str | None = None
    found: Any = None


class InvalidOutput(ActionError):
    """What the action gave back breaks its output schema."""

    code = "invalid_action_output"
    next_step = "Compare the answer with the action's output schema; the provider may have changed."


class ActionExpired(ActionError):
    """The action did not end in time; it was stopped at its next call."""

    code = "action_expired"
    next_step = "Ask for less at a time, or look at the provider why it is slow."


class JobNeverEnded(ActionError):
    """A job at the provider did not end in time."""

    code = "job_never_ended"
    next_step = "Look at the provider how the job is getting on, then run the action again or wait longer."
    last: Mapping[str, Any] | None = None


class JobFailed(ActionError):
    """A job at the provider ended without its result."""

    code = "job_failed"
    next_step = "Read the job's message and log, mend the cause, and run the action again."
    state: str | None = None
    log: str | None = None


class UnsafeArchive(ActionError):
    """The archive must not be unpacked; nothing of it was kept."""

    code = "unsafe_archive"
    next_step = "Look at the archive before you trust its source; unpack it by hand if it is what you expect."
    damaged: bool = False  # it is cut off, broken, or no archive at all; nothing points to an attack
