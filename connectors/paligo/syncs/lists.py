"""The syncs that are one list of whole objects each: a table, and one loop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.authoring import Item, Run, Sync, sync
from connectors.authoring.sync import Deletes
from connectors.paligo.costs import plain
from connectors.paligo.paging import listed

_COST = "Costs one request per 100."
_JOBS = "The provider lists recent jobs only; older ones stay stored as they were last seen. " + _COST


@dataclass(frozen=True)
class List:
    """One row of the table."""

    name: str
    model: str
    path: str  # as the reference writes it; its last segment is the key of the list
    every: str
    says: str
    recent: bool = False  # it lists recent ones only, so absence means nothing


LISTS = (
    List("assignments", "Assignment", "/api/v2/assignments/", "1h", "Every assignment."),
    List("imports", "Import", "/api/v2/imports/", "6h", "Imports of content.", recent=True),
    List("productions", "Production", "/api/v2/productions/", "1h", "Publishing jobs.", recent=True),
    List("publish-settings", "PublishSetting", "/api/v2/publishsettings/", "6h", "Every publish setting."),
    List("translation-exports", "TranslationExport", "/api/v2/translationexports/", "6h", "Translation exports.", True),
    List("translation-imports", "TranslationImport", "/api/v2/translationimports/", "6h", "Translation imports.", True),
    List("users", "User", "/api/v2/users/", "12h", "Every user."),
    List("variable-sets", "VariableSet", "/api/v2/variablesets/", "12h", "Every set of variables."),
    List("variable-values", "VariableValue", "/api/v2/variablevalues/", "12h", "Every value of a variable."),
    List("variable-variants", "VariableVariant", "/api/v2/variants/", "12h", "Every variant of a set of variables."),
    List("variables", "Variable", "/api/v2/variables/", "12h", "Every variable."),
)


def _declared(row: List) -> Sync:
    def function(run: Run) -> Iterator[Item]:
        yield from listed(run, row.path)

    function.__doc__ = f"{row.says}\n\n{_JOBS if row.recent else _COST}"
    deletes: Deletes = "explicit" if row.recent else "absent"
    return sync(row.model, every=row.every, deletes=deletes, name=row.name, cost=plain(row.path))(function)


lists: tuple[Sync, ...] = tuple(map(_declared, LISTS))
