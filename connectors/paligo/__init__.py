"""The Paligo connector. What it syncs and what that costs: docs/providers/paligo/."""

from connectors import Connector, root
from connectors.paligo.syncs.documents import documents

connector = Connector(
    definitions=root() / "providers.yaml",
    schemas=root() / "schemas",
    functions=(documents,),
)
