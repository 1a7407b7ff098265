from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from connectors import root
from connectors.runtime.catalog import Catalog
from connectors.runtime.definition_check import check_file
from connectors.runtime.template.syntax import FUNCTIONS

PAGE = "docs/definitions.md"
SCHEMA = json.loads((root() / "schemas" / "provider.schema.json").read_text())
DEFINITION = SCHEMA["$defs"]["definition"]["properties"]
MINIMAL = {
    "display_name": "Example",
    "docs": "https://docs.example",
    "auth_mode": "API_KEY",
    "proxy": {"base_url": "https://api.example.com", "headers": {"x-api-key": "${apiKey}"}},
    "credentials": {"apiKey": {"type": "string", "title": "Key", "description": "It.", "secret": True}},
}


def keys(*path: str) -> set[str]:
    node: Any = SCHEMA["$defs"]
    for step in path:
        node = node[step]
    return set(node["properties"])


SECTIONS = [
    ("### Retry", [("retry",), ("retry", "properties", "in_body")]),
    ("### Paging", [("paginate",)]),
    ("### Verification", [("verification",)]),
    ("## Fields", [("field",), ("field", "properties", "visible_when")]),
    (
        "## Rate limits",
        [("rate_limits",), ("rate_limits", "properties", "groups", "additionalProperties")],
    ),
    ("## Proxy", [("proxy",)]),
]


@pytest.mark.parametrize(("heading", "nodes"), SECTIONS, ids=[heading for heading, _ in SECTIONS])
def test_each_key_of_a_block_is_in_its_table(page, heading, nodes):
    named = [key.strip("`") for key, *_ in page(PAGE).rows(heading)]
    assert set(named) == set().union(*(keys(*node) for node in nodes))
    assert len(named) == len(set(named))


def test_each_key_of_a_definition_is_explained_or_said_to_be_without_effect(page):
    text = page(PAGE).text
    tables = ("## Keys of a definition", "### The way through the browser", "### Token requests", "### Refresh")
    explained = [key.strip("`") for heading in tables for key, *_ in page(PAGE).rows(heading)]
    unused = text.split("## Keys that are taken and not used")[1].split("\n## ")[0]
    assert sorted([*explained, *re.findall(r"`(\w+)`", unused)]) == sorted(DEFINITION)


def test_keys_of_the_three_auth_modes_are_explained_with_their_requiredness(page):
    rows = {key.strip("`"): default for key, default, *_ in page(PAGE).rows("## Fields")}
    required = SCHEMA["$defs"]["field"]["required"]
    assert {key for key in keys("field") if rows[key] == "required"} == set(required)
    rows = {key.strip("`"): default for key, default, *_ in page(PAGE).rows("## Rate limits")}
    assert {key for key in keys("rate_limits") if rows[key] == "required"} == set(
        SCHEMA["$defs"]["rate_limits"]["required"]
    )


def test_the_functions_of_templates_are_all_named(page):
    for name in FUNCTIONS:
        assert "${" + name + "(" in page(PAGE).text


def test_every_example_is_a_definition_without_problems(page, tmp_path):
    blocks = [yaml.safe_load(block) for block in page(PAGE).blocks("yaml")]
    whole, alias, *fragments = blocks
    file = tmp_path / "providers.yaml"
    for example in [whole | alias, *({"example": _completed(fragment)} for fragment in fragments)]:
        file.write_text(yaml.safe_dump(example, sort_keys=False))
        assert check_file(file) == []
    file.write_text(yaml.safe_dump(whole | alias, sort_keys=False))
    assert Catalog([file]).get("helpdesk-eu").base_url == whole["helpdesk"]["proxy"]["base_url"]


def _completed(fragment: dict[str, Any]) -> dict[str, Any]:
    """The fragment on top of the least that a definition needs; an example of an auth mode is whole by itself."""
    if "auth_mode" in fragment:
        return {name: MINIMAL[name] for name in ("display_name", "docs")} | fragment
    proxy = {**MINIMAL["proxy"], **fragment.get("proxy", {})}
    return {**MINIMAL, **fragment, "proxy": proxy}


def test_each_supported_auth_mode_has_an_example(page):
    from connectors.runtime.auth import MODES

    modes = [yaml.safe_load(block).get("auth_mode") for block in page(PAGE).blocks("yaml")]
    assert {mode for mode in modes if mode} == set(MODES)


def test_the_commands_of_the_page_run(page, typed, tmp_path):
    for command in page(PAGE).commands("connectors"):
        words = [str(root() / "providers.yaml") if word in ("providers.yaml", "FILE") else word for word in command]
        done = typed(words, tmp_path)
        assert done.stdout or "0 errors, 0 warnings" in done.stderr
