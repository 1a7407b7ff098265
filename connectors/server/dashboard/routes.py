"""All endpoints of the dashboard."""

from __future__ import annotations

from connectors.server.dashboard import (
    actions,
    audit,
    connections,
    deliveries,
    environment,
    files,
    integrations,
    overview,
    records,
    runs,
    sign_in,
    syncs,
)

ENDPOINTS = tuple(
    endpoint
    for module in (
        sign_in,
        overview,
        integrations,
        connections,
        syncs,
        runs,
        records,
        actions,
        files,
        deliveries,
        audit,
        environment,
    )
    for endpoint in module.ENDPOINTS
)
