from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from connectors.errors import DefinitionError, HostRefused, InputError, InvalidUrl, UnresolvedPlaceholder
from connectors.runtime.address import parse
from connectors.runtime.catalog import Provider
from connectors.runtime.connection import Connection
from connectors.runtime.hosts import Expression, HostPolicy, split
from connectors.runtime.request import Call, build
from connectors.runtime.url import own_origin

LABEL = "https://${connectionConfig.instance}.paligoapp.com"
HOST = "https://${connectionConfig.instance}/api"
BASE = "${connectionConfig.instance}/api"
PATH = "https://api.example.com/v2/${connectionConfig.instance}"
PRIVATE = HostPolicy(allow_private=True)


def connection(base_url, value="acme", **fields):
    definition = {
        "auth_mode": "API_KEY",
        "proxy": {"base_url": base_url, "headers": {"x-key": "${apiKey}"}},
        "connection_config": {"instance": {"type": "string", "title": "Instance Name", "description": "x"}},
        "credentials": {"apiKey": {"type": "string", "title": "API Key", "description": "x", "secret": True}},
    }
    provider = Provider("acmedocs", definition, "test")
    return Connection(provider, {"instance": value, **fields}, {"type": "API_KEY", "apiKey": "k3y-value"})


def url(base_url, value="acme", endpoint="/x", policy=None, **call):
    return build(connection(base_url, value), Call(endpoint=endpoint, **call), policy=policy).url


HOSTILE = [
    *("evil.com/#", "evil.com/", "evil.com?", "evil.com#", "a@b", "evil.com\\", "evil.com:443/", "a b", " acme"),
    *("acme\n", "a\nb", "a\rb", "a\tb", "a\0b", "acme\0", "a\u2028b", "acme\u3002evil\u3002com", "evil\uff0ecom\uff0f"),
    *(
        "evil\uff61com",
        "evil\u2024com",
        "evil.com\uff0f",
        "evil.com\u2100",
        "%65vil.com%2f",
        "a%2eb",
        "..",
        ".",
        "a..b",
    ),
    *("a" * 10_000, "http://evil.com", "${apiKey}", "x||y", "a%00b", "\ud800", "\u202eacme", "a,b", "a;b"),
]


@pytest.mark.parametrize("value", [*HOSTILE, "[::1]", ".acme", "acme.", "a:80", "-:-"])
def test_inside_a_host_only_dns_labels_may_stand(value):
    with pytest.raises(HostRefused, match="Instance Name") as caught:
        url(LABEL, value)
    assert value not in str(caught.value) or len(value) < 3


WITH_A_PATH = {"evil.com/", "evil.com:443/"}  # hostile inside a host, plain where the whole host is the customer's
NO_HOST = [
    *(value for value in HOSTILE if value not in WITH_A_PATH),
    *("evil.com:", "evil.com:0", "evil.com:65536", "evil.com:8a", "a:b@c", "::1"),
]


@pytest.mark.parametrize(
    "value", [*NO_HOST, "a.example/..", "a.example/x/%2e%2e/y", "a.example/x?y", "/x", "a.example/\\b"]
)
def test_for_a_whole_host_only_a_host_name_port_and_path_may_stand(value):
    with pytest.raises(HostRefused, match="Instance Name"):
        url(HOST, value, policy=None)


@pytest.mark.parametrize(
    "template", ["https://${connectionConfig.instance}:8443/api", "https://${connectionConfig.instance}?x"]
)
@pytest.mark.parametrize("value", [*NO_HOST, "a.example/x"])
def test_where_something_else_follows_a_whole_host_it_has_no_path(template, value):
    with pytest.raises(HostRefused, match="Instance Name"):
        url(template, value, policy=None)


def test_a_whole_host_may_bring_the_path_that_a_customer_s_address_has():
    assert url(HOST, "docs.acme.example/tenant%201") == "https://docs.acme.example/tenant%201/api/x"


