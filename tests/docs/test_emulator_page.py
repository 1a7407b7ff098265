from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from typing import Any

import pytest

from connectors.cli.emulate import paligo
from connectors.paligo.emulator import API_KEY, Emulator, Switches
from connectors.paligo.emulator.faults import KINDS
from connectors.paligo.emulator.operations import BASE, OPERATIONS

PAGE = "docs/providers/paligo/emulator.md"


def request(url: str, method: str, body: str = "") -> Any:
    sent = urllib.request.Request(url, data=body.encode() if body else None, method=method)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sent, timeout=10) as answer:
        assert answer.status == 200
        return json.load(answer)


def test_each_switch_is_listed_as_the_emulator_explains_it(page):
    listed = [(name.strip("`"), values.replace("`", ""), says) for name, values, says in page(PAGE).rows("## Switches")]
    assert listed == [(name, values.replace(" | ", ", "), says) for name, values, says in Switches.explain()]


def test_each_fault_is_listed_with_its_options(page):
    rows = {row[0].strip("`"): re.findall(r"`(\w+)`", row[1]) for row in page(PAGE).rows("## Faults")}
    assert {name: sorted(options) for name, options in rows.items()} == {
        name: sorted(options) for name, options in KINDS.items()
    }
    for name, options, _ in page(PAGE).rows("## Faults"):
        for option, default in re.findall(r"`(\w+)` (\d+)", options):
            assert KINDS[name.strip("`")][option] == int(default)


def test_each_option_of_the_command_is_listed_with_its_default(page):
    rows = {row[0].strip("`").split()[0]: row[1].strip("`") for row in page(PAGE).rows("## Run it")}
    own = {option.opts[0]: option for option in paligo.params if not option.name.startswith("common_")}
    assert set(rows) == set(own)
    for name in ("--plan", "--documents", "--folders", "--publications", "--seed"):
        assert rows[name] == str(own[name].default)


def test_each_operation_is_listed_with_its_methods(page):
    rows = {row[0].strip("`"): row[1].split(", ") for row in page(PAGE).rows("## What it answers")}
    found: dict[str, list[str]] = {}
    for operation in OPERATIONS:
        found.setdefault(BASE + operation.path.rstrip("/"), []).append(operation.method)
    assert rows == found


def test_the_control_paths_do_what_the_page_says(page):
    rows = page(PAGE).rows("## Control paths")
    with Emulator() as emulator:
        answers = {}
        for what, body, _ in rows:
            method, path = what.strip("`").split()
            answers[what.strip("`")] = request(emulator.url + path, method, body.strip("`"))
    assert answers["POST /_emulator/switches"]["search"] == 404
    assert answers["POST /_emulator/edit"]["name"] == "New topic"
    assert len(answers["GET /_emulator/truth/documents"]) == 25


def test_the_snippet_runs(page, capsys):
    (block,) = page(PAGE).blocks("python")
    exec(compile(block, "the snippet of the page", "exec"), {})
    assert capsys.readouterr().out.split()[1:] == ["0", "100"]


@pytest.mark.skipif(os.name == "nt", reason="it is stopped with SIGINT")
def test_a_second_shell_connects_and_syncs_with_the_printed_variables(page, clean_environment, typed, tmp_path):
    start, connect, sync = page(PAGE).commands("connectors")
    emulator = subprocess.Popen(
        [sys.executable, "-m", "connectors", *start[1:]], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    try:
        printed = ""
        while "Ctrl-C" not in printed:
            line = emulator.stdout.readline()
            assert line, printed
            printed += line
        exports = dict(re.findall(r"export (\w+)=(.*)", printed))
        assert list(exports) == re.findall(r"^export (\w+)=", page(PAGE).text, flags=re.MULTILINE)
        for name, value in {**exports, "CONNECTORS_CREDENTIAL_APIKEY": API_KEY}.items():
            clean_environment.setenv(name, value)
        assert "Verified" in typed(connect, tmp_path).stdout
        assert "24 added" in typed(sync, tmp_path).stdout
        address = exports["HTTPS_PROXY"]
        assert len(request(f"{address}/_emulator/log", "GET")) > 25
    finally:
        emulator.send_signal(signal.SIGINT)
        emulator.stdout.close()
        assert emulator.wait(10) == 0
