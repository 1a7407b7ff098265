"""The text of webhooks: JavaScript reads it and writes it again, and gets the same text."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.engine.webhook_body import stringify

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None)),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4) | st.sampled_from(["2", "10", "01"]), inner)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
        ({"10": 1, "2": 2, "x": 3, "01": 4}, '{"2":2,"10":1,"01":4,"x":3}'),
        ("é/\u2028", '"é/\u2028"'),
        ("\ud800", '"\\ud800"'),
        (1.0, "1"),
        (-0.0, "0"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (1.5e-7, "1.5e-7"),
        (0.000001, "0.000001"),
        (123456789012345678, "123456789012345680"),
    ],
)
def test_values_are_written_as_javascript_writes_them(value: Any, text: str) -> None:
    assert stringify(value) == text


def test_what_javascript_reads_and_writes_again_is_the_same_text() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node to ask")
    program = (
        "const lines=JSON.parse(require('fs').readFileSync(0,'utf8'));"
        "for(const line of lines)if(JSON.stringify(JSON.parse(line))!==line){console.log(line);process.exitCode=1}"
    )
    texts: list[str] = []

    @given(VALUES)
    @settings(max_examples=300, database=None)
    def collect(value: Any) -> None:
        texts.append(stringify(value))

    collect()
    done = subprocess.run([node, "-e", program], input=json.dumps(texts), capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, "")
