"""What single providers need beside their definition: scripts, found by the name that the YAML gives.

A definition names a script under one of three keys, which are the members of `Kind`:

- POST_CONNECTION runs once an account is connected and gives changes to its connection_config (None
  takes a name out). An error of it does not undo the connection.
- VERIFICATION stands in for `proxy.verification` and gives a Verdict.
- PRE_DELETION tells the provider that the connection ends. An error of it stops nothing.

A script is a generator function of a Subject (the connection, as it would be stored, and the moment).
It yields Calls, ordinary calls of that connection, and TokenRequests. `run` sends them:

    script = find(Kind.POST_CONNECTION, name)            # None: nobody has written that one
    changes = run(script(Subject(connection, moment)), client, exchange)

`exchange` sends a TokenRequest and gives the TokenAnswer. `named` gives the script's name in a
definition, and `unknown` one sentence for each script that a definition names and that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from importlib import import_module
from typing import Any, Literal, overload

from connectors.runtime.catalog import Provider
from connectors.runtime.scripts.protocol import (
    Changes,
    PostConnection,
    PreDeletion,
    Script,
    Step,
    Subject,
    Verdict,
    Verification,
    run,
)

__all__ = [
    "Changes",
    "Kind",
    "PostConnection",
    "PreDeletion",
    "Script",
    "Step",
    "Subject",
    "Verdict",
    "Verification",
    "find",
    "known",
    "named",
    "run",
    "unknown",
]


class Kind(StrEnum):
    """When a script runs. The value is the definition's key."""

    POST_CONNECTION = "post_connection_script"
    VERIFICATION = "credentials_verification_script"
    PRE_DELETION = "pre_connection_deletion_script"


_MODULES: Mapping[Kind, str] = {
    Kind.POST_CONNECTION: "post_connection",
    Kind.VERIFICATION: "verification",
    Kind.PRE_DELETION: "pre_deletion",
}
_PRE_CREATION = "pre_connection_creation_script"  # a key that definitions may have; no such script exists


@overload
def find(kind: Literal[Kind.POST_CONNECTION], name: str) -> PostConnection | None: ...
@overload
def find(kind: Literal[Kind.VERIFICATION], name: str) -> Verification | None: ...
@overload
def find(kind: Literal[Kind.PRE_DELETION], name: str) -> PreDeletion | None: ...
def find(kind: Kind, name: str) -> Callable[[Subject], Script[Any]] | None:
    """The script of that name; None if there is none."""
    return _scripts(kind).get(name)


def known(kind: Kind) -> frozenset[str]:
    """The names of all scripts of a kind."""
    return frozenset(_scripts(kind))


def named(provider: Provider, kind: Kind) -> str | None:
    """The name of the script that a definition wants then; None if it wants none."""
    name = provider.definition.get(kind.value)
    return name if isinstance(name, str) and name else None


def unknown(definition: Mapping[str, Any]) -> Mapping[str, str]:
    """A sentence for each key of a definition under which it names a script that does not exist."""
    found = {}
    for key in (*Kind, _PRE_CREATION):
        name = definition.get(key)
        if isinstance(name, str) and name and (key == _PRE_CREATION or name not in known(Kind(key))):
            found[str(key)] = f"There is no script {name}, so {_CONSEQUENCES[str(key)]}."
    return found


_CONSEQUENCES: Mapping[str, str] = {
    Kind.POST_CONNECTION.value: "what it would read from the account has to be given in connection_config",
    Kind.VERIFICATION.value: "credentials are accepted untested",
    Kind.PRE_DELETION.value: "the provider is not told when a connection ends",
    _PRE_CREATION: "nothing is done before a connection is made",
}


def _scripts(kind: Kind) -> Mapping[str, Callable[[Subject], Script[Any]]]:
    """Each kind is a module with a table named SCRIPTS, imported when it is asked for."""
    scripts: Mapping[str, Callable[[Subject], Script[Any]]] = import_module(f"{__name__}.{_MODULES[kind]}").SCRIPTS
    return scripts
