import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import data
from connectors.errors import DefinitionError, UnknownProvider
from connectors.runtime.catalog import Catalog
from connectors.runtime.definition_check import check_file, export

GOOD = """\
shop:
    display_name: Shop
    auth_mode: API_KEY
    docs: https://shop.example/docs
    proxy:
        base_url: https://${connectionConfig.name}.shop.example
        headers:
            authorization: Bearer ${apiKey}
    connection_config:
        name:
            type: string
            title: Shop Name
            description: Your shop's name
    credentials:
        apiKey:
            type: string
            title: API Key
            description: Your key
"""


@pytest.fixture
def check(tmp_path):
    def run(text: str):
        file = tmp_path / "providers.yaml"
        file.write_text(text, encoding="utf-8")
        return check_file(file)

    return run


def told(findings):
    return [(finding.line, finding.path, finding.severity) for finding in findings]


def test_our_own_definitions_are_without_a_flaw():
    assert check_file(data.root() / "providers.yaml") == []


def test_a_good_definition_is_without_a_flaw(check):
    assert check(GOOD) == []


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}\n"])
def test_an_empty_file_is_without_a_flaw(check, text):
    assert check(text) == []


@pytest.mark.parametrize(
    ("line", "becomes", "expected"),
    [
        ("    display_name: Shop", "", (1, "shop", "display_name is missing")),
        ("    display_name: Shop", "    display_name: [Shop]", (2, "shop.display_name", "has to be text, not a list")),
        ("auth_mode: API_KEY", "auth_mode: API_KEYS", (3, "shop.auth_mode", "Did you mean API_KEY?")),
        ("auth_mode: API_KEY", "", (1, "shop", "auth_mode is missing")),
        ("auth_mode: API_KEY", "auth_mode: NONE", (14, "shop.credentials", "NONE asks for no credentials")),
        ("auth_mode: API_KEY", "auth_mode: AWS_SIGV4", (3, "shop.auth_mode", "credentials.role_arn")),
        ("        apiKey:", "        key:", (3, "shop.auth_mode", "API_KEY needs credentials.apiKey")),
        ("    docs:", "    dosc:", (1, "shop", "docs is missing")),
        (
            "            authorization:",
            "            Authorization:",
            (8, "shop.proxy.headers.Authorization", "'Authorization' may not"),
        ),
        ("Bearer ${apiKey}", "5", (8, "shop.proxy.headers.authorization", "has to be text, not 5")),
        (
            "https://${connectionConfig.name}",
            "https://${connectionConfig.nme}",
            (6, "shop.proxy.base_url", "${connectionConfig.nme} is not declared"),
        ),
        (
            "https://${connectionConfig.name}",
            "shop${connectionConfig.name}",
            (6, "shop.proxy.base_url", "does not start with http"),
        ),
        (
            "Bearer ${apiKey}",
            "Basic ${base46(${apiKey}:)}",
            (8, "shop.proxy.headers.authorization", "no function base46"),
        ),
        (
            "            title: Shop Name",
            "            title: Shop Name\n            format: phone",
            (13, "shop.connection_config.name.format", "'phone' is none of them"),
        ),
        ("        name:", "        name1:", (10, "shop.connection_config.name1", "'name1' may not")),
        ("            title: API Key", "", (15, "shop.credentials.apiKey", "title is missing: label")),
        (
            "        headers:",
            "        verification: {endpoints: []}\n        headers:",
            (7, "shop.proxy.verification.endpoints", "may not be empty"),
        ),
        ("    docs:", "    token_url: 5\n    docs:", (4, "shop.token_url", "has to be text or a mapping")),
        ("    docs:", "    alias: shpo\n    docs:", (4, "shop.alias", "no entry shpo")),
        (
            "    docs:",
            "    display_name: Again\n    docs:",
            (4, "shop.display_name", "the first one, in line 2, is lost"),
        ),
        ("shop:", "Shop!:", (1, "Shop!", "'Shop!' may not")),
    ],
)
def test_each_mistake_is_named_with_its_line_and_path(check, line, becomes, expected):
    assert line in GOOD
    findings = check(GOOD.replace(line, becomes, 1))
    number, path, words = expected
    matching = [finding for finding in findings if (finding.line, finding.path) == (number, path)]
    assert any(words in finding.message for finding in matching), findings
    assert all(finding.severity == "error" for finding in matching)


