import re
from pathlib import Path

import pytest

from connectors.engine.audit import audit_records
from connectors.engine.host import Host
from connectors.engine.records import read_records
from connectors.engine.runs import run_sync
from connectors.engine.settings import Settings
from connectors.errors import InputError, RunError

GUIDE = Path(__file__).parents[2] / "docs" / "write-a-connector.md"
SYNC = """
from connectors import Connector, Gone, sync
from .checks import audit

@sync("Article", every="1d")
def articles(run):
    yield {"id": 1, "title": "A"}
    yield {"id": 2, "title": ""}
    yield {"id": 3, "title": ""}
    yield Gone(3)

connector = Connector(functions=(articles,), audit=audit)
"""
DEFINITION = """
desk:
    display_name: Desk
    auth_mode: NONE
    docs: https://desk.example
    proxy:
        base_url: https://desk.example
"""
SCHEMA = '{"title": "Article", "type": "object", "properties": {"id": {}, "title": {}}}'


@pytest.fixture
def host(tmp_path):
    folder = tmp_path / "desk"
    (folder / "schemas" / "desk").mkdir(parents=True)
    (block,) = [text for text in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL) if "Audit(" in text]
    (folder / "checks.py").write_text(block)
    (folder / "__init__.py").write_text(SYNC)
    (folder / "providers.yaml").write_text(DEFINITION)
    (folder / "schemas" / "desk" / "Article.json").write_text(SCHEMA)
    with Host.open(Settings.load({}, home=tmp_path / "home"), paths=[folder]) as opened:
        opened.connections.connect("dev", provider="desk", id="mine", config={}, credentials={}, verify=False)
        yield opened


def test_the_audit_of_the_guide_finds_what_it_says(host):
    with pytest.raises(RunError, match="needs the sync articles"):
        audit_records(host, "dev", "desk", "mine")
    assert run_sync(host, "dev", "mine", "articles").state == "success"
    (found,) = audit_records(host, "dev", "desk", "mine")
    assert (found.kind, found.document_id, found.link) == ("no-title", "2", None)
    assert [each.id for each in audit_records(host, "dev", "desk", "mine")] == [found.id]


def test_its_kinds_are_the_connectors_own(host):
    run_sync(host, "dev", "mine", "articles")
    assert len(list(audit_records(host, "dev", "desk", "mine", kinds=["no-title"]))) == 1
    with pytest.raises(InputError) as caught:
        audit_records(host, "dev", "desk", "mine", kinds=["checked-out"])
    assert caught.value.next_step == "Use one of: no-title."


def test_a_run_shows_the_config_without_its_secrets(tmp_path):
    folder = tmp_path / "desk"
    (folder / "schemas" / "desk").mkdir(parents=True)
    (folder / "schemas" / "desk" / "Article.json").write_text(SCHEMA)
    fields = "".join(
        f"        {name}:\n            type: string\n            title: {name}\n            secret: {secret}\n"
        for name, secret in (("site", "false"), ("token", "true"))
    )
    (folder / "providers.yaml").write_text(f"{DEFINITION}    connection_config:\n{fields}")
    (folder / "__init__.py").write_text(
        "from connectors import Connector, sync\n\n"
        '@sync("Article", every="1d")\n'
        "def articles(run):\n"
        '    yield {"id": 1, "title": str(dict(run.connection_config))}\n\n'
        "connector = Connector(functions=(articles,))\n"
    )
    with Host.open(Settings.load({}, home=tmp_path / "home"), paths=[folder]) as host:
        config = {"site": "north", "token": "hush-hush"}
        host.connections.connect("dev", provider="desk", id="mine", config=config, credentials={}, verify=False)
        assert run_sync(host, "dev", "mine", "articles").state == "success"
        (record,) = read_records(host, "dev", "mine", "Article")
    assert record.data["title"] == "{'site': 'north'}"
