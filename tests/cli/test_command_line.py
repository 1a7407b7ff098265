import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from connectors import errors
from connectors.cli import failures, main
from connectors.cli.choices import Choices
from connectors.cli.lazy import Entry


def walk(command, path="connectors", parent=None):
    context = click.Context(command, parent=parent, info_name=path.rpartition(" ")[2])
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from walk(command.get_command(context, name), f"{path} {name}", context)


COMMANDS = dict(walk(main.cli))


def call(*arguments, environment=None, **options):
    command = [sys.executable, "-m", "connectors", *arguments]
    given = {**os.environ, **(environment or {})}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=given, check=False, **options)


@pytest.mark.parametrize("name", main.COMMANDS)
def test_the_listing_says_what_the_command_itself_says(name):
    command = COMMANDS[f"connectors {name}"]
    assert command.help.splitlines()[0] == main.COMMANDS[name].summary
    assert command.name == name


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_help_and_takes_the_common_options(path):
    command = COMMANDS[path]
    result = CliRunner().invoke(main.cli, [*path.split()[1:], "--help"])
    assert result.exit_code == 0
    assert command.help
    assert {"--home", "--env", "--providers", "--path"} <= {name for each in command.params for name in each.opts}
    assert all(each.help for each in command.params if isinstance(each, click.Option))


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_and_option_is_documented(path, pytestconfig):
    page = (pytestconfig.rootpath / "docs" / "cli.md").read_text(encoding="utf-8")
    names = [name for each in COMMANDS[path].params if isinstance(each, click.Option) for name in each.opts]
    names += [name for each in COMMANDS[path].params if isinstance(each, click.Option) for name in each.secondary_opts]
    assert [name for name in (path, *names) if f"`{name}" not in page and f" {name}" not in page] == []


@pytest.mark.parametrize("code", failures.EXIT_CODES)
def test_every_exit_code_is_documented(code, pytestconfig):
    assert f"| {code} | " in (pytestconfig.rootpath / "docs" / "cli.md").read_text(encoding="utf-8")
    assert f"  {code} " in CliRunner().invoke(main.cli, ["--help"]).stdout


def test_the_version_is_the_packages():
    assert CliRunner().invoke(main.cli, ["--version"]).stdout.startswith("connectors 0.")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["connect", "--help"], ["proxy", "--help"]])
def test_help_imports_nothing_heavy(arguments):
    program = "import sys; from connectors.cli.main import main\ntry: main()\nfinally: print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert loaded & {"requests", "jsonschema", "cryptography", "rich", "yaml", "starlette", "sqlite3"} == set()


def test_the_shell_completes_commands_and_options():
    script = call(environment={"_CONNECTORS_COMPLETE": "bash_source"}).stdout
    assert "_CONNECTORS_COMPLETE=bash_complete" in script
    given = {"_CONNECTORS_COMPLETE": "bash_complete", "COMP_WORDS": "connectors con", "COMP_CWORD": "1"}
    assert call(environment=given).stdout.split() == ["plain,connect", "plain,connections"]
    given = {"_CONNECTORS_COMPLETE": "bash_complete", "COMP_WORDS": "connectors sync --dr", "COMP_CWORD": "2"}
    assert call(environment=given).stdout.split() == ["plain,--dry-run"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.ConfigError, 2),
        (errors.SettingError, 2),
        (errors.UnknownConnection, 2),
        (errors.AuthError, 4),
        (errors.ForbiddenError, 4),
        (errors.TokenRefused, 4),
        (errors.TokenUnusable, 1),
        (errors.NotFoundError, 1),
        (errors.RateLimited, 1),
        (errors.DnsError, 1),
        (errors.AlreadyRunning, 5),
        (errors.StoreBusy, 5),
        (errors.StoreDamaged, 1),
        (errors.RunError, 1),
        (failures.NeedsYes, 3),
    ],
)
def test_an_error_and_its_plain_form_have_the_same_exit_code(kind, code):
    assert failures.exit_code(kind()) == code
    assert failures.exit_code_of(kind().to_dict()) == code


@pytest.mark.parametrize(("status", "code"), [(400, 4), (401, 4), (503, 1)])
def test_a_token_endpoint_that_is_out_of_order_has_not_refused_the_credentials(status, code):
    error = errors.TokenRefused(status=status)
    assert (failures.exit_code(error), failures.exit_code_of(error.to_dict())) == (code, code)


