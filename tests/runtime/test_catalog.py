from pathlib import Path

import pytest

from connectors import data
from connectors.errors import ConnectorError, DefinitionError, UnknownProvider
from connectors.runtime import definition_file
from connectors.runtime.catalog import Catalog, Provider


@pytest.fixture
def catalog(tmp_path):
    """A catalog of files with the given texts, in order."""

    def make(*texts: str) -> Catalog:
        files = [tmp_path / f"{index}.yaml" for index in range(len(texts))]
        for file, text in zip(files, texts, strict=True):
            file.write_text(text, encoding="utf-8")
        return Catalog(files)

    return make


@pytest.fixture
def parsed(monkeypatch):
    """The texts that are parsed as YAML from here on."""
    texts: list[str] = []
    load = definition_file.load
    monkeypatch.setattr(definition_file, "load", lambda text, *rest: texts.append(text) or load(text, *rest))
    return texts


def many(count: int) -> str:
    return "".join(f"p{n}:\n    display_name: P{n}\n    auth_mode: NONE\n\n" for n in range(count))


# --- Our own definition --------------------------------------------------------------------------


def test_our_paligo_is_what_the_guide_and_the_sync_rely_on():
    paligo = Catalog([data.root() / "providers.yaml"]).get("paligo")
    assert paligo.auth_mode == "API_KEY"
    assert paligo.base_url == "https://${connectionConfig.instance}.paligoapp.com"
    assert paligo.headers == {"authorization": "Basic ${base64(${connectionConfig.username}:${apiKey})}"}
    assert paligo.verification == {"method": "GET", "endpoints": ["/api/v2/groups?page=1&per_page=1"]}
    assert paligo.retry == {"after": ["retry-after"]}
    assert paligo.paginate == {
        "type": "link",
        "link_path_in_response_body": "next_page",
        "limit_name_in_request": "per_page",
        "resend_params": True,
    }


@pytest.mark.parametrize(
    ("group", "operation", "business", "enterprise"),
    [
        ("documents", "read", 50, 250),
        ("documents", "update", 10, 20),
        ("folders", "create", 10, 100),
        ("forks", "delete", 20, 100),
        ("images", "create", 10, 20),
        ("imports", "create", 1, 1),
        ("outputs", "read", 10, 10),
        ("productions", "create", 1, 10),
        ("publishsettings", "read", 50, 250),
        ("taxonomies", "update", 10, 100),
        ("translationimports", "create", 1, 10),
        ("translationexports", "create", 1, 10),
        ("variablesets", "read", 50, 200),
        ("variants", "delete", 10, 20),
        ("variables", "create", 10, 20),
        ("variablevalues", "update", 10, 20),
    ],
)
def test_our_paligo_has_the_published_limits(group, operation, business, enterprise):
    limits = Catalog([data.root() / "providers.yaml"]).get("paligo").rate_limits
    assert limits["window"] == 60
    assert limits["groups"][group]["path"] == f"/api/v2/{group}"
    assert limits["groups"][group][operation] == {"business": business, "enterprise": enterprise}


# --- One provider without the rest ---------------------------------------------------------------


def test_one_provider_is_found_without_parsing_the_others(catalog, parsed):
    providers = catalog(many(1013))
    assert providers.get("p500").display_name == "P500"
    assert parsed == ["p500:\n    display_name: P500\n    auth_mode: NONE\n\n"]


def test_an_alias_parses_its_target_and_nothing_else(catalog, parsed):
    catalog(many(50) + "a:\n    alias: p7\n").get("a")
    assert len(parsed) == 2


def test_names_are_listed_without_parsing_anything(catalog, parsed):
    assert catalog(many(3), "b: {}\na: {}\n").names() == ["a", "b", "p0", "p1", "p2"]
    assert parsed == []


def test_asking_twice_parses_once(catalog, parsed):
    providers = catalog(many(3))
    assert providers.get("p1") is providers.get("p1")
    assert len(parsed) == 1


