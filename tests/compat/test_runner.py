"""`python -m tests.compat.oracle` tells what is the same, what differs by a rule, and what is wrong."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FROZEN = {
    "clock": "2024-03-09T08:05:07.123Z",
    "uuid": "11111111-2222-4333-8444-555555555555 (every one)",
    "oauth1_nonce": "F x 32 (all)",
    "random_bytes": "byte i of n is (7*i+1) mod 256",
}
SAME = {"id": "a", "attempt_index": 0, "expected": {"wait_ms": 3000}}
WRONG = {"id": "b", "attempt_index": 1, "expected": {"wait_ms": 7}}
RAISES = {"id": "c", "response": {}, "expected": {"retry": True}}
BY_RULE = {
    "id": "d",
    "proxy_retry": None,
    "response": {"status": 429, "headers": {"Retry-After": "20"}},
    "expected": {"retry": True, "reason": "status_code_429", "wait_ms": None},
}


@pytest.fixture
def folder(tmp_path):
    def write(**files):
        for name, cases in files.items():
            (tmp_path / f"{name}.json.gz").write_bytes(
                gzip.compress(json.dumps({"frozen": FROZEN, "cases": cases}).encode())
            )
        return tmp_path

    return write


def run(*arguments, code, **environment):
    """The runner's output, in a process of its own without npm."""
    env = {**os.environ, "PATH": "", "CONNECTORS_REFERENCE_PROVIDERS": "", "HOME": "/nonexistent", **environment}
    result = subprocess.run(
        [sys.executable, "-m", "tests.compat.oracle", *map(str, arguments)],
        cwd=ROOT,
        env={name: value for name, value in env.items() if value or name == "PATH"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == code, (result.stdout, result.stderr)
    return result.stdout + result.stderr


def test_a_folder_without_failures_ends_with_0_and_counts_per_file(folder):
    lines = run(folder(retry=[SAME] * 9 + [BY_RULE]), code=0).splitlines()
    assert " ".join(lines[0].split()) == "retry 9 passed, differs: retry-after-unnamed 1 (10.0 %), 0 failed"
    assert lines[-1].split()[:3] == ["total", "9", "passed,"]


def test_a_failure_shows_expected_and_actual_and_ends_with_1(folder):
    output = run(folder(retry=[SAME, WRONG]), code=1)
    assert "1 passed, differs: none, 1 failed" in output
    assert 'expected {"wait_ms": 7}' in output
    assert 'actual   {"wait_ms": 6000.0}' in output


def test_an_exception_is_a_failure_of_that_case_only(folder):
    output = run(folder(retry=[RAISES, SAME]), code=1)
    assert "1 passed, differs: none, 1 failed" in output
    assert "KeyError" in output
    assert "Traceback" not in output


def test_more_differences_than_a_rule_may_make_are_told_and_are_no_failure(folder):
    output = run(folder(retry=[SAME, BY_RULE]), code=0)
    assert "over limit: retry: retry-after-unnamed in 50.0 % of the cases, at most 28 % allowed" in output


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no gzip", "BadGzipFile"),
        (gzip.compress(b'{"cases": [')[:-9], "EOFError"),
        (gzip.compress(b"{"), "JSONDecodeError"),
        (gzip.compress(b"[]"), "no list of cases"),
        (gzip.compress(b'{"cases": [1]}'), "no list of cases"),
    ],
    ids=["not packed", "cut off", "no JSON", "a list", "a case that is a number"],  # packed bytes hold the time
)
def test_a_broken_file_is_a_failure_that_says_what_is_wrong(folder, content, reason):
    path = folder(retry_sequences=[])
    (path / "retry.json.gz").write_bytes(content)
    output = run(path, code=1)
    assert "the file cannot be read" in output
    assert reason in output


@pytest.mark.parametrize("name", ["news", "world", "__main__", "a-b"])
def test_a_file_without_a_comparer_is_a_failure(folder, name):
    assert "there is no comparer" in run(folder(**{name: [SAME]}), code=1)


def test_one_file_or_one_case_can_be_run(folder):
    path = folder(retry=[SAME, WRONG], retry_sequences=[])
    assert "retry_sequences" in run(path, "--only", "retry_sequences.json.gz", code=0)
    assert "1 passed" in run(path, "--case", "a", code=0)
    assert "d: retry-after-unnamed" in run(folder(retry=[BY_RULE]), "--case", "d", "--verbose", code=0)


@pytest.mark.parametrize("arguments", [(), ("--only", "news"), ("--case", "z"), ("--unknown",)])
def test_wrong_usage_ends_with_2(folder, arguments):
    folders = [folder(retry=[SAME])] if arguments else []
    run(*folders, *arguments, code=2)


def test_without_the_references_definitions_it_says_how_to_get_them(folder):
    path = folder(alias=[{"id": "x", "provider": "x", "expected": {}}])
    assert "npm install @nangohq/providers@0.71.10" in run(path, code=2)
    assert "cannot be read" in run(path, "--providers", path / "none.yaml", code=2)
