"""The reference's definitions, where they can be had."""

import pytest

from connectors import Catalog
from tests.compat.oracle import reference


@pytest.fixture(scope="session")
def reference_catalog():
    """All 1,013 of them, as they are; without the file the test is skipped with what to do."""
    path = reference.known()
    if path is None:
        pytest.skip(reference.HOW)
    return Catalog([path])
