"""What every script is: steps out, answers in, a result at the end. No script sends anything itself."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from connectors.errors import UnexpectedAnswer
from connectors.runtime.answers import error_of
from connectors.runtime.auth.flow import TokenAnswer, TokenRequest, drive
from connectors.runtime.connection import Connection
from connectors.runtime.request import Call
from connectors.runtime.response import Response
from connectors.runtime.template import Moment

if TYPE_CHECKING:
    from connectors.runtime.client import Client

Result = TypeVar("Result")


@dataclass(frozen=True, repr=False)
class Subject:
    """What a script is about."""

    connection: Connection
    moment: Moment


@dataclass(frozen=True)
class Verdict:
    """Whether credentials are good; `reason` is a sentence for the person who entered them."""

    ok: bool
    reason: str = ""


Step: TypeAlias = Call | TokenRequest
Script: TypeAlias = Generator[Step, Any, Result]
"""A Call is answered with a Response of any status, a TokenRequest with a TokenAnswer."""

Changes: TypeAlias = Mapping[str, Any]
"""Names of connection_config with their new values; None takes a name out."""

PostConnection: TypeAlias = Callable[[Subject], Script[Changes]]
Verification: TypeAlias = Callable[[Subject], Script[Verdict]]
PreDeletion: TypeAlias = Callable[[Subject], Script[None]]


def run(
    script: Script[Result], client: Client, exchange: Callable[[TokenRequest], TokenAnswer] | None = None
) -> Result:
    """Run a script to its end: calls go through the client, each once, token requests through `exchange`.

    Only post-connection scripts make token requests.

    Raises what the client and `exchange` raise, and UnexpectedAnswer for answers that make no sense.
    """
    from connectors.runtime.options import Options

    # A script names another host only if the provider's definition or the script itself spells it out.
    options = Options(retries=0, raise_for_status=False, policy=replace(client.policy, override="any"))

    def answer(step: Step) -> Response | TokenAnswer:
        if isinstance(step, Call):
            return client.send(step, options)
        if exchange is None:
            raise TypeError("this script makes token requests, and nothing was given to send them")
        return exchange(step)

    return cast(Result, drive(cast(Any, script), cast(Any, answer)))


def fetch(subject: Subject, call: Call) -> Script[Any]:
    """The JSON value that a call is answered with. Raises an AnswerError for a status outside 2xx."""
    response = yield call
    refuse_errors(subject, response)
    return response.json()


def refuse_errors(subject: Subject, response: Response) -> None:
    """Raises the AnswerError of a status outside 2xx."""
    if not response.ok:
        now = subject.moment.now.timestamp()
        raise error_of(response, provider=subject.connection.provider.name, attempts=1, now=now)


def unexpected(subject: Subject, what: str) -> UnexpectedAnswer:
    """The error for an answer that lacks something. `what` holds no value of the answer."""
    return UnexpectedAnswer(f"{subject.connection.provider.name} answered without {what}.")
