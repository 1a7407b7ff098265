"""What `Account.generate` makes, and how tests change it."""

from __future__ import annotations

import hashlib
import json
import re
from xml.etree import ElementTree

import pytest

from connectors.errors import InputError
from connectors.paligo.emulator import Account
from connectors.paligo.emulator.account import TABLES

CONTENTS = ("documents", "folders", "forks")
MORE = {
    "images": 9, "media_folders": 4, "taxonomies": 12, "variable_sets": 3, "publish_settings": 5, "users": 12,
    "groups": 6, "assignments": 20, "jobs": 3,
}  # fmt: skip


def fingerprint(account, tables=CONTENTS):
    return hashlib.sha256(json.dumps([account.truth(table) for table in tables]).encode()).hexdigest()


def generate(**options):
    return Account.generate(documents=40, folders=5, publications=3, clock=lambda: 1.0, **options)


def test_the_recordings_rest_on_this_content():
    """Documents, folders and forks for equal arguments are what the cassettes were recorded from."""
    account = Account.generate(documents=30, folders=6, publications=2, seed=3, clock=lambda: 1.0)
    assert fingerprint(account, (*CONTENTS, "taxonomies", "users", "groups")) == (
        "af3fc066f194ef80f79941dfca4a24204b10e578897d95f4b812444ff14c125c"
    )


def test_more_of_the_rest_changes_none_of_it():
    plenty = {**MORE, "media_folders": 0}
    assert fingerprint(generate(**plenty)) == fingerprint(generate())


def test_each_count_is_the_one_asked_for():
    account = generate(**MORE)
    counts = {table: len(account.truth(table)) for table in TABLES}
    assert counts == {
        **{key: counts[key] for key in ("forks",)},
        "documents": 40, "folders": 5 + 4, "images": 9 + 4, "taxonomies": 12, "variablesets": 3, "variants": 6,
        "variables": 12, "variablevalues": 24, "publishsettings": 5, "users": 12, "groups": 6, "assignments": 20,
        "productions": 3, "imports": 3, "translationexports": 3, "translationimports": 3,
    }  # fmt: skip


@pytest.mark.parametrize("wrong", [{name: -1} for name in MORE], ids=str)
def test_a_negative_count_is_refused(wrong):
    with pytest.raises(InputError):
        generate(**wrong)


def test_without_documents_the_rest_is_there_as_far_as_it_can_be():
    account = Account.generate(documents=0, folders=0, publications=0, publish_settings=4, assignments=4, jobs=2)
    assert [account.truth(table) for table in ("publishsettings", "assignments", "productions", "images")] == [[]] * 4
    assert {row["type"] for row in account.truth("variables")} == {"text", "xml", "translation"}


def test_everything_that_is_named_exists():
    account = generate(**MORE)
    ids = {table: {row["id"] for row in account.truth(table)} for table in TABLES}
    assert {row["resource"] for row in account.truth("publishsettings")} <= ids["documents"]
    assert {row["document_id"] for row in account.truth("assignments")} <= ids["documents"]
    assert {row["parent"] for row in account.truth("taxonomies")} <= ids["taxonomies"] | {0}
    for value in account.truth("variablevalues"):
        assert value["variable_id"] in ids["variables"]
        assert value["variant_id"] in ids["variants"]
        assert value["variable_set_id"] in ids["variablesets"]
    assert len({row["id"] for table in TABLES for row in account.truth(table) if isinstance(row["id"], int)}) == sum(
        isinstance(row["id"], int) for table in TABLES for row in account.truth(table)
    ) - len(ids["users"] & ids["groups"])


