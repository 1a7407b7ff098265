"""Every setting: name, default and meaning in one tuple."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text", "path", "paths", "bool", "choice", "keys", "database", "url", "origins", "port", "count", "seconds"
]


@dataclass(frozen=True)
class Setting:
    """One thing that can be set."""

    name: str  # of the environment variable
    default: str  # as it would be written; "" = not set
    help: str  # one sentence, for people
    secret: bool = False  # never shown
    kind: Kind = "text"  # how the text is read
    choices: tuple[str, ...] = ()  # with kind "choice"


SETTINGS = (
    Setting("CONNECTORS_HOME", "~/.connectors", "The data folder: database, key file and .env.", kind="path"),
    Setting(
        "CONNECTORS_ENCRYPTION_KEY",
        "",
        "Key for stored credentials: 32 random bytes in Base64; several, newest first, separated by commas. "
        "Without it, a key file is made in the data folder.",
        secret=True,
        kind="keys",
    ),
    Setting(
        "CONNECTORS_PROVIDERS",
        "",
        f"Further files of provider definitions, separated by '{os.pathsep}'; later ones win.",
        kind="paths",
    ),
    Setting("CONNECTORS_PATH", "", f"Folders with connectors, separated by '{os.pathsep}'.", kind="paths"),
    Setting(
        "CONNECTORS_ALLOW_PRIVATE_HOSTS",
        "off",
        "Whether calls may go to private, loopback and link-local addresses.",
        kind="bool",
    ),
    Setting(
        "CONNECTORS_BASE_URL_OVERRIDE",
        "listed",
        "Whether a call may name another base URL.",
        kind="choice",
        choices=("off", "listed", "any"),
    ),
    Setting(
        "DATABASE_URL",
        "",
        "Where connections and records are kept: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME; without it, "
        "connectors.db in the data folder.",
        kind="database",
    ),
    Setting("CONNECTORS_ENVIRONMENT", "dev", "The environment that commands work in."),
    Setting("CONNECTORS_HOST", "127.0.0.1", "The address that the server listens at."),
    Setting("CONNECTORS_PORT", "3003", "The port that the server listens at.", kind="port"),
    Setting(
        "CONNECTORS_PUBLIC_URL",
        "",
        "Where browsers and providers reach the server; without it, where it listens.",
        kind="url",
    ),
    Setting(
        "CONNECTORS_FRAME_ORIGINS",
        "",
        "Origins whose pages may show the connect form in a frame, separated by commas.",
        kind="origins",
    ),
    Setting(
        "CONNECTORS_RATE_LIMIT", "60000", "Requests a minute that the server takes from one environment.", kind="count"
    ),
    Setting("CONNECTORS_CONCURRENCY", "8", "How many syncs one process runs at a time.", kind="count"),
    Setting("CONNECTORS_HEARTBEAT", "5", "Seconds between two signs of life of a run.", kind="seconds"),
    Setting(
        "CONNECTORS_TAKE_OVER",
        "20",
        "Seconds without a sign of life after which a run or a worker counts as dead, on PostgreSQL.",
        kind="seconds",
    ),
    Setting("CONNECTORS_WEBHOOK_URL", "", "Where webhooks to the customer go, unless an environment says.", kind="url"),
    Setting(
        "CONNECTORS_ALERT_AFTER",
        "1",
        "How many runs of a sync fail in a row before the customer is told, once.",
        kind="count",
    ),
    Setting("CONNECTORS_RETENTION_RUNS", "30", "Days that ended runs and results of actions are kept.", kind="count"),
    Setting("CONNECTORS_RETENTION_REQUESTS", "7", "Days that the log of requests to providers is kept.", kind="count"),
    Setting("CONNECTORS_RETENTION_DELIVERIES", "30", "Days that sent webhooks are kept.", kind="count"),
    Setting("CONNECTORS_RETENTION_DELETED", "90", "Days that deleted records are kept.", kind="count"),
    Setting("CONNECTORS_RETENTION_AUDIT", "400", "Days that the audit log is kept.", kind="count"),
)