@pytest.mark.parametrize(
    ("line", "becomes", "path", "words"),
    [
        ("    docs:", "    doc: x\n    docs:", "shop.doc", "no key that means anything"),
        ("        headers:", "        header: {}\n        headers:", "shop.proxy.header", "no key that means anything"),
        ("Bearer ${apiKey}", "Bearer {apiKey}", "shop.proxy.headers.authorization", "a placeholder is ${…}"),
        (
            "    docs:",
            "    post_connection_script: nope\n    docs:",
            "shop.post_connection_script",
            "There is no script nope",
        ),
        ("${connectionConfig.name}.shop", "shop", "shop.connection_config", "No template uses"),
        (
            "            title: Shop Name",
            "            title: Shop Name\n            example: https://x",
            "shop.connection_config.name.example",
            "cannot stand in base_url",
        ),
        (
            "            title: Shop Name",
            "            title: Shop Name\n            pattern: ^a$\n            default_value: b",
            "shop.connection_config.name.default_value",
            "its own default",
        ),
        (
            "        headers:",
            "        retry: {in_body: {path: a, strategy: at, value: '/(x)/'}}\n        headers:",
            "shop.proxy.retry.in_body.value",
            "slashes",
        ),
        (
            "        headers:",
            "        retry: {in_body: {path: a, strategy: at, value: 'x'}}\n        headers:",
            "shop.proxy.retry.in_body.value",
            "no group",
        ),
        (
            "            title: Shop Name",
            "            title: Shop Name\n            pattern: '[z-a]'",
            "shop.connection_config.name.pattern",
            "does not compile",
        ),
        (
            "        headers:",
            "        paginate: {type: cursor}\n        headers:",
            "shop.proxy.paginate",
            "cursor_path_in_response",
        ),
        (
            "        headers:",
            "        paginate: {type: link}\n        headers:",
            "shop.proxy.paginate",
            "link_rel_in_response_header or",
        ),
        (
            "        headers:",
            "        retry: {in_body: {path: a, strategy: at, value: '('}}\n        headers:",
            "shop.proxy.retry.in_body.value",
            "does not compile",
        ),
        (
            "        headers:",
            "        paginate: {type: offset, offset_name_in_request: o, resend_params: true}\n        headers:",
            "shop.proxy.paginate.resend_params",
            "only with type link",
        ),
    ],
)
def test_what_loads_but_is_hardly_meant_is_a_warning(check, line, becomes, path, words):
    assert line in GOOD
    (finding,) = check(GOOD.replace(line, becomes, 1))
    assert (finding.path, finding.severity) == (path, "warning")
    assert words in finding.message


def test_every_problem_is_named_at_once(check):
    text = (
        GOOD.replace("API_KEY", "APIKEY", 1).replace("Bearer ${apiKey}", "${nope(x)}").replace("    docs:", "    dcos:")
    )
    assert len(check(text)) == 4


def test_an_entry_that_is_no_yaml_does_not_hide_the_others(check):
    findings = check(f"bad:\n    a: b: c\n{GOOD.replace('API_KEY', 'APIKEY', 1)}worse:\n    - [a,\n      b\n")
    assert [(finding.line, finding.path) for finding in findings] == [(2, "bad"), (5, "shop.auth_mode"), (24, "worse")]
    assert "begins in line 22" in findings[2].message
    assert "not valid YAML" in findings[0].message


def test_both_exclusive_verifications_are_found_across_an_alias(check):
    verified = "        verification: {endpoints: [/me]}\n        headers:"
    text = GOOD.replace("        headers:", verified, 1)
    script = "    credentials_verification_script: cdwCredentialsVerification\n"
    other = f"other:\n    alias: shop\n    display_name: O\n    docs: x\n{script}"
    assert told(check(text + other)) == [(24, "other.credentials_verification_script", "error")]