@pytest.mark.parametrize(
    "value",
    [
        *(
            "acme.example.com",
            "ftp://a.example",
            "https://",
            "https:///x",
            "https://me@a.example",
            "https://me:pw@a.example",
        ),
        *(
            "https://a.example?x=1",
            "https://a.example#x",
            "https://a.example\\x",
            "https://a.example/x?",
            "//a.example",
        ),
        *(
            "https://a.example\n",
            "https://a.example/\0",
            "https://a b.example",
            "https://a.example:99999",
            " https://a.example",
        ),
        *("https://a.example/../x", "https://a.example/%2e%2E/x", "https://a\u3002example", "javascript://a.example"),
    ],
)
def test_for_a_whole_base_only_an_address_without_user_query_or_fragment_may_stand(value):
    with pytest.raises(HostRefused, match="Instance Name"):
        url(BASE, value)


@pytest.mark.parametrize("value", ["x?y", "x#y", "x\\y", "..", "a/../b", "%2e%2e/x", "x\ny", "x\0", "a/./b"])
def test_in_a_path_a_value_stays_a_part_of_the_path(value):
    with pytest.raises(HostRefused, match="Instance Name"):
        url(PATH, value)


@pytest.mark.parametrize(
    ("base_url", "value", "expected"),
    [
        (LABEL, "acme", "https://acme.paligoapp.com/x"),
        (LABEL, "Acme-2", "https://acme-2.paligoapp.com/x"),
        (LABEL, "a.b", "https://a.b.paligoapp.com/x"),
        (LABEL, "bücher", "https://xn--bcher-kva.paligoapp.com/x"),
        (LABEL, "a_b", "https://a_b.paligoapp.com/x"),
        (LABEL, 7, "https://7.paligoapp.com/x"),
        (HOST, "docs.acme.example", "https://docs.acme.example/api/x"),
        (HOST, "docs.acme.example:8443", "https://docs.acme.example:8443/api/x"),
        (HOST, "docs.acme.example:443", "https://docs.acme.example/api/x"),
        (BASE, "https://docs.acme.example", "https://docs.acme.example/api/x"),
        (BASE, "HTTP://docs.acme.example:8080/deep/er", "http://docs.acme.example:8080/deep/er/api/x"),
        (PATH, "a/b c", "https://api.example.com/v2/a/b%20c/x"),
        (PATH, "123:abc", "https://api.example.com/v2/123:abc/x"),
        ("https://api.${connectionConfig.instance}", "acme.example", "https://api.acme.example/x"),
        ("https://${connectionConfig.instance}-xml.example.com", "eu", "https://eu-xml.example.com/x"),
        ("https://a.example:${connectionConfig.instance}", "8443", "https://a.example:8443/x"),
        ("https://a.example/?q=${connectionConfig.instance}", "a&b", "https://a.example/?q=a&b/x"),
    ],
)
def test_a_good_value_makes_the_address_it_should(base_url, value, expected):
    assert url(base_url, value) == expected


@pytest.mark.parametrize("template", [LABEL, HOST, BASE, PATH, "https://a.example:${connectionConfig.instance}"])
@given(value=st.text(max_size=30) | st.sampled_from(HOSTILE), endpoint=st.text(max_size=30))
def test_no_value_and_no_endpoint_leads_to_another_host(template, value, endpoint):
    try:
        request = build(connection(template, value), Call(endpoint=endpoint or "/"), policy=PRIVATE)
    except InputError:
        return
    address = parse(request.url)
    assert address.netloc == request.host
    if template == LABEL:
        assert address.netloc.endswith(".paligoapp.com")
    if template == PATH:
        assert request.url.startswith("https://api.example.com/")
    if template.startswith("https://a.example:"):
        assert address.host == "a.example"
    if template == HOST:
        assert address.host == parse(f"https://{value}/").host


PIECES = [
    *"abc.-_:/\\?#@[]%${}|09 \t\n\0é。．｡℀ßＡ／",
    "\u00ad",
    "\u200d",
    "\u2024",
    "xn--",
    "%2e",
    "evil.com",
    "https://",
]
hostile = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


