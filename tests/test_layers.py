import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ORDER = ("errors", "data", "runtime", "authoring", "registry", "engine", "server", "cli")

# What each layer may import of ours. Everything else is a reversed arrow.
MAY_IMPORT = {layer: {*ORDER[: place + 1]} for place, layer in enumerate(ORDER)} | {
    "cli": {*ORDER, "face", "paligo", "emulator"},
    "paligo": {"paligo", "face", "authoring"},
    "emulator": {"emulator", "errors"},
    "testing": {"testing", "errors", "data", "runtime", "authoring"},
}
FACE_EAGERLY = {"errors"}
FACE_LAZILY = {*ORDER} - {"cli"}

NETWORK = re.compile(r"(socket|socketserver|ssl|asyncio|requests|urllib3|http\.(client|server)|urllib\.request)(\.|$)")
OPENS_SOCKETS = {
    "connectors.runtime.transport": "the one that sends",
    "connectors.runtime.sockets": "transport's connection classes",
    "connectors.runtime.deadlines": "transport's deadline on a socket",
    "connectors.runtime.failures": "names the exceptions that transport meets",
    "connectors.runtime.tls": "transport's TLS contexts; opens nothing",
    "connectors.engine.leases": "asks for this machine's name only",
    "connectors.engine.execution.procrastinate": "runs the event loop that procrastinate works in; sends nothing",
    "connectors.server.popups": "waits for messages on the server's event loop; opens nothing",
    "connectors.server.serving": "binds the address that the server listens at",
    "connectors.cli.loopback": "waits on this machine for a browser; sends nothing",
}
EXTRAS = {  # layer, or module and those whose names go on with "_" → the extra whose libraries it may import
    "server": "server",
    "testing": "testing",
    "connectors.engine.execution.procrastinate": "postgres",
    "connectors.engine.store.postgres": "postgres",
}
IF_INSTALLED = {"opentelemetry"}  # used where it is there, and never asked for
LONGEST = 300
LONGER_FOR_A_REASON = {"connectors/errors.py", "connectors/__init__.py"}  # lists that are read as one


@dataclass(frozen=True)
class Import:
    module: str  # that imports
    target: str  # what it imports
    line: int
    lazy: bool  # inside a function, or for type checkers only

    def __str__(self) -> str:
        return f"{self.module} line {self.line} imports {self.target}"


def imports(root: Path) -> Iterator[Import]:
    files = {_module(root, file): file for file in sorted((root / "connectors").rglob("*.py"))}
    for module, file in files.items():
        package = module if file.name == "__init__.py" else module.rpartition(".")[0]
        for node, lazy in _walk(ast.parse(file.read_text(encoding="utf-8")), lazy=False):
            for target in _targets(node, package, set(files)):
                yield Import(module, target, node.lineno, lazy)


def _module(root: Path, file: Path) -> str:
    return ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _walk(node: ast.AST, *, lazy: bool) -> Iterator[tuple[ast.stmt | ast.expr, bool]]:
    for child in ast.iter_child_nodes(node):
        inside = lazy or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) or _for_checkers(child)
        if isinstance(child, (ast.stmt, ast.expr)):
            yield child, inside
        yield from _walk(child, lazy=inside)


