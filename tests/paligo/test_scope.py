"""The scope in a connection's metadata: what it takes, what it refuses, and what a change of it does."""

from __future__ import annotations

import pytest

from connectors.errors import ConfigError
from connectors.paligo.scope import SUBTYPES, Scope, check

UUID = "UUID-3f0c1a52-77d1-4c0e-9a64-0b5f2d1e8c11"


@pytest.mark.parametrize(
    ("metadata", "scope"),
    [
        ({}, Scope()),
        ({"plan": "business", "folders": None, "languages": ""}, Scope()),
        ({"folders": [317, "318", 317]}, Scope(folders=("317", "318"))),
        ({"folders": 317}, Scope(folders=("317",))),
        ({"folders": f"317, {UUID.upper()}"}, Scope(folders=("317", UUID))),
        ({"languages": "en"}, Scope(languages=frozenset({"en"}))),
        ({"languages": ["en", "pt_BR"]}, Scope(languages=frozenset({"en", "pt-br"}))),
        ({"subtypes": list(SUBTYPES)}, Scope(subtypes=frozenset(SUBTYPES))),
        ({"subtypes": "Publication,component"}, Scope(subtypes=frozenset({"publication", "component"}))),
    ],
)
def test_a_scope_is_read_from_lists_single_values_and_texts_with_commas(metadata, scope):
    assert check(metadata) == []
    assert Scope.of(metadata) == scope


def test_what_a_filter_takes_is_said_in_whole_words():
    (problem,) = check({"subtypes": ["x"]})
    assert problem.message.startswith("must be a list of subtypes, which are publication, component,")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("folders", [0]),
        ("folders", [-1]),
        ("folders", [True]),
        ("folders", [1.5]),
        ("folders", ["Pumps"]),
        ("folders", ["317/../../users"]),
        ("folders", ["317\n1"]),
        ("folders", [None]),
        ("folders", {"id": 317}),
        ("folders", [[317]]),
        ("folders", ["UUID-1"]),
        ("folders", list(range(1, 1002))),
        ("folders", []),
        ("folders", "317,,318"),
        ("languages", ["english"]),
        ("languages", ["e"]),
        ("languages", [7]),
        ("languages", []),
        ("subtypes", ["topic"]),
        ("subtypes", [""]),
    ],
)
def test_what_is_no_scope_is_refused_and_named(name, value):
    (problem,) = check({name: value})
    assert (problem.group, problem.field) == ("metadata", name)
    with pytest.raises(ConfigError):
        Scope.of({name: value})


def test_all_problems_of_a_scope_are_told_at_once():
    problems = check({"folders": ["x"], "languages": [1], "subtypes": ["y"], "plan": "?"})
    assert [problem.field for problem in problems] == ["folders", "languages", "subtypes"]


def test_a_wrong_scope_is_refused_when_it_is_set_and_when_a_run_begins(open_acme):
    acme = open_acme(documents=12)
    wrong = {"folders": ["x"], "subtypes": ["topic"]}
    with pytest.raises(ConfigError, match="Subtypes"):
        acme.host.connections.set_metadata("dev", "acme", wrong)
    with pytest.raises(ConfigError, match="Folders"):
        acme.host.connections.connect(
            "dev",
            provider="paligo",
            id="other",
            config={"instance": "connectors-emulator", "username": "me@acme.example"},
            credentials={"apiKey": "AB"},
            metadata=wrong,
            verify=False,
        )
    acme.sync()
    stored = acme.host.connections.get("dev", "acme")
    acme.host.store.connections.change_metadata(  # as an older version, or another program, may have left it
        "dev", stored.key, lambda current: {**current.metadata, **wrong}, id="acme", integration="paligo", now=1.0
    )
    for name in ("documents", "folders", "forks"):
        report = acme.sync(name)
        assert (report.state, report.error["code"], report.requests) == ("failed", "invalid_config", 0)
    assert len(acme.records()) == 12