@pytest.mark.parametrize(
    "text",
    [
        "base: &b\n    auth_mode: NONE\nx:\n    <<: *b\n    display_name: X\n",
        "base: {auth_mode: NONE}\n'x': {auth_mode: NONE, display_name: X}\n",
        "---\nx:\n    auth_mode: NONE\n    display_name: X\n...\n",
        '{"x": {"auth_mode": "NONE", "display_name": "X"}}',
        "x:\n    auth_mode: NONE\n    display_name: X # Q&A, a & b, **\n",
        "x:\r\n    auth_mode: NONE\r\n    display_name: X\r\n",
        "\ufeff# comment\nx:\n    auth_mode: NONE\n# at the margin\n    display_name: X\n",
        "x: {auth_mode: NONE, display_name: X}",
    ],
)
def test_any_layout_of_yaml_gives_the_same_provider(catalog, text):
    provider = catalog(text).get("x")
    assert (provider.auth_mode, provider.display_name) == ("NONE", "X")


def test_a_broken_entry_does_not_hide_the_others(catalog):
    providers = catalog("good: {auth_mode: NONE}\nbad:\n    a: b: c\n")
    assert providers.get("good").auth_mode == "NONE"
    with pytest.raises(DefinitionError, match="line 3") as caught:
        providers.get("bad")
    assert caught.value.facts["line"] == 3


@pytest.mark.parametrize(("text", "value"), [("on", "on"), ("yes", "yes"), ("012", 12), ("1:30", "1:30"), ("0x1f", 31)])
def test_plain_words_mean_what_yaml_1_2_says(catalog, text, value):
    assert catalog(f"x:\n    display_name: {text}\n").get("x").definition["display_name"] == value


@pytest.mark.parametrize("text", ["2024-01-31", "2024-01-31T10:00:00Z"])
def test_a_date_stays_text(catalog, text):
    assert catalog(f"x:\n    docs: {text}\n").get("x").docs == text


# --- Aliases -------------------------------------------------------------------------------------


def test_an_alias_is_its_target_with_its_own_keys_on_top_and_whole(catalog):
    providers = catalog(
        "a:\n    auth_mode: BASIC\n    proxy: {base_url: https://a, query: {q: 1}}\n"
        "b:\n    alias: a\n    display_name: B\n    proxy: {base_url: https://b}\n"
    )
    assert providers.get("b").definition == {
        "auth_mode": "BASIC",
        "proxy": {"base_url": "https://b"},
        "display_name": "B",
    }


def test_an_alias_of_an_alias_works_if_that_stands_earlier(catalog):
    providers = catalog("c: {x: 3, auth_mode: NONE}\nb: {alias: c, y: 2}\na: {alias: b, z: 1}\n")
    assert providers.get("a").definition == {"x": 3, "auth_mode": "NONE", "y": 2, "z": 1}


def test_an_alias_of_a_later_alias_takes_only_what_that_one_says(catalog):
    providers = catalog("a: {alias: b, z: 1}\nb: {alias: c, y: 2}\nc: {x: 3}\n")
    assert providers.get("a").definition == {"alias": "c", "y": 2, "z": 1}


@pytest.mark.parametrize(
    "text", ["a: {alias: a, z: 1}", "a: {alias: b, z: 1}\nb: {alias: a}", "a: {alias: nobody, z: 1}"]
)
def test_an_alias_that_leads_nowhere_ends(catalog, text):
    assert catalog(text).get("a").definition["z"] == 1


def test_a_long_chain_of_aliases_is_followed(catalog):
    chain = "p0: {auth_mode: NONE}\n" + "".join(f"p{n}: {{alias: p{n - 1}}}\n" for n in range(1, 3000))
    assert catalog(chain).get("p2999").auth_mode == "NONE"


def test_an_alias_may_name_a_provider_of_another_file(catalog):
    providers = catalog("a: {auth_mode: NONE}\n", "b: {alias: a, x: 1}\n")
    assert providers.get("b").definition == {"auth_mode": "NONE", "x": 1}


def test_aliases_of_two_files_in_a_circle_end(catalog):
    providers = catalog("a: {alias: b, x: 1}\n", "b: {alias: a, y: 2}\n")
    assert providers.get("a").definition["x"] == 1


# --- Several files -------------------------------------------------------------------------------


def test_a_later_file_wins_by_name(catalog):
    providers = catalog("a: {auth_mode: NONE, x: 1}\n", "a: {auth_mode: BASIC}\n")
    assert providers.get("a").definition == {"auth_mode": "BASIC"}


def test_limits_survive_a_later_definition_without_any(catalog):
    providers = catalog("a: {rate_limits: {window: 60}}\n", "a: {auth_mode: BASIC}\n")
    assert providers.get("a").rate_limits == {"window": 60}


