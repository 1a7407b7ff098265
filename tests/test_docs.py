import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from connectors import errors
from connectors.engine.settings import SETTINGS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
BESIDE = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "connectors").rglob("README.md")]
LINKING = [*PAGES, DOCS / "llms.txt", *BESIDE, ROOT / "cassettes" / "README.md"]


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _prose(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def _anchors(file: Path) -> set[str]:
    """The anchors that a Markdown page gets on GitHub."""
    headings = re.findall(r"^#+ +(.+?) *$", _prose(_text(file)), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _sections(file: Path) -> dict[str, str]:
    parts = re.split(r"^## +(.+?) *$", _text(file), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _doc_sections() -> Iterator[tuple[str, str, str]]:
    definitions = yaml.safe_load(_text(ROOT / "providers.yaml")) or {}
    for provider, definition in definitions.items():
        for group in ("connection_config", "credentials"):
            for field, descriptor in definition.get(group, {}).items():
                if "doc_section" in descriptor:
                    yield f"{provider}.{field}", definition["docs_connect"], descriptor["doc_section"]


@pytest.mark.parametrize(("page", "section"), [pytest.param(*rest, id=name) for name, *rest in _doc_sections()])
def test_each_fields_doc_section_is_a_heading_of_the_connect_page(page, section):
    file = ROOT / f"{page.lstrip('/')}.md"
    assert section.removeprefix("#") in _anchors(file)


def test_the_paligo_guide_names_each_field_as_the_form_does():
    definition = yaml.safe_load(_text(ROOT / "providers.yaml"))["paligo"]
    step = _sections(DOCS / "providers/paligo/connect.md")["Step 3: Enter your details"]
    fields = definition["connection_config"] | definition["credentials"]
    assert {"instance", "username", "apiKey"} <= set(fields)
    for field in fields.values():
        assert f"**{field['title']}**" in step


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_each_setting_is_documented_with_its_default_and_choices(setting):
    section = _sections(DOCS / "settings.md")[setting.name]
    assert "Default:" in section
    for word in (setting.default, *setting.choices):
        assert not word or f"`{word}`" in section


def test_no_setting_is_documented_that_does_not_exist():
    assert list(_sections(DOCS / "settings.md")) == [setting.name for setting in SETTINGS]
    named = set(re.findall(r"CONNECTORS_[A-Z_]*[A-Z]", "".join(map(_text, LINKING))))
    others = {f"CONNECTORS_CREDENTIAL{name}" for name in ("", "_APIKEY", "_CLIENT_SECRET")} | {"CONNECTORS_COMPLETE"}
    others |= {"CONNECTORS_ORACLE", "CONNECTORS_REFERENCE_PROVIDERS"}  # of the tests, not of the product
    assert named - others <= {setting.name for setting in SETTINGS}


def _commands() -> dict[str, click.Command]:
    from connectors.cli import main

    (group,) = {id(found): found for found in vars(main).values() if isinstance(found, click.Group)}.values()
    return dict(_below("connectors", group, click.Context(group, info_name="connectors")))


def _below(path: str, command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _below(f"{path} {name}", found, click.Context(found, parent=context, info_name=name))


def test_each_command_is_documented_with_its_options():
    page = _text(DOCS / "cli.md")
    missing = []
    for path, command in _commands().items():
        missing += [] if path in page else [path]
        options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
        missing += [
            f"{path} {max(option.opts, key=len)}"
            for option in options
            if not option.hidden and not re.search(rf"{re.escape(max(option.opts, key=len))}\b", page)
        ]
    assert missing == []


def test_each_command_says_what_it_does():
    assert [path for path, command in _commands().items() if not command.help] == []


def _tree(kind: type[errors.ConnectorError]) -> Iterator[type[errors.ConnectorError]]:
    yield kind
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from _tree(below)


ERRORS = list(_tree(errors.ConnectorError))


def test_each_error_is_documented_with_its_meaning_and_next_step():
    rows = re.findall(r"^\| `(.+?)` \| `(.+?)` \| (.+?) \| (.+) \|$", _text(DOCS / "errors.md"), flags=re.MULTILINE)
    assert rows == [
        (kind.code, kind.__name__, inspect.cleandoc(kind.__doc__ or "").splitlines()[0], kind.next_step)
        for kind in ERRORS
    ]


def test_each_error_has_its_own_code_and_its_place_in_the_drawn_tree():
    codes = [kind.code for kind in ERRORS]
    assert len(set(codes)) == len(codes)
    drawn = re.findall(r"^[│├└─ ]*(\w+) {2,}\S", errors.__doc__ or "", flags=re.MULTILINE)
    assert drawn == [kind.__name__ for kind in ERRORS]


@pytest.mark.parametrize("file", LINKING, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(file):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(_text(file))):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        page = (file.parent / path) if path else file
        if not page.exists() or (anchor and anchor not in _anchors(page)):
            broken.append(target)
    assert broken == []


def test_the_index_lists_every_page_once():
    listed = [(DOCS / target).resolve() for target in re.findall(r"\]\((.+?\.md)\)", _text(DOCS / "llms.txt"))]
    assert len(set(listed)) == len(listed)
    assert {page.resolve() for page in PAGES} <= set(listed)


def test_the_cassettes_are_introduced_as_recordings_of_the_emulator():
    text = _text(ROOT / "cassettes" / "README.md")
    for fact in ("emulator", "not of a live Paligo account", "connectors-emulator.paligoapp.com", "make record"):
        assert fact in text