@pytest.mark.parametrize("template", [LABEL, HOST, BASE, PATH])
@given(value=hostile, endpoint=hostile)
def test_the_http_library_reads_the_same_host_as_we_do(template, value, endpoint):
    try:
        request = build(connection(template, value), Call(endpoint=endpoint or "/"), policy=PRIVATE)
    except InputError:
        return
    read = parse_url(request.url)
    assert read.auth is None
    assert urlsplit(request.url).netloc == request.host
    assert (read.host if read.port is None else f"{read.host}:{read.port}") == request.host


@pytest.mark.parametrize(
    "endpoint",
    [
        *(
            "//evil.com",
            "https://evil.com/x",
            "http://evil.com",
            "@evil.com",
            "\\\\evil.com",
            "/\\evil.com",
            "/..//evil.com",
        ),
        *(
            "/../../..//evil.com/x",
            ".evil.com",
            ":8080/x",
            "\t//evil.com",
            "/\n/evil.com",
            "///evil.com/@x",
            "?@evil.com",
        ),
        *("#@evil.com", "https:evil.com", "https:///evil.com", "/%2e%2e//evil.com", "\u3002evil.com", "\uff0fevil.com"),
        *(
            "https://acme.paligoapp.com@evil.com/",
            "https://acme.paligoapp.com.evil.com/x",
            "\0@evil.com",
            "\r\nHost: evil.com",
        ),
    ],
)
def test_no_endpoint_changes_the_host(endpoint):
    request = build(connection(LABEL), Call(endpoint=endpoint))
    assert parse(request.url).netloc == request.host == "acme.paligoapp.com"
    assert "\n" not in request.url


def test_the_base_url_at_the_front_of_an_endpoint_is_removed_up_to_a_path_boundary_only():
    base = "https://api.example.com"
    assert url(base, endpoint="https://api.example.com/x") == "https://api.example.com/x"
    assert url(base, endpoint="/https://api.example.com/x") == "https://api.example.com/x"
    assert url(base, endpoint="https://api.example.com?x=1") == "https://api.example.com/?x=1"
    assert url(base, endpoint="https://api.example.com.evil.com/x").endswith("com/https://api.example.com.evil.com/x")
    assert (
        url(base, endpoint="/r?u=https://api.example.com/y") == "https://api.example.com/r?u=https://api.example.com/y"
    )


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "10.0.0.1", "169.254.169.254", "8.8.8.8", "0x7f.1", "2130706433", "017700000001", "127.1", "0"),
        *(
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "metadata.google.internal",
            "x.internal",
            "printer.local",
        ),
        *("[::1]", "[fd00::1]", "[::ffff:169.254.169.254]", "127.0.0.1:8080"),
    ],
)
def test_addresses_and_names_of_private_networks_are_refused(host):
    with pytest.raises(HostRefused):
        url(HOST, host)
    with pytest.raises(HostRefused):
        url(f"https://{host}/api")


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:8080", "x.internal"])
def test_private_hosts_can_be_allowed(host):
    assert url(HOST, host, policy=PRIVATE) == f"https://{host}/api/x"


def test_a_secret_in_a_host_is_not_shown_when_it_is_refused():
    with pytest.raises(HostRefused) as caught:
        url("https://${apiKey}.internal")
    assert "k3y-value" not in str(caught.value.to_dict())
    with pytest.raises(HostRefused) as caught:
        url(LABEL, base_url_override="https://${apiKey}.example.com")
    assert "k3y-value" not in str(caught.value.to_dict())


def test_another_spelling_of_an_address_is_one_and_the_same_host():
    assert url(HOST, "0x7f.1", policy=PRIVATE) == "https://127.0.0.1/api/x"


def test_a_missing_value_is_an_error_that_names_the_fields_title():
    with pytest.raises(UnresolvedPlaceholder, match="Instance Name") as caught:
        url(LABEL, "")
    assert caught.value.placeholders == ("connectionConfig.instance",)
    for name in ("connectionConfig.nope", "metadata.nope", "credentials.nope"):
        with pytest.raises(UnresolvedPlaceholder):
            url(LABEL, endpoint=f"/x?q=${{{name}}}")


def test_what_looks_like_a_placeholder_in_an_endpoint_and_names_no_part_of_a_connection_is_sent_as_it_is():
    assert url(LABEL, endpoint="/x?q=${nope}") == "https://acme.paligoapp.com/x?q=${nope}"