def test_an_alias_of_a_later_alias_is_a_warning(check):
    text = "a: {alias: b, display_name: A, docs: x}\nb: {alias: shop, display_name: B, docs: x}\n" + GOOD
    assert ("a.alias", "warning") in [(finding.path, finding.severity) for finding in check(text)]


def test_limits_have_to_cover_the_plans(check):
    limits = """    rate_limits:
        window: 60
        plan: gold
        plans: [small, big]
        operations: {GET: read}
        groups:
            orders: {path: /orders, read: {small: 1}, update: {small: 0, big: 5}}
"""
    assert told(check(GOOD + limits)) == [
        (21, "shop.rate_limits.plan", "error"),
        (25, "shop.rate_limits.groups.orders.read", "error"),
        (25, "shop.rate_limits.groups.orders.update.small", "error"),
    ]


def test_a_key_that_is_no_text_is_no_crash(check):
    assert check("1: {2: 3}\ntrue: x\n? [a]\n: b\n")


@pytest.mark.parametrize(
    "text", ["- a\n", "text\n", "a: &x {b: *x}\n", "a: !!python/name:os.system x\n", "\t", "a: {alias: [b]}\n"]
)
def test_a_file_of_another_kind_is_told_so(check, text):
    assert any(finding.severity == "error" for finding in check(text))


def test_lines_are_right_behind_anchors(check):
    text = GOOD.replace("shop:\n", "shop: &shop\n") + "more:\n    <<: *shop\n    auth_mode: NOPE\n"
    assert (21, "more.auth_mode", "error") in told(check(text))


def test_a_file_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(DefinitionError):
        check_file(tmp_path / "nothing.yaml")


yaml_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("${connectionConfig.x} || ${f(x)}"),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["alias", "auth_mode", "proxy", "base_url", "headers", "paginate", "retry", "in_body", "value"]
            )
            | st.sampled_from(
                ["connection_config", "credentials", "pattern", "example", "rate_limits", "groups", "plans"]
            )
            | st.sampled_from(["verification", "token_response_metadata", "type", "x"]),
            children,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@settings(deadline=None)
@given(definitions=st.dictionaries(st.sampled_from(["a", "b", "c"]), yaml_values, max_size=3))
def test_any_content_is_checked_to_the_end(tmp_path_factory, definitions):
    file = tmp_path_factory.mktemp("definitions") / "providers.yaml"
    file.write_text(yaml.safe_dump(definitions, allow_unicode=True), encoding="utf-8")
    assert all(finding.line >= 1 and finding.message for finding in check_file(file))


@settings(deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_is_checked_to_the_end(tmp_path_factory, text):
    file = tmp_path_factory.mktemp("definitions") / "providers.yaml"
    file.write_text(text.encode("utf-8", "replace").decode(), encoding="utf-8")
    assert isinstance(check_file(file), list)


# --- Export --------------------------------------------------------------------------------------


def test_an_exported_definition_is_ours_without_our_extensions():
    catalog = Catalog([data.root() / "providers.yaml"])
    exported = yaml.safe_load(export(catalog, "paligo"))["paligo"]
    whole = dict(catalog.get("paligo").definition)
    assert "rate_limits" not in exported
    assert "resend_params" not in exported["proxy"]["paginate"]
    assert exported["connection_config"] == whole["connection_config"]
    assert exported["proxy"]["headers"] == whole["proxy"]["headers"]


def test_an_exported_alias_stands_for_itself(tmp_path):
    file = tmp_path / "providers.yaml"
    file.write_text(GOOD + "other:\n    alias: shop\n    display_name: Other\n    docs: x\n")
    exported = yaml.safe_load(export(Catalog([file])))
    assert list(exported) == ["other", "shop"]
    assert exported["other"]["proxy"] == exported["shop"]["proxy"]


def test_exporting_what_is_not_there_says_so():
    with pytest.raises(UnknownProvider):
        export(Catalog([data.root() / "providers.yaml"]), "nobody")
