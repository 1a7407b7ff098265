"""The Paligo connector. What it syncs and what that costs: docs/providers/paligo/."""

from connectors import Connector, root
from connectors.paligo.actions import ACTIONS
from connectors.paligo.audit import content_audit
from connectors.paligo.metadata import check
from connectors.paligo.syncs.audit_findings import audit_findings
from connectors.paligo.syncs.documents import documents
from connectors.paligo.syncs.folders import folders
from connectors.paligo.syncs.forks import forks
from connectors.paligo.syncs.groups import groups
from connectors.paligo.syncs.images import images
from connectors.paligo.syncs.lists import lists
from connectors.paligo.syncs.taxonomies import taxonomies
from connectors.paligo.webhooks import parse

connector = Connector(
    definitions=root() / "providers.yaml",
    schemas=root() / "schemas",
    functions=(documents, folders, forks, images, taxonomies, groups, *lists, audit_findings, *ACTIONS),
    metadata=check,
    audit=content_audit,
    events=parse,
)
