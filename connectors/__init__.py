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
    ActionError,
    ActionExpired,
    AlreadyRunning,
    AnswerError,
    AuthError,
    BrokenCursor,
    BudgetExhausted,
    CallError,
    ConfigError,
    Conflict,
    ConnectFailed,
    ConnectionLost,
    ConnectorError,
    ConsentNeeded,
    ConsentRefused,
    ContentError,
    DefinitionError,
    DnsError,
    FileExists,
    ForbiddenError,
    HostRefused,
    InputError,
    IntegrationIncomplete,
    InvalidEvent,
    InvalidInput,
    InvalidItem,
    InvalidOutput,
    InvalidUrl,
    JobFailed,
    JobNeverEnded,
    KeyMaterialInvalid,
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
    RefreshExhausted,
    RefreshWaits,
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
    TokenError,
    TokenRefused,
    TokenUnusable,
    TooLarge,
    UnexpectedAnswer,
    UnknownConnection,
    UnknownFile,
    UnknownFunction,
    UnknownIntegration,
    UnknownProvider,
    UnknownRun,
    UnknownWebhook,
    UnreachableError,
    UnresolvedPlaceholder,
    UnsafeArchive,
    UnsafeXml,
    UnsupportedAuthMode,
    VaultError,
)

if TYPE_CHECKING:
    from connectors.authoring import (
        Audit,
        Audited,
        Call,
        Checkpoint,
        Event,
        FileRef,
        Finding,
        Gone,
        Item,
        Record,
        Run,
        Seen,
        Skipped,
        StartOver,
        action,
        sync,
    )
    from connectors.data import root
    from connectors.engine.host import Host
    from connectors.engine.invoke import ActionResult, invoke
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
    from connectors.runtime.integration import Integration
    from connectors.runtime.multipart import FilePart
    from connectors.runtime.response import Response
    from connectors.runtime.verify import Verification

__all__ = [
    "ActionError",
    "ActionExpired",
    "ActionResult",
    "AlreadyRunning",
    "AnswerError",
    "Audit",
    "Audited",
    "AuthError",
    "BrokenCursor",
    "BudgetExhausted",
    "Call",
    "CallError",
    "Catalog",
    "Checkpoint",
    "Client",
    "ConfigError",
    "Conflict",
    "ConnectFailed",
    "Connection",
    "ConnectionLost",
    "Connector",
    "ConnectorError",
    "ConsentNeeded",
    "ConsentRefused",
    "ContentError",
    "DefinitionError",
    "DnsError",
    "Download",
    "Event",
    "FileExists",
    "FilePart",
    "FileRef",
    "Finding",
    "ForbiddenError",
    "Gone",
    "Host",
    "HostPolicy",
    "HostRefused",
    "InputError",
    "Integration",
    "IntegrationIncomplete",
    "InvalidEvent",
    "InvalidInput",
    "InvalidItem",
    "InvalidOutput",
    "InvalidUrl",
    "Item",
    "JobFailed",
    "JobNeverEnded",
    "KeyMaterialInvalid",
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
    "RefreshExhausted",
    "RefreshWaits",
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
    "TokenError",
    "TokenRefused",
    "TokenUnusable",
    "TooLarge",
    "UnexpectedAnswer",
    "UnknownConnection",
    "UnknownFile",
    "UnknownFunction",
    "UnknownIntegration",
    "UnknownProvider",
    "UnknownRun",
    "UnknownWebhook",
    "UnreachableError",
    "UnresolvedPlaceholder",
    "UnsafeArchive",
    "UnsafeXml",
    "UnsupportedAuthMode",
    "VaultError",
    "Verification",
    "__version__",
    "action",
    "confirm_deletes",
    "connect",
    "invoke",
    "read_records",
    "root",
    "run_sync",
    "sync",
]

# What is imported when it is first used: module → its public names.
_LAZY: Mapping[str, str] = {
    "connectors.authoring": "Audit Audited Call Checkpoint Event FileRef Finding Gone Item Record Run Seen Skipped "
    "StartOver action sync",
    "connectors.data": "root",
    "connectors.engine.host": "Host",
    "connectors.engine.invoke": "ActionResult invoke",
    "connectors.engine.passes": "confirm_deletes",
    "connectors.engine.records": "read_records",
    "connectors.engine.report": "RunOptions RunReport",
    "connectors.engine.runs": "run_sync",
    "connectors.engine.settings": "Settings",
    "connectors.registry": "Connector",
    "connectors.runtime.catalog": "Catalog Provider",
    "connectors.runtime.client": "Client",
    "connectors.runtime.connection": "Connection",
    "connectors.runtime.files": "Download",
    "connectors.runtime.hosts": "HostPolicy",
    "connectors.runtime.integration": "Integration",
    "connectors.runtime.multipart": "FilePart",
    "connectors.runtime.response": "Response",
    "connectors.runtime.verify": "Verification",
}
_HOMES = {name: module for module, names in _LAZY.items() for name in names.split()}


def connect(
    provider: str,
    config: Mapping[str, Any],
    credentials: Mapping[str, Any],
    *,
    metadata: Mapping[str, Any] | None = None,
    integration: Integration | None = None,
    providers: Sequence[Path | str] = (),
    **client_options: Any,
) -> Client:
    """A client for one account at a provider: nothing is stored, and nothing is sent yet.

    `config` and `credentials` hold the fields that the provider's definition asks for
    (`connectors providers show PROVIDER`), `metadata` what only we need to know, such as
    `{"plan": "enterprise"}`, `integration` what is configured once for all accounts, such as an
    OAuth client. Where the auth mode fetches a token for the credentials, the first call does, and
    later ones renew it in memory. `providers` are further files of definitions; they win by name.
    `client_options` are those of `Client`.

    Raises UnknownProvider, and ConfigError that lists all problems of the values at once. Ask
    `.verify()` whether the provider accepts them.
    """
    from connectors.registry import default_catalog
    from connectors.runtime.connect import connect as connect_in

    catalog = default_catalog([Path(file) for file in providers])
    return connect_in(
        catalog, provider, config, credentials, metadata=metadata, integration=integration, **client_options
    )


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