def test_values_in_the_endpoint_are_filled_in_and_bars_stay_text():
    assert url(LABEL, endpoint="/x?q=${connection_config.instance}") == "https://acme.paligoapp.com/x?q=acme"
    assert url(LABEL, endpoint="/x?q=a||b||c") == "https://acme.paligoapp.com/x?q=a||b||c"


def test_of_two_base_urls_the_one_with_a_value_is_taken():
    template = "https://${connectionConfig.host} || https://${connectionConfig.instance}.example.com"
    assert url(template) == "https://acme.example.com/x"
    both = connection(template, "acme", host="docs.acme.example")
    assert build(both, Call(endpoint="/x")).url == "https://docs.acme.example/x"


@pytest.mark.parametrize(
    "template",
    [
        *(
            "${connectionConfig.instance}.example.com",
            "${connectionConfig.instance}${connectionConfig.instance}",
            "acme.com",
        ),
        *(
            "https://me:pw@a.example",
            "https://a b.example",
            "https://a.example:99999",
            "ftp://a.example",
            "https://",
            "\0",
        ),
    ],
)
def test_a_base_url_that_is_none_is_an_error(template):
    with pytest.raises((InvalidUrl, HostRefused)):
        url(template, "https://acme.example")


def test_a_provider_without_a_base_url_takes_no_calls():
    with pytest.raises(DefinitionError, match="base_url"):
        build(Connection(Provider("p", {"auth_mode": "NONE"}, "test"), {}, {}), Call(endpoint="/x"))
    with pytest.raises(InvalidUrl):
        url(LABEL, endpoint="")


def test_positions_are_read_from_the_template():
    pieces = split("https://${a}.${b}.example.com:${c}/v/${base64(${d}:x)}?q=${e}")
    found = {piece.text: piece.position.name for piece in pieces if isinstance(piece, Expression)}
    assert found == {"${a}": "LABEL", "${b}": "LABEL", "${c}": "PORT", "${base64(${d}:x)}": "PATH", "${e}": "QUERY"}


class TestOverride:
    OTHER = "https://other.example"

    def test_another_base_url_is_refused_unless_allowed(self):
        with pytest.raises(HostRefused, match=r"other\.example"):
            url(LABEL, base_url_override=self.OTHER)

    def test_the_connections_own_origin_needs_no_permission(self):
        assert (
            url(LABEL + "/deep", base_url_override="https://ACME.paligoapp.com:443") == "https://acme.paligoapp.com/x"
        )

    @pytest.mark.parametrize(
        "override", ["http://acme.paligoapp.com", "https://acme.paligoapp.com:8443", "https://paligoapp.com"]
    )
    def test_another_scheme_port_or_parent_domain_is_another_origin(self, override):
        with pytest.raises(HostRefused):
            url(LABEL, base_url_override=override)

    def test_a_listed_host_is_allowed(self):
        policy = HostPolicy(override="listed", allowed_hosts=frozenset({"Other.example"}))
        assert url(LABEL, base_url_override=self.OTHER, policy=policy) == "https://other.example/x"
        with pytest.raises(HostRefused):
            url(LABEL, base_url_override="https://other.example:8443", policy=policy)
        with pytest.raises(HostRefused):
            url(LABEL, base_url_override="https://evil.other.example", policy=policy)

    def test_any_host_but_a_private_one_can_be_allowed(self):
        policy = HostPolicy(override="any")
        assert url(LABEL, base_url_override=self.OTHER + "/p/", policy=policy) == "https://other.example/p/x"
        with pytest.raises(HostRefused):
            url(LABEL, base_url_override="http://127.0.0.1", policy=policy)

    @pytest.mark.parametrize(
        "override", ["https://me:pw@other.example", "javascript:x", "other.example", "https://a b"]
    )
    def test_what_is_no_base_url_is_refused(self, override):
        with pytest.raises(InputError):
            url(LABEL, base_url_override=override, policy=HostPolicy(override="any"))

    def test_the_own_origin_is_told_or_none(self):
        assert own_origin(connection(LABEL)) == "https://acme.paligoapp.com"
        assert own_origin(connection(LABEL, "")) is None