class TestRich:
    @pytest.fixture
    def account(self):
        return generate(rich=True, images=6)

    def test_only_names_and_content_of_topics_differ(self, account):
        plain, rich = generate(images=6).truth("documents"), account.truth("documents")
        strip = {"name": "", "content": ""}
        assert [{**row, **strip} for row in plain] == [{**row, **strip} for row in rich]
        assert [row["content"] for row in plain if row["type"] == "publication"] == [
            row["content"] for row in rich if row["type"] == "publication"
        ]
        assert fingerprint(generate(rich=True)) == fingerprint(generate(rich=True))

    def test_it_is_well_formed_but_for_one_mistake(self, account):
        broken = 0
        for row in account.truth("documents"):
            try:
                ElementTree.fromstring(row["content"].encode())
            except ElementTree.ParseError:
                broken += 1
        assert broken == 1

    def test_it_holds_reuse_variables_links_and_lists(self, account):
        text = "".join(row["content"] for row in account.truth("documents"))
        reused = set(re.findall(r'<xi:include href="(UUID-[^"]+)"', text))
        known = {row["uuid"] for row in account.truth("documents")}
        assert len(reused & known) > 3
        assert len(reused - known) == 1
        variables = {row["id"]: row["variable_set_id"] for row in account.truth("variables")}
        named = re.findall(r'xinfo:variable="(\d+)" xinfo:varset="(\d+)"', text)
        assert {variables[int(variable)] for variable, _ in named} == {int(number) for _, number in named}
        assert "<itemizedlist>" in text
        assert 'xlink:href="https://example.com/manual"' in text

    def test_some_of_it_leads_nowhere(self, account):
        text = "".join(row["content"] for row in account.truth("documents"))
        linked = {int(number) for number in re.findall(r"urn:resource:component:(\d+)", text)}
        assert linked - {row["id"] for row in account.truth("documents")} == {999_999}
        shown, images = (
            set(re.findall(r'xinfo:image="([^"]+)"', text)),
            {row["uuid"] for row in account.truth("images")},
        )
        assert len(shown - images) == 1
        assert len(images - shown) == 4 + 1
        names = [row["name"] for row in account.truth("documents")]
        assert len(names) == len(set(names)) + 2


class TestEdits:
    @pytest.mark.parametrize("table", list(TABLES))
    def test_any_table_can_be_added_to_edited_and_deleted_from(self, table):
        account = generate()
        before = account.truth(table)
        needed = {
            "documents": {"name": "New"},
            "forks": {"parent": account.truth("documents")[0]["id"], "document": account.truth("documents")[9]["id"]},
            "variablevalues": {"variable_id": account.truth("variables")[0]["id"], "variant_id": 1},
        }
        row = account.add(table, **needed.get(table, {}))
        assert len(account.truth(table)) == len(before) + 1
        account.edit(table, row["id"], **{"forks": {"position": 7}}.get(table, {"uuid": "UUID-x"}))
        assert account.find(row["id"], table) != row
        account.delete(table, row["id"])
        assert account.truth(table) == before

    def test_an_edited_publish_setting_shows_it(self):
        account = generate()
        row = account.truth("publishsettings")[0]
        account.edit("publishsettings", row["id"], name="New")
        after = account.truth("publishsettings")[0]
        assert after["modified_at"] > row["modified_at"]
        assert {**after, "modified_at": 0, "name": ""} == {**row, "modified_at": 0, "name": ""}

    def test_an_added_image_lies_where_it_is_told(self):
        account = generate()
        folder = account.add_folder("Pictures")["id"]
        image = account.add("images", name="x.png", parent=folder)
        shown = next(row for row in account.truth("folders") if row["id"] == folder)
        assert shown["children"] == [{"id": image["id"], "name": "x.png", "uuid": image["uuid"], "type": "image"}]

    def test_a_deleted_document_takes_its_settings_and_assignments_along(self):
        account = generate()
        setting, assignment = account.truth("publishsettings")[0], account.truth("assignments")[0]
        for number in (setting["resource"], assignment["document_id"]):
            account.delete("documents", number)
        assert setting not in account.truth("publishsettings")
        assert assignment not in account.truth("assignments")


def test_the_truth_of_addresses_is_at_the_real_host_or_where_one_says():
    account = generate()
    assert account.truth("images")[0]["content_url"].startswith("https://connectors-emulator.paligoapp.com/files/")
    assert account.truth("images", origin="http://127.0.0.1:7")[0]["content_url"].startswith(
        "http://127.0.0.1:7/files/"
    )
