import pytest

from connectors import data
from connectors.errors import DefinitionError


def test_a_clone_finds_its_definitions_and_schemas():
    root = data.root()
    assert (root / "providers.yaml").is_file()
    assert (root / "schemas" / "provider.schema.json").is_file()


def test_a_wheel_finds_its_own_data_before_anything_beside_it(tmp_path):
    for folder in (tmp_path / "connectors" / "_data", tmp_path):
        (folder / "schemas").mkdir(parents=True)
        (folder / "providers.yaml").touch()
    assert data._find(tmp_path / "connectors") == tmp_path / "connectors" / "_data"


def test_an_incomplete_installation_says_so(tmp_path):
    with pytest.raises(DefinitionError, match=r"providers\.yaml"):
        data._find(tmp_path / "connectors")
