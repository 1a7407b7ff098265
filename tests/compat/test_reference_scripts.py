"""Every script that the reference's definitions name has been written, but the one that the reference lacks too."""

from connectors.runtime.scripts import Kind, named, unknown


def test_every_script_of_the_reference_s_definitions_is_known(reference_catalog):
    providers = list(reference_catalog.providers())
    assert sum(named(provider, kind) is not None for provider in providers for kind in Kind) == 54 + 13 + 4
    lacking = [provider.name for provider in providers if unknown(provider.definition)]
    assert lacking == ["apple-calendar"]
