"""The reference's 1,013 definitions, as a file that somebody else wrote: every one loads and can be used.

CONNECTORS_REFERENCE_PROVIDERS names the file; it is not part of this repository.
"""

import pytest

from connectors import Catalog
from connectors.runtime.definition_check import check_file
from connectors.runtime.fields import fields_of, schema_of
from tests.compat.oracle import reference

VERSION = "b1ee667e6fd5fb219b2716edf36207e6a9e1e70c12c49979ad2919ed4716e983"  # SHA-256 of the file of 0.71.10


@pytest.fixture(scope="module")
def path():
    found = reference.known()
    if found is None:
        pytest.skip(reference.HOW)
    if reference.sha256(found) != VERSION:
        pytest.skip(f"{reference.SETTING} names another version than {reference.PACKAGE}")
    return found


def test_every_definition_can_be_used(path):
    catalog = Catalog([path])
    assert len(catalog.names()) == 1013
    for provider in catalog.providers():
        assert provider.auth_mode
        assert all(field.title and field.expected for field in fields_of(provider))
        assert schema_of(provider, "connection_config")["type"] == "object"


def test_the_check_finds_no_error_and_warns_of_what_never_works(path):
    findings = check_file(path)
    assert [finding for finding in findings if finding.severity == "error"] == []
    assert {"freshteam.credentials.apiKey.pattern", "whoop.proxy.paginate"} <= {finding.path for finding in findings}