def failing(monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(Choices, "host", fail)
    return CliRunner().invoke(main.cli, ["connections", "list", "--json"])


def test_what_nobody_foresaw_is_told_without_its_text(monkeypatch, home):
    result = failing(monkeypatch, RuntimeError("the key is typed-secret"))
    assert result.exit_code == 1
    assert result.stderr.startswith("error [internal]: RuntimeError at ")
    assert json.loads(result.stdout)["error"]["code"] == "internal"
    assert "typed-secret" not in result.output
    assert "Traceback" not in result.output


def test_an_error_of_the_system_says_its_reason(monkeypatch, home):
    result = failing(monkeypatch, PermissionError(13, "Permission denied", "/some/file"))
    assert "Permission denied (/some/file)" in result.stderr


def test_ctrl_c_ends_with_130(monkeypatch, home):
    result = failing(monkeypatch, KeyboardInterrupt())
    assert result.exit_code == 130
    assert "Interrupted." in result.stderr


def test_every_problem_of_an_error_is_listed(monkeypatch, home):
    problems = [errors.Problem("credentials", name, name.upper(), "is missing") for name in ("a", "b")]
    result = failing(monkeypatch, errors.ConfigError(problems=problems))
    assert "  - A (credentials.a): is missing\n  - B (credentials.b): is missing" in result.stderr


def test_an_unusable_home_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(main.cli, ["connections", "list", "--home", str(tmp_path / "file" / "home")])
    assert result.exit_code == 2, result.output
    assert "error [invalid_setting]" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message", "step"),
    [
        (["snyc"], "There is no command 'snyc'. Did you mean sync?", "connectors --help"),
        (["connections", "lst"], "There is no command 'lst'. Did you mean list?", "connectors connections --help"),
        (["xyzzy"], "There are: connect, connections,", "connectors --help"),
        (["runs", "--limit", "x"], "expected a whole number from 1 to 1,000, not 'x'", "connectors runs --help"),
        (["runs", "--limit", "0"], "expected a whole number from 1 to 1,000, not '0'", "connectors runs --help"),
        (["runs", "--limt", "1"], "--limt", "connectors runs --help"),
        (["sync", "documents"], "--connection", "connectors sync --help"),
        (["doctor", "x"], "1 word more than this command takes", "connectors doctor --help"),
        (["--nothing"], "--nothing", "connectors --help"),
    ],
)
def test_wrong_usage_is_told_like_any_other_error(run, arguments, message, step):
    result = run(*arguments, code=2)
    assert result.stderr.startswith("error [usage]: ")
    assert message in result.stderr
    assert f"next: `{step}`" in result.stderr
    error = json.loads(run(*arguments, "--json", code=2).stdout)["error"]
    assert error["code"] == "usage"
    assert message in error["message"]


@pytest.mark.parametrize("command", ["--help", "sync --help", "providers list", "providers export", "doctor"])
def test_output_that_cannot_be_written_is_a_clear_error(home, command):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "connectors", *command.split()], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error [output_failed]: The output cannot be written: No space left")
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


LOOKING = ["connections list", "runs", "syncs"]
ASKING = [
    "connections show acme",
    "connections check acme",
    "records Document --connection acme",
    "runs --connection acme",
]


@pytest.mark.parametrize("command", LOOKING)
def test_looking_at_an_empty_home_makes_nothing(run, home, command):
    result = run(*command.split())
    assert f"Nothing here yet: {home}/connectors.db" in result.stderr
    assert json.loads(run(*command.split(), "--json").stdout) == []
    assert not home.exists()


@pytest.mark.parametrize("command", [*ASKING, "sync documents --connection acme", "proxy GET / --connection acme"])
def test_asking_an_empty_home_for_a_connection_makes_nothing(run, home, command):
    assert f"error [unknown_connection]: Nothing here yet: {home}" in run(*command.split(), code=2).stderr
    assert not home.exists()


def test_a_reader_that_has_had_enough_is_no_error(run, connected, home):
    run("sync", "documents", "--connection", "acme")
    command = f'"{sys.executable}" -m connectors records Document --connection acme --json --home "{home}" | head -n 1'
    script = f"set -o pipefail; {command}; echo code $?"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "code 0"
    assert "Error" not in done.stderr


@pytest.mark.parametrize("command", ["providers show paligo", "doctor --json", "providers check providers.yaml"])
def test_a_reader_that_has_gone_is_no_error_either(home, pytestconfig, command):
    script = f'"{sys.executable}" -m connectors {command} | true'
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=60, check=True, cwd=pytestconfig.rootpath
    )
    assert "Error" not in done.stderr


def test_output_survives_a_locale_without_the_characters(run, connected):
    run("connections", "set", "acme", "--metadata", "note=Öl 漢")
    done = call("connections", "show", "acme", environment={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert (done.returncode, done.stderr) == (0, "")


def test_a_command_is_imported_only_when_it_is_used():
    group = main.LazyGroup("x", entries={"one": Entry("nowhere.at_all:one", "The first.")})
    assert "The first." in CliRunner().invoke(group, ["--help"]).stdout
    assert CliRunner().invoke(group, ["two"]).exit_code == 2