def scoped(acme, **scope):
    acme.host.connections.set_metadata("dev", "acme", scope)


def below(acme, *folders):
    """The ids of these folders and all below them."""
    rows = acme.emulator.account.rows("folders")
    met = set(folders)
    for _ in rows:
        met |= {row["id"] for row in rows if row["parent"] in met}
    return met


@pytest.mark.parametrize("by", ["id", "uuid"])
@pytest.mark.parametrize("search", ["on", 404])
def test_folders_narrow_documents_folders_forks_and_images(open_acme, search, by):
    acme = open_acme(documents=60, folders=9, publications=9, more={"images": 12}, search=search)
    tops = [row for row in acme.emulator.account.rows("folders") if row["parent"] == 0]
    scoped(acme, folders=[tops[1][by]])
    inside = below(acme, tops[1]["id"])
    assert len(inside) == 3
    acme.sync("folders")
    assert set(acme.records("Folder")) == set(map(str, inside))
    assert acme.records("Folder")[str(tops[1]["id"])]["depth"] == 1
    report = acme.sync()
    expected = {id_: row for id_, row in acme.truth().items() if row["parent_resource"] in inside}
    assert (report.state, acme.records()) == ("success", expected)
    assert report.requests == 2 * len(inside) + len(expected)
    assert acme.sync().unchanged == len(expected)
    acme.sync("forks")
    wanted = {int(id_) for id_, row in expected.items() if row["type"] == "publication"}
    assert wanted
    forks = {id_ for id_, fork in acme.truth("forks").items() if fork["root_document"] in wanted}
    assert set(acme.records("Fork")) == forks


def test_a_folder_named_besides_one_above_it_is_met_once(open_acme):
    acme = open_acme(documents=30, folders=9)
    first, second, *_ = acme.emulator.account.rows("folders")
    for names in ([first["id"], second["id"]], [first["id"], second["uuid"]], [second["uuid"], first["id"]]):
        scoped(acme, folders=names)
        acme.sync("folders")
        assert set(acme.records("Folder")) == set(map(str, below(acme, first["id"])))
        again = acme.sync("folders")
        assert (again.updated, again.unchanged) == (0, 3)


@pytest.mark.parametrize("languages", ["list", "text"])
@pytest.mark.parametrize("search", ["on", 422])
def test_languages_and_subtypes_narrow_documents(open_acme, search, languages):
    acme = open_acme(documents=30, search=search, languages=languages)
    scoped(acme, languages=["sv"], subtypes=["component"])
    expected = {
        id_: row for id_, row in acme.truth().items() if "sv" in row["languages"] and row["type"] == "component"
    }
    assert 0 < len(expected) < 15
    acme.sync()
    assert acme.records() == expected
    assert len(acme.reads()) == len(expected)
    acme.emulator.account.edit_document(next(iter(expected)), languages=["en"])
    assert (acme.sync().deleted, acme.reads()) == (1, [])


def test_a_document_that_tells_its_language_only_when_it_is_read_is_judged_then(open_acme):
    acme = open_acme(documents=30)
    scoped(acme, languages=["sv"])
    respond = acme.emulator.respond

    def poorer(request):
        answer = respond(request)
        for item in answer.payload.get("items", []) if isinstance(answer.payload, dict) else []:
            del item["languages"]
        return answer

    acme.emulator.respond = poorer
    acme.sync()
    assert acme.records() == {id_: row for id_, row in acme.truth().items() if "sv" in row["languages"]}


def test_a_narrower_scope_deletes_nothing_without_a_yes(open_acme):
    acme = open_acme(documents=60)
    acme.sync()
    scoped(acme, languages=["sv"])
    report = acme.sync()
    assert (report.state, report.deleted, report.would_delete) == ("needs_confirmation", 0, 40)
    assert len(acme.records()) == 60
    acme.host.connections.set_metadata("dev", "acme", {"languages": None})
    assert acme.sync().unchanged == 60
