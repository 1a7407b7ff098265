"""Which script a definition names, and what is said of one that nobody has written."""

import pytest

from connectors.runtime.catalog import Provider
from connectors.runtime.scripts import Kind, find, known, named, unknown


@pytest.mark.parametrize("kind", Kind)
def test_every_known_script_is_found_by_its_name(kind):
    assert known(kind)
    assert all(callable(find(kind, name)) for name in known(kind))


def test_a_name_is_of_one_kind_only():
    assert find(Kind.VERIFICATION, "hubspotPostConnection") is None
    assert find(Kind.POST_CONNECTION, "hubspotPostConnection") is not None


@pytest.mark.parametrize("given", [None, "", 7, []])
def test_a_definition_may_name_none(given):
    assert named(Provider("shop", {Kind.PRE_DELETION.value: given}, "test"), Kind.PRE_DELETION) is None
    assert unknown({Kind.PRE_DELETION.value: given}) == {}


def test_scripts_that_nobody_has_written_are_said_under_their_key():
    definition = {
        "post_connection_script": "hubspotPostConnection",
        "credentials_verification_script": "nope",
        "pre_connection_creation_script": "never",
    }
    found = unknown(definition)
    assert list(found) == ["credentials_verification_script", "pre_connection_creation_script"]
    assert "nope" in found["credentials_verification_script"]
    assert "accepted untested" in found["credentials_verification_script"]
