"""Where the project's own data is: the provider definitions and the schemas."""

from __future__ import annotations

from pathlib import Path

from connectors.errors import DefinitionError

_PACKAGE = Path(__file__).resolve().parent


def root() -> Path:
    """The folder that holds `providers.yaml` and `schemas/`.

    In an installed wheel that is `connectors/_data`; in a clone or an editable install it is the
    folder that holds the package. Raises DefinitionError if the data is in neither.
    """
    return _find(_PACKAGE)


def _find(package: Path) -> Path:
    places = (package / "_data", package.parent)
    for place in places:
        if (place / "providers.yaml").is_file() and (place / "schemas").is_dir():
            return place
    raise DefinitionError(
        f"providers.yaml and schemas/ are neither in {places[0]} nor in {places[1]}.",
        next_step="Install the package again; the installation is incomplete.",
    )