def test_limits_of_a_later_definition_win(catalog):
    providers = catalog("a: {rate_limits: {window: 60}}\n", "a: {rate_limits: {window: 1}}\n")
    assert providers.get("a").rate_limits == {"window": 1}


# --- Errors --------------------------------------------------------------------------------------


def test_an_unknown_name_gets_names_that_are_close(catalog):
    with pytest.raises(UnknownProvider, match="Did you mean paligo"):
        catalog("paligo: {auth_mode: NONE}\n").get("paligoo")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DefinitionError, match=r"nothing\.yaml"):
        Catalog([tmp_path / "nothing.yaml"]).get("a")


def test_a_file_that_is_not_text_is_named_with_its_line(tmp_path):
    file = tmp_path / "latin.yaml"
    file.write_bytes(b"a:\n    x: \xfc\n")
    with pytest.raises(DefinitionError, match="line 2"):
        Catalog([file]).get("a")


@pytest.mark.parametrize("text", ["a: text", "a:\n", "a: [1]", "- a", "just text", "a: &x {b: *x}", "a: \t- :", "a: '"])
def test_a_file_that_cannot_be_meant_is_refused_in_words(catalog, text):
    with pytest.raises(ConnectorError) as caught:
        catalog(text).get("a")
    assert isinstance(caught.value, DefinitionError | UnknownProvider)


def test_merges_cannot_blow_a_file_up(catalog):
    ten = ", ".join(["*a{0}"] * 10)
    levels = "".join(f"a{n}: &a{n} {{<<: [{ten.format(n - 1)}], k{n}: v}}\n" for n in range(1, 12))
    assert dict(catalog(f"a0: &a0 {{k0: v}}\n{levels}").get("a11").definition) == {f"k{n}": "v" for n in range(12)}


@pytest.mark.parametrize("text", ["[" * 50_000, "{a: " * 50_000, "\n- " + "- " * 50_000, "\n- " + "? " * 50_000])
def test_nesting_cannot_end_the_process(catalog, text):
    with pytest.raises(DefinitionError, match="nested too deeply"):
        catalog(f"acme: {text}\n").get("acme")


@pytest.mark.parametrize("value", ["!!bool maybe", "!!timestamp soon", "!!pairs text", "!!float x", "!!binary é"])
def test_a_value_that_does_not_fit_its_tag_is_an_error_with_its_line(catalog, value):
    with pytest.raises(DefinitionError, match="line 1: this is not valid YAML"):
        catalog(f"acme: {value}\n").get("acme")


def test_anchors_cannot_blow_a_file_up(catalog):
    lines = ["a0: &a0 {x: 1}"] + [f"a{n}: &a{n} {{l: *a{n - 1}, r: *a{n - 1}}}" for n in range(1, 40)]
    with pytest.raises(DefinitionError, match="million"):
        catalog("\n".join(lines)).get("a39")


@pytest.mark.parametrize(
    ("definition", "attribute"),
    [
        ({"auth_mode": 5}, "auth_mode"),
        ({}, "auth_mode"),
        ({"proxy": "x"}, "base_url"),
        ({"proxy": {"base_url": 1}}, "base_url"),
        ({"proxy": {"headers": {"a": 1}}}, "headers"),
        ({"proxy": {"retry": []}}, "retry"),
        ({"connection_config": {"a": "text"}}, "connection_config"),
        ({"rate_limits": 1}, "rate_limits"),
    ],
)
def test_a_definition_of_the_wrong_shape_says_which_key(definition, attribute):
    with pytest.raises(DefinitionError, match=r"x\.yaml"):
        getattr(Provider("a", definition, "x.yaml"), attribute)


def test_a_definition_may_leave_almost_everything_out():
    provider = Provider("a", {"auth_mode": "NONE"}, "x.yaml")
    assert provider.display_name == "a"
    assert provider.base_url is provider.retry is provider.paginate is provider.verification is None
    assert provider.headers == provider.query == provider.body == provider.credentials == {}


def test_paths_may_be_given_as_text(tmp_path):
    file = Path(tmp_path / "a.yaml")
    file.write_text("a: {auth_mode: NONE}\n")
    assert Catalog([str(file)]).get("a").source == str(file)
