"""Token and authorization URLs: what stands where, and where they may lead."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import ConnectorError, DefinitionError, HostRefused, InvalidUrl, UnresolvedPlaceholder
from connectors.runtime.address import parse
from connectors.runtime.auth.encoding import component, form_percent, form_plus, json_bytes
from connectors.runtime.auth.make_url import make_url
from connectors.runtime.template import Moment

MOMENT = Moment(datetime(2024, 3, 9, 8, 5, 7, tzinfo=UTC), lambda: "drawn")


def url(template, *variables, **options):
    return make_url(template, *variables, moment=MOMENT, **options)


# --- Values in place -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["connectionConfig.sub", "credentials.sub", "sub"])
def test_a_variable_goes_by_three_names(name):
    assert url(f"https://${{{name}}}.example.com/t", {"sub": "acme"}) == "https://acme.example.com/t"


def test_later_mappings_overlay_earlier_ones():
    assert url("https://${x}.example.com", {"x": "first"}, {"x": "second"}) == "https://second.example.com/"


def test_a_dotted_name_is_one_key():
    template = "https://${connectionConfig.a.b}.example.com"
    assert url(template, {"a.b": "flat"}) == "https://flat.example.com/"
    with pytest.raises(UnresolvedPlaceholder):
        url(template, {"a": {"b": "nested"}})


@pytest.mark.parametrize(
    ("value", "result"),
    [("a/b?c=d#e", "a%2Fb%3Fc%3Dd%23e"), ("é x", "%C3%A9%20x"), ("-_.!~*'()", "-_.!~*'()"), (5, "5"), (True, "true")],
)
def test_values_in_the_path_are_percent_encoded(value, result):
    assert url("https://x.example/${v}/t", {"v": value}) == f"https://x.example/{result}/t"


def test_without_encoding_a_value_may_bring_steps_but_no_query():
    template = "https://x.example/${v}/t"
    assert url(template, {"v": "a/b"}, skip_encode=True) == "https://x.example/a/b/t"
    for value in ("a?b", "a#b", "../b"):
        with pytest.raises(HostRefused):
            url(template, {"v": value}, skip_encode=True)


def test_a_value_may_be_the_whole_address_at_the_start():
    template = "${connectionConfig.base}/oauth/token"
    assert url(template, {"base": "https://acme.example:8443/x"}) == "https://acme.example:8443/x/oauth/token"


def test_a_value_may_be_the_whole_host_with_a_port_and_a_path():
    template = "https://${host}/oauth/token"
    assert url(template, {"host": "acme.example:8443"}) == "https://acme.example:8443/oauth/token"
    assert url(template, {"host": "acme.example/tenant"}) == "https://acme.example/tenant/oauth/token"


# --- Choices and missing values ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "result"),
    [
        ({"host": "own.example"}, "https://own.example/t"),
        ({"host": ""}, "https://acme.example.com/t"),
        ({}, "https://acme.example.com/t"),
    ],
)
def test_of_two_alternatives_the_first_with_a_value_is_taken(values, result):
    template = "https://${connectionConfig.host}/t || https://${connectionConfig.sub}.example.com/t"
    assert url(template, {"sub": "acme", **values}) == result


@pytest.mark.parametrize("values", [{}, {"sub": ""}])
def test_a_missing_value_is_an_error_that_names_it(values):
    with pytest.raises(UnresolvedPlaceholder) as caught:
        url("https://${connectionConfig.sub}.example.com", values)
    assert caught.value.placeholders == ("sub",)


@pytest.mark.parametrize("template", [None, "", 5, {"OAUTH2": "https://x.example"}])
def test_a_template_that_is_no_text_is_an_error_of_the_definition(template):
    with pytest.raises(DefinitionError) as caught:
        url(template, name="refresh_url")
    assert "refresh_url" in caught.value.message
    assert caught.value.facts["reference_code"] == "missing_refresh_url"


@pytest.mark.parametrize(
    "template", ["not a url", "ftp://x.example", "//x.example", "https://", "https://u:p@x.example"]
)
def test_a_template_that_is_no_address_is_an_error(template):
    with pytest.raises(InvalidUrl):
        url(template)


# --- Where it may lead ---------------------------------------------------------------------------

HOSTILE = [
    *("evil.example/", "evil.example#", "evil.example?", "evil.example\\", "x@evil.example", "evil.example:80@"),
    *("a b", "a\tb", "a\nb", "\u3002evil", "evil%2eexample/", "${x}", "a||b"),
]


@pytest.mark.parametrize("value", HOSTILE)
def test_inside_a_host_a_value_is_a_label(value):
    with pytest.raises(HostRefused) as caught:
        url("https://${sub}.example.com/t", {"sub": value})
    assert value not in caught.value.message


@pytest.mark.parametrize(
    "value", ["ftp://x.example", "https://u@x.example", "https://x.example?q", "https://x.example/../y", "x.example"]
)
def test_a_whole_address_is_one_of_http_without_user_query_and_steps_back(value):
    with pytest.raises(HostRefused):
        url("${base}/t", {"base": value})


@given(value=st.text(max_size=30))
def test_no_value_leads_to_another_host(value):
    for template in ("https://${v}.example.com/t", "https://api.example.com/${v}?x=${v}"):
        try:
            made = url(template, {"v": value})
        except ConnectorError:
            continue
        assert parse(made).host.endswith(".example.com")


@given(value=st.text(max_size=30))
def test_a_value_stays_where_its_placeholder_stands(value):
    try:
        address = parse(url("https://x.example/a/${v}/b?c=${v}&d=e", {"v": value}))
    except ConnectorError:
        return
    assert address.query.endswith("&d=e")
    assert address.query.count("&") == 1
    assert address.path.endswith("/b")


# --- How texts are written -----------------------------------------------------------------------


def test_a_component_is_written_as_javascript_does():
    assert component("a b/é&-_.!~*'()\ud800") == "a%20b%2F%C3%A9%26-_.!~*'()%EF%BF%BD"


def test_a_form_is_written_with_either_kind_of_blank():
    pairs = [("a b", "c+d"), ("é", "~*'")]
    assert form_plus(pairs) == b"a+b=c%2Bd&%C3%A9=%7E*%27"
    assert form_percent(pairs) == b"a%20b=c%2Bd&%C3%A9=%7E*%27"


def test_json_is_compact_and_keeps_its_order_and_letters():
    assert json_bytes({"b": 1, "a": ["é", None, True]}) == '{"b":1,"a":["é",null,true]}'.encode()
