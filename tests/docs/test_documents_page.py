from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

import connectors
from connectors import root
from connectors.engine.host import Host
from connectors.engine.pace import Pace
from connectors.engine.report import RunReport
from connectors.engine.runs import run_sync
from connectors.engine.settings import Settings
from connectors.paligo.emulator import API_KEY, INSTANCE, USERNAME, Account, Emulator, Switches
from connectors.runtime.ports import Attempt
from connectors.testing import FakeClock

PAGE = "docs/providers/paligo/documents.md"


class Acme:
    def __init__(self, host: Host, emulator: Emulator) -> None:
        self.emulator = emulator
        self._host = host

    def sync(self) -> RunReport:
        self.emulator.reset_log()
        report = run_sync(self._host, "dev", "acme", "documents")
        assert (report.state, report.requests) == ("success", len(self.emulator.log))
        return report

    def edit(self, count: int) -> None:
        for row in self.emulator.truth("documents")[:count]:
            self.emulator.account.edit_document(row["id"], name="Edited")

    def walk(self) -> int:
        """What listing costs by folders, as the page adds it up."""
        documents, folders = self.emulator.truth("documents"), self.emulator.account.rows("folders")
        inside = Counter(row["parent_resource"] for row in documents)
        top = sum(row["parent"] == 0 for row in folders)

        def pages(count: int) -> int:
            return 1 if count <= 100 else math.ceil(count / 100) + 1

        return 1 + pages(inside[0]) + pages(top) + sum(1 + pages(inside[row["id"]]) for row in folders)


@pytest.fixture
def open_acme(clean_environment, tmp_path) -> Iterator[Callable[..., Acme]]:
    with ExitStack() as stack:

        def make(documents: int, *, folders: int = 6, **switches: Any) -> Acme:
            account = Account.generate(documents=documents, folders=folders, publications=min(documents, 2))
            emulator = stack.enter_context(Emulator(account, Switches(**switches)))
            for name, value in emulator.environment().items():
                clean_environment.setenv(name, value)
            host = stack.enter_context(Host.open(Settings.load({}, home=tmp_path / "home")))
            host.connections.connect(
                "dev",
                provider="paligo",
                id="acme",
                config={"instance": INSTANCE, "username": USERNAME},
                credentials={"apiKey": API_KEY},
                metadata={"plan": "none"},
            )
            return Acme(host, emulator)

        yield make


@pytest.mark.parametrize("documents", [0, 1, 100, 101, 200, 201])
def test_a_run_by_search_costs_what_the_page_says(open_acme, documents):
    acme = open_acme(documents)
    pages = 1 if documents <= 100 else math.ceil(documents / 100) + 1
    assert acme.sync().requests == pages + documents
    changed = min(documents, 3)
    acme.edit(changed)
    assert acme.sync().requests == pages + changed


def test_search_items_with_content_cost_no_reads(open_acme):
    acme = open_acme(101, search_content=True)
    assert acme.sync().requests == 3


@pytest.mark.parametrize("search", [404, 422])
@pytest.mark.parametrize(("documents", "folders"), [(30, 6), (0, 0), (250, 1), (20, 0)])
def test_a_run_by_folders_costs_what_the_page_says(open_acme, search, documents, folders):
    acme = open_acme(documents, folders=folders, search=search)
    assert acme.sync().requests == acme.walk() + documents
    acme.edit(2)
    assert acme.sync().requests == acme.walk() + min(documents, 2)


def test_folders_of_up_to_a_hundred_documents_cost_three_and_two_each(open_acme):
    acme = open_acme(30, folders=6, search=404)
    acme.sync()
    assert acme.sync().requests == acme.walk() == 3 + 2 * 6


def test_each_field_of_the_schema_is_listed_in_its_order(page):
    schema = json.loads((root() / "schemas" / "paligo" / "Document.json").read_text())
    rows = page(PAGE).rows("## What is stored")
    assert [name.strip("`") for name, _ in rows] == list(schema["properties"])
    assert {name.strip("`") for name, says in rows if "always there" in says} == set(schema["required"])


def test_the_times_are_those_of_the_published_limits(page):
    client = connectors.connect("paligo", {"instance": "acme", "username": "me@acme.example"}, {"apiKey": "A1"})
    for documents, *times in page(PAGE).rows("## How long it takes"):
        pace = Pace(client.connection.provider, FakeClock(), lambda waiting: None)
        for number in range(int(documents.replace(",", ""))):
            url = f"https://acme.paligoapp.com/api/v2/documents/{number}"
            pace.after(Attempt("GET", url, 200, 0.1, 1))
        minutes = [0 if text == "at once" else int(text.removesuffix(" min")) for text in times]
        assert [60.0 * each for each in minutes] == list(pace.estimates().values())
    client.close()


def test_the_sum_of_the_example_is_right(page):
    text = " ".join(page(PAGE).text.split())
    assert "1,000 documents with 10 changed are 10 + 1 + 10 = 21 requests" in text
    assert math.ceil(1000 / 100) + 1 + 10 == 21
