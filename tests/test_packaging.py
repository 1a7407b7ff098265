"""The wheel, a clone and an editable install each find their data, in an environment that holds nothing of ours."""

import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FIND = """
import connectors, connectors.data, json
from connectors.registry import Registry
from connectors.server.docs.index import index
from connectors.server.docs.sources import sources
from connectors.runtime.models import Models
root = connectors.data.root()
model = Models([root / "schemas"]).get("paligo", "Document")
registry = Registry.load()
docs = sources()
print(json.dumps({
    "package": connectors.__file__,
    "root": str(root),
    "provider": registry.catalog(()).get("paligo").name,
    "sync": registry.sync("paligo", "documents").model,
    "pages": sorted(docs.pages),
    "listed": sum(len(section.entries) for section in index(docs).sections),
    "problem": model.problem({"id": 1, "name": "x"}),
}))
"""


@dataclass(frozen=True)
class Environment:
    """A virtual environment with the libraries we depend on, and without us."""

    folder: Path

    def __post_init__(self) -> None:
        _run(sys.executable, "-m", "venv", "--without-pip", str(self.folder))
        # A line in a .pth file adds a folder to the path without reading the .pth files in it,
        # so the libraries are there and the editable install of the developer is not.
        purelib = Path(_run(str(self.python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
        (purelib / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def install(self, *what: str) -> None:
        pip = (sys.executable, "-m", "pip", "--python", str(self.python), "install", "--ignore-installed")
        _run(*pip, "--quiet", "--no-index", "--no-deps", "--no-build-isolation", *what)

    def find(self, **environ: str) -> dict[str, str]:
        found: dict[str, str] = json.loads(_run(str(self.python), "-c", FIND, **environ))
        return found


def _run(*command: str, **environ: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}
    env = clean | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_CONFIG_FILE": os.devnull, **environ}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=env, cwd="/", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation")
    _run(*pip, "--wheel-dir", str(folder), str(ROOT))
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture
def environment(tmp_path):
    return Environment(tmp_path / "environment")


def _works(found: dict[str, str]) -> None:
    assert found["provider"] == "paligo"
    assert found["sync"] == "Document"
    assert found["problem"] is None
    assert {"readme", "settings", "providers/paligo", "providers/paligo/connect"} <= set(found["pages"])
    assert found["listed"] == len(found["pages"])


def test_the_wheel_in_an_empty_environment_finds_its_data(wheel, environment):
    environment.install(str(wheel))
    found = environment.find()
    inside = environment.folder.resolve()
    assert Path(found["package"]).resolve().is_relative_to(inside)
    assert Path(found["root"]).resolve().is_relative_to(inside)
    _works(found)
    help_text = _run(str(environment.folder / "bin" / "connectors"), "--help")
    assert "Usage" in help_text


def test_a_clone_finds_its_data_from_any_folder(environment):
    found = environment.find(PYTHONPATH=str(ROOT))
    assert Path(found["package"]).parent == ROOT / "connectors"
    assert Path(found["root"]) == ROOT
    _works(found)


def test_an_editable_install_finds_its_data(environment):
    environment.install("--editable", str(ROOT))
    found = environment.find()
    assert Path(found["package"]).parent == ROOT / "connectors"
    assert Path(found["root"]) == ROOT
    _works(found)


def test_the_wheel_holds_all_that_runs_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    ours = {name for name in names if not name.split("/")[0].endswith(".dist-info")}
    kept = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "connectors").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".pyc"
    }
    held = [*(ROOT / "schemas").rglob("*.json"), *(file for file in (ROOT / "docs").rglob("*") if file.is_file())]
    held += [ROOT / name for name in ("providers.yaml", "README.md", "CHANGELOG.md", "cassettes/README.md")]
    readmes = list((ROOT / "connectors").glob("*/README.md"))  # of connectors: pages of the docs, and nothing that runs
    held += readmes
    kept -= {str(file.relative_to(ROOT)) for file in readmes}
    assert ours == kept | {str(Path("connectors/_data", file.relative_to(ROOT))) for file in held}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_changelog_knows_this_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_licence_is_the_one_that_is_declared():
    text = (ROOT / "LICENSE").read_text()
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"] == "Apache-2.0"
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.parametrize("word", ["check", "test", "demo", "record"])
def test_make_names_its_words_and_sets_up_before_each(word):
    rules = (ROOT / "Makefile").read_text()
    assert f"\n{word}: $(STAMP)\n" in rules
    assert f"make {word}" in _run("make", "--no-print-directory", "-C", str(ROOT), "help")


@pytest.mark.parametrize(
    ("python", "message"),
    [
        ("[ $1 = --version ] && echo Python 3.8.1 && exit 0; exit 1", "Python 3.11 or newer; found: Python 3.8.1"),
        ("[ $1 = -c ] && exit 0; mkdir .venv; exit 1", "cannot make a virtual environment"),
    ],
    ids=["too old", "without venv"],
)
def test_make_says_what_a_machine_lacks_and_leaves_nothing_half_made(tmp_path, python, message):
    fake = tmp_path / "python3"
    fake.write_text(f"#!/bin/sh\n{python}\n")
    fake.chmod(0o755)
    project = tmp_path / "project"
    project.mkdir()
    (project / "Makefile").write_text((ROOT / "Makefile").read_text())
    (project / "pyproject.toml").touch()
    command = ["make", "-C", str(project), f"PYTHON={fake}", "test"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert message in done.stderr
    assert not (project / ".venv").exists()


def test_ci_calls_check_and_test_and_can_be_run():
    file = ROOT / ".ci" / "run"
    text = file.read_text()
    assert os.access(file, os.X_OK)
    assert "make --no-print-directory check" in text
    assert "make --no-print-directory test" in text