def _for_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def _targets(node: ast.AST, package: str, modules: set[str]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parents = package.split(".")
            base = ".".join([*parents[: len(parents) - node.level + 1], *([base] if base else [])])
        return [name if (name := f"{base}.{alias.name}") in modules else base for alias in node.names]
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = ast.unparse(node.func)
        if called.endswith(("import_module", "__import__")) and isinstance(node.args[0].value, str):
            return [node.args[0].value]
    return []


def layer_of(module: str) -> str:
    parts = module.split(".")
    if len(parts) == 1:
        return "face"
    if parts[1:3] == ["paligo", "emulator"]:
        return "emulator"
    return "cli" if parts[1] == "__main__" else parts[1]


def reversed_arrows(root: Path) -> list[str]:
    return [f"{found}: {complaint}" for found in imports(root) if (complaint := _complaint(found))]


def _complaint(found: Import) -> str | None:
    if found.target.split(".")[0] != "connectors":
        return None
    source, target = layer_of(found.module), layer_of(found.target)
    allowed = _allowed(source, lazy=found.lazy)
    if target in allowed:
        return None
    return f"{source} must not import {target}" if allowed else f"{source} is in no layer"


def _allowed(layer: str, *, lazy: bool) -> set[str]:
    if layer == "face":
        return FACE_LAZILY if lazy else FACE_EAGERLY
    return MAY_IMPORT.get(layer, set())


def network_imports(root: Path) -> list[str]:
    free = ("emulator", "testing")
    return [
        str(found)
        for found in imports(root)
        if NETWORK.match(found.target) and layer_of(found.module) not in free and found.module not in OPENS_SOCKETS
    ]


def test_imports_point_one_way():
    assert reversed_arrows(ROOT) == []


def test_only_the_transport_knows_the_network():
    assert network_imports(ROOT) == []


def test_the_exceptions_from_the_rules_are_still_needed():
    users = {found.module for found in imports(ROOT) if NETWORK.match(found.target)}
    assert set(OPENS_SOCKETS) - users == set()


def test_every_library_that_is_imported_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {_library(text) for text in project["dependencies"]}
    extras = {
        extra: {_library(text) for text in project["optional-dependencies"][extra]} for extra in set(EXTRAS.values())
    }
    libraries = importlib.metadata.packages_distributions()
    missing = [
        str(found)
        for found in imports(ROOT)
        if (top := found.target.split(".")[0]) not in {"connectors", *IF_INSTALLED, *sys.stdlib_module_names}
        and not {_library(name) for name in libraries.get(top, ["unknown"])}
        & (declared | extras.get(_extra(found.module), set()))
    ]
    assert missing == []


def _extra(module: str) -> str:
    named = (extra for name, extra in EXTRAS.items() if module == name or module.startswith(f"{name}_"))
    return next(named, EXTRAS.get(layer_of(module), ""))


def _library(text: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", text)[0].lower().replace("_", "-")


def test_a_file_fits_on_a_few_screens():
    files = {str(file.relative_to(ROOT)): file for file in (ROOT / "connectors").rglob("*.py")}
    long = {name: lines for name, file in files.items() if (lines := _length(file)) > LONGEST}
    assert set(long) == LONGER_FOR_A_REASON, long


def _length(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def _imported_by(program: str, *arguments: str) -> set[str]:
    command = [sys.executable, "-X", "importtime", "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def test_help_comes_without_the_heavy_libraries():
    seen = _imported_by("from connectors.cli.main import main; main()", "--help")
    tops = {name.split(".")[0] for name in seen}
    heavy = {
        "requests",
        "urllib3",
        "jsonschema",
        "jsonschema_rs",
        "cryptography",
        "starlette",
        "yaml",
        "rich",
        "sqlite3",
    }
    assert "click" in tops
    assert tops & heavy == set()


def test_importing_the_face_imports_the_errors_only():
    seen = _imported_by("import connectors")
    assert {name for name in seen if name.split(".")[0] == "connectors"} <= {"connectors", "connectors.errors"}
    assert {name.split(".")[0] for name in seen} & {"requests", "click", "yaml", "orjson"} == set()


@pytest.mark.parametrize(
    ("file", "line", "complaint"),
    [
        ("errors.py", "from connectors import data", "errors must not import data"),
        ("data.py", "import connectors.runtime.url", "data must not import runtime"),
        ("runtime/url.py", "from connectors.engine import vault", "runtime must not import engine"),
        ("runtime/url.py", "from connectors import connect", "runtime must not import face"),
        ("runtime/url.py", "import connectors", "runtime must not import face"),
        ("runtime/url.py", "from .. import errors, registry", "runtime must not import registry"),
        ("runtime/url.py", "from ..engine.vault import Vault", "runtime must not import engine"),
        ("runtime/url.py", "def f():\n    from connectors.engine import vault", "runtime must not import engine"),
        ("runtime/url.py", "if TYPE_CHECKING:\n    from connectors.cli import main", "runtime must not import cli"),
        ("runtime/url.py", "if t.TYPE_CHECKING:\n    import connectors.cli", "runtime must not import cli"),
        ("runtime/url.py", "x = importlib.import_module('connectors.cli')", "runtime must not import cli"),
        ("authoring/sync.py", "from connectors.registry import Registry", "authoring must not import registry"),
        ("engine/run.py", "from connectors.paligo import connector", "engine must not import paligo"),
        ("engine/run.py", "import connectors.testing", "engine must not import testing"),
        ("paligo/syncs.py", "from connectors.runtime.client import Client", "paligo must not import runtime"),
        ("paligo/syncs.py", "from connectors.paligo.emulator import Emulator", "paligo must not import emulator"),
        ("paligo/emulator/service.py", "from connectors.runtime import url", "emulator must not import runtime"),
        ("testing/plugin.py", "from connectors.engine.vault import Vault", "testing must not import engine"),
        ("__init__.py", "from connectors.data import root", "face must not import data"),
        ("__init__.py", "def f():\n    from connectors.cli import main", "face must not import cli"),
        ("novelty.py", "import connectors.errors", "novelty is in no layer"),
    ],
)
def test_the_check_names_a_reversed_arrow(tmp_path, file, line, complaint):
    _made_up_tree(tmp_path, {file: line})
    (found,) = reversed_arrows(tmp_path)
    assert found.startswith(_module(tmp_path, tmp_path / "connectors" / file))
    assert found.endswith(f": {complaint}")


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("__init__.py", "from connectors.errors import ConnectorError"),
        ("__init__.py", "def f():\n    from connectors.registry import Registry"),
        ("runtime/client.py", "from connectors import errors\nfrom .url import join\nfrom . import url"),
        ("engine/run.py", "from connectors.authoring import sync\nfrom connectors.runtime.url import join"),
        (
            "paligo/syncs.py",
            "from connectors import Connector\nfrom connectors.authoring import sync\nfrom . import emulator_x",
        ),
        ("paligo/emulator/service.py", "from connectors.errors import InputError\nfrom .account import Account"),
        ("cli/emulate.py", "from connectors.paligo.emulator import Emulator"),
        ("errors.py", "import json, connectorsx\nfrom other.connectors import cli"),
    ],
)
def test_the_check_lets_the_right_arrows_pass(tmp_path, file, line):
    _made_up_tree(tmp_path, {file: line})
    assert reversed_arrows(tmp_path) == []


@pytest.mark.parametrize(
    "line",
    ["import requests", "from urllib3.util import Retry", "def f():\n    import http.client", "import urllib.request"],
)
def test_the_check_sees_a_way_to_the_network(tmp_path, line):
    _made_up_tree(tmp_path, {"runtime/client.py": line, "runtime/transport.py": line, "engine/run.py": "import http"})
    (found,) = network_imports(tmp_path)
    assert found.startswith("connectors.runtime.client ")


def _made_up_tree(root: Path, files: dict[str, str]) -> None:
    names = ("errors", "data", "registry", "runtime/url", "engine/vault", "cli/main", "paligo/emulator/account")
    for name, text in ({f"{name}.py": "" for name in names} | files).items():
        file = root / "connectors" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
