"""Turns a declarative provider definition into authenticated requests, kept-fresh records and safe write-backs.

```python
import connectors

with connectors.connect("paligo", {"instance": "acme", "username": "me@acme.example"}, {"apiKey": key}) as paligo:
    paligo.get("/api/v2/groups", params={"per_page": 1}).json()
    for document in paligo.pages("/api/v2/documents"):
        print(document["name"])
```

Everything public is here. What it takes is imported when it is used, so `import connectors` is cheap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.errors import (
    AlreadyRunning,
    AnswerError,
    AuthError,
    BrokenCursor,
    BudgetExhausted,
    CallError,
    ConfigError,
    ConnectFailed,
    ConnectionLost,
    ConnectorError,
    DefinitionError,
    DnsError,
    ForbiddenError,
    HostRefused,
    InputError,
    InvalidItem,
    InvalidUrl,
    NotFoundError,
    NothingToConfirm,
    OutcomeUnknown,
    PageLoop,
    PaginationError,
    Problem,
    ProviderError,
    RateLimited,
    RecordInvalid,
    RedirectRefused,
    RejectedError,
    RunError,
    RunReplaced,
    RunStopped,
    SecretOnCommandLine,
    SettingError,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreTooNew,
    TimedOut,
    TlsError,
    TooLarge,
    UnexpectedAnswer,
    UnknownConnection,
    UnknownFunction,
    UnknownProvider,
    UnknownRun,
    UnreachableError,
    UnresolvedPlaceholder,
    UnsupportedAuthMode,
    VaultError,
)

if TYPE_CHECKING:
    from connectors.authoring import Checkpoint, Gone, Item, Record, Run, Seen, Skipped, StartOver, sync
    from connectors.data import root
    from connectors.engine.host import Host
    from connectors.engine.passes import confirm_deletes
    from connectors.engine.records import read_records
    from connectors.engine.report import RunOptions, RunReport
    from connectors.engine.runs import run_sync
    from connectors.engine.settings import Settings
    from connectors.registry import Connector
    from connectors.runtime.catalog import Catalog, Provider
    from connectors.runtime.client import Client
    from connectors.runtime.connection import Connection
    from connectors.runtime.files import Download
    from connectors.runtime.hosts import HostPolicy
    from connectors.runtime.multipart import FilePart
    from connectors.runtime.response import Response
    from connectors.runtime.verify import Verification

__all__ = [
    "AlreadyRunning",
    "AnswerError",
    "AuthError",
    "BrokenCursor",
    "BudgetExhausted",
    "CallError",
    "Catalog",
    "Checkpoint",
    "Client",
    "ConfigError",
    "ConnectFailed",
    "Connection",
    "ConnectionLost",
    "Connector",
    "ConnectorError",
    "DefinitionError",
    "DnsError",
    "Download",
    "FilePart",
    "ForbiddenError",
    "Gone",
    "Host",
    "HostPolicy",
    "HostRefused",
    "InputError",
    "InvalidItem",
    "InvalidUrl",
    "Item",
    "NotFoundError",
    "NothingToConfirm",
    "OutcomeUnknown",
    "PageLoop",
    "PaginationError",
    "Problem",
    "Provider",
    "ProviderError",
    "RateLimited",
    "Record",
    "RecordInvalid",
    "RedirectRefused",
    "RejectedError",
    "Response",
    "Run",
    "RunError",
    "RunOptions",
    "RunReplaced",
    "RunReport",
    "RunStopped",
    "SecretOnCommandLine",
    "Seen",
    "SettingError",
    "Settings",
    "Skipped",
    "StartOver",
    "StoreBusy",
    "StoreDamaged",
    "StoreError",
    "StoreTooNew",
    "TimedOut",
    "TlsError",
    "TooLarge",
    "UnexpectedAnswer",
    "UnknownConnection",
    "UnknownFunction",
    "UnknownProvider",
    "UnknownRun",
    "UnreachableError",
    "UnresolvedPlaceholder",
    "UnsupportedAuthMode",
    "VaultError",
    "Verification",
    "__version__",
    "confirm_deletes",
    "connect",
    "read_records",
    "root",
    "run_sync",
    "sync",
]

_AUTHORING = "connectors.authoring"
_HOMES: Mapping[str, str] = {
    "Catalog": "connectors.runtime.catalog",
    "Checkpoint": _AUTHORING,
    "Client": "connectors.runtime.client",
    "Connection": "connectors.runtime.connection",
    "Connector": "connectors.registry",
    "Download": "connectors.runtime.files",
    "FilePart": "connectors.runtime.multipart",
    "Gone": _AUTHORING,
    "Host": "connectors.engine.host",
    "HostPolicy": "connectors.runtime.hosts",
    "Item": _AUTHORING,
    "Provider": "connectors.runtime.catalog",
    "Record": _AUTHORING,
    "Response": "connectors.runtime.response",
    "Run": _AUTHORING,
    "RunOptions": "connectors.engine.report",
    "RunReport": "connectors.engine.report",
    "Seen": _AUTHORING,
    "Settings": "connectors.engine.settings",
    "Skipped": _AUTHORING,
    "StartOver": _AUTHORING,
    "Verification": "connectors.runtime.verify",
    "confirm_deletes": "connectors.engine.passes",
    "read_records": "connectors.engine.records",
    "root": "connectors.data",
    "run_sync": "connectors.engine.runs",
    "sync": _AUTHORING,
}


def connect(
    provider: str,
    config: Mapping[str, Any],
    credentials: Mapping[str, Any],
    *,
    metadata: Mapping[str, Any] | None = None,
    providers: Sequence[Path | str] = (),
    **client_options: Any,
) -> Client:
    """A client for one account at a provider: nothing is stored, and nothing is sent yet.

    `config` and `credentials` hold the fields that the provider's definition asks for
    (`connectors providers show PROVIDER`), `metadata` what only we need to know, such as
    `{"plan": "enterprise"}`. `providers` are further files of definitions; they win by name.
    `client_options` are those of `Client`.

    Raises UnknownProvider, and ConfigError that lists all problems of the values at once. Ask
    `.verify()` whether the provider accepts them.
    """
    from connectors.registry import default_catalog
    from connectors.runtime.connect import connect as connect_in

    catalog = default_catalog([Path(file) for file in providers])
    return connect_in(catalog, provider, config, credentials, metadata=metadata, **client_options)


def __getattr__(name: str) -> Any:
    value: Any
    if name == "__version__":
        from importlib.metadata import version

        value = version("connectors")
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value  # found once
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
