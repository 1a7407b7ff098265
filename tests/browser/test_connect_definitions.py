"""The form is drawn from any definition alone: of each auth mode the fullest of the reference's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.runtime.auth import BROWSER_MODES, MODES
from tests.browser.conftest import Browse, World
from tests.compat.oracle import reference


def _definitions() -> Path:
    path = reference.known()
    if path is None:
        pytest.skip(reference.HOW)
    return path


@pytest.fixture(scope="module")
def more_settings() -> dict[str, str]:
    return {"CONNECTORS_PROVIDERS": str(_definitions())}


@pytest.fixture(scope="module")
def definitions() -> Mapping[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(_definitions().read_text("utf-8"), loader)


def asked(definition: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """What the definition itself describes and a person is asked for."""
    groups = (definition.get(group) or {} for group in ("connection_config", "credentials"))
    fields = [(name, field) for group in groups for name, field in group.items()]
    return [(name, field) for name, field in fields if not (field.get("hidden") or field.get("automated"))]


def fullest(definitions: Mapping[str, Any], mode: str) -> str:
    """The provider of that mode that asks for most."""
    names = [name for name, each in definitions.items() if each.get("auth_mode") == mode]
    return max(names, key=lambda name: (len(asked(definitions[name])), name))


@pytest.mark.parametrize("mode", MODES)
def test_the_form_of_each_mode_asks_what_its_definition_says(
    world: World, browse: Browse, axe: Any, definitions: Mapping[str, Any], mode: str
) -> None:
    name = fullest(definitions, mode)
    definition = definitions[name]
    own = (definition.get("integration_config") or {}) if mode != "TWO_STEP" else {}
    needed = {each: field.get("example") or "x" for each, field in own.items() if not field.get("optional")}
    world.host.integrations.create("dev", name, provider=name, custom=needed)
    page = browse(world.begin(allowed_integrations=[name])["connect_link"])
    page.locator("#connect-form").wait_for()
    assert page.locator("h1").inner_text() == f"Link {definition['display_name']} Account"
    assert axe(page) == []
    for field_name, field in asked(definition):
        group = "connection_config" if field_name in (definition.get("connection_config") or {}) else "credentials"
        input_ = page.locator(f"[data-group={group}][name={field_name!r}]")
        block = page.locator(".ask").filter(has=input_)
        assert block.locator("label").inner_text() == field["title"].strip()
        text = block.inner_text()
        for key in ("prefix", "suffix"):
            assert not field.get(key) or field[key] in text
        if field.get("enum"):
            choices = input_.locator("option").all_inner_texts()
            assert [each for each in choices if each != "Please choose"] == field["enum"]
        else:
            assert input_.get_attribute("placeholder") == field.get("example")
            assert input_.get_attribute("data-pattern") == field.get("pattern")
        if field.get("secret"):
            assert block.get_by_role("button", name=f"Show {field['title']}").count() == 1
        if field.get("optional"):
            assert "optional" in text
    consent = mode in BROWSER_MODES and definition.get("installation") != "outbound"
    button = f"Continue to {definition['display_name']}" if consent else "Link account"
    assert page.locator("#connect-submit").inner_text() == button
