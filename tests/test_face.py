import ast
import subprocess
import sys
from pathlib import Path

import pytest

import connectors
from connectors import errors

PACKAGE = Path(connectors.__file__).parent
HEAVY = {
    "requests",
    "urllib3",
    "yaml",
    "jsonschema",
    "jsonschema_rs",
    "cryptography",
    "orjson",
    "click",
    "rich",
    "sqlite3",
}


def test_every_name_in_all_is_really_there():
    for name in connectors.__all__:
        assert getattr(connectors, name) is not None


def test_all_is_sorted_without_doubles():
    assert list(connectors.__all__) == sorted(set(connectors.__all__))


def test_every_error_is_in_the_face():
    tree = ast.parse((PACKAGE / "errors.py").read_text())
    names = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    assert names <= set(connectors.__all__)
    for name in names:
        assert getattr(connectors, name) is getattr(errors, name)


def test_everything_lazy_is_declared_for_type_checkers_too():
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    declared = {
        alias.name
        for node in tree.body
        if isinstance(node, ast.If)
        for inner in node.body
        if isinstance(inner, ast.ImportFrom)
        for alias in inner.names
    }
    assert declared == set(connectors._HOMES)


def test_the_names_that_the_readme_and_connectors_use_are_public():
    used = {"connect", "Client", "Connection", "Provider", "Catalog", "Response", "Connector", "sync", "Record", "Seen"}
    used |= {"Gone", "Skipped", "Checkpoint", "StartOver", "Run", "Item", "ConnectorError", "__version__"}
    assert used <= set(connectors.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        connectors.nonsense  # noqa: B018 - asking is the test


def test_dir_shows_the_face():
    assert set(connectors.__all__) <= set(dir(connectors))


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, connectors; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = {name.partition(".")[0] for name in done.stdout.split()}
    assert not imported & HEAVY
    assert "connectors.runtime" not in done.stdout.split()


def test_the_pytest_plugin_imports_nothing_heavy():
    code = "import sys, connectors.testing.plugin; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = {name.partition(".")[0] for name in done.stdout.split()}
    assert not imported & (HEAVY | {"vcr", "pytest_recording"})


def test_connect_reports_all_problems_at_once():
    with pytest.raises(connectors.ConfigError) as caught:
        connectors.connect("paligo", {"instance": "evil.com/#"}, {})
    assert {problem.field for problem in caught.value.problems} == {"instance", "username", "apiKey"}


def test_connect_knows_the_plans():
    with pytest.raises(connectors.ConfigError, match="enterprise"):
        connectors.connect(
            "paligo",
            {"instance": "acme", "username": "me@acme.example"},
            {"apiKey": "ABCDEF0123"},
            metadata={"plan": "x"},
        )


def test_connect_names_close_providers():
    with pytest.raises(connectors.UnknownProvider, match="paligo"):
        connectors.connect("paligoo", {}, {})


def test_connect_takes_further_definitions(tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "mine:\n    display_name: Mine\n    auth_mode: NONE\n    docs: https://mine.example\n"
        "    proxy:\n        base_url: https://api.mine.example\n"
    )
    with connectors.connect("mine", {}, {}, providers=[tmp_path / "mine.yaml"]) as client:
        assert client.connection.provider.display_name == "Mine"


def test_connect_sends_nothing_and_shows_no_secret():
    with connectors.connect(
        "paligo", {"instance": "acme", "username": "me@acme.example"}, {"apiKey": "ABCDEF0123"}
    ) as client:
        assert "ABCDEF0123" not in f"{client!r} {client.connection!r} {client.connection.provider!r}"
