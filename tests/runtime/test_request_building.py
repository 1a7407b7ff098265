import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import InputError, InvalidUrl, UnresolvedPlaceholder
from connectors.runtime.catalog import Provider
from connectors.runtime.connection import Connection
from connectors.runtime.request import Call, build
from connectors.runtime.template import Moment

KEY = "k3y-value"
MOMENT = Moment(datetime(2024, 3, 9, 8, 5, 7, tzinfo=UTC), lambda: "random-1")
FIELD = {"type": "string", "title": "T", "description": "D"}


def connection(proxy=None, config=None, key=KEY, mode="API_KEY"):
    definition = {
        "auth_mode": mode,
        "proxy": {"base_url": "https://api.example.com", **(proxy or {})},
        "connection_config": {"region": {**FIELD, "title": "Your Region"}, "user": FIELD},
        "credentials": {"apiKey": {**FIELD, "title": "API Key", "secret": True}},
    }
    return Connection(Provider("acmedocs", definition, "test"), config or {}, {"type": mode, "apiKey": key})


def request(proxy=None, config=None, key=KEY, **call):
    return build(connection(proxy, config, key), Call(**{"endpoint": "/x", **call}), moment=MOMENT)


class TestHeaders:
    def test_own_defaults_are_sent(self):
        headers = request().headers
        assert headers["accept"] == "application/json, text/plain, */*"
        assert headers["user-agent"].startswith("connectors/")
        assert "authorization" not in headers

    def test_definition_headers_are_filled_in(self):
        basic = {"headers": {"Authorization": "Basic ${base64(${connectionConfig.user}:${apiKey})}"}}
        value = request(basic, {"user": "me@acme.example"}).headers["authorization"]
        assert base64.b64decode(value.removeprefix("Basic ")).decode() == f"me@acme.example:{KEY}"

    @pytest.mark.parametrize(
        "key", ["a||b", "${apiKey}", "${connectionConfig.user}", "a:b", "k😀y", "${now}", "\\${x}", "a)}b"]
    )
    def test_a_key_is_never_read_as_a_template(self, key):
        basic = {"headers": {"authorization": "Basic ${base64(${connectionConfig.user}:${apiKey})}"}}
        value = request(basic, {"user": "me"}, key).headers["authorization"]
        assert base64.b64decode(value.removeprefix("Basic ")).decode() == f"me:{key}"

    def test_the_callers_headers_win_except_over_the_definitions_user_agent(self):
        own = {"headers": {"x-key": "${apiKey}", "user-agent": "theirs/1"}}
        headers = request(own, headers={"X-Key": "mine", "USER-AGENT": "mine/1", "Accept": "text/csv"}).headers
        assert (headers["x-key"], headers["user-agent"], headers["accept"]) == ("mine", "theirs/1", "text/csv")
        assert request(headers={"User-Agent": "mine/1"}).headers["user-agent"] == "mine/1"

    def test_a_config_header_without_its_value_is_left_out(self):
        own = {"headers": {"x-region": "${connectionConfig.region}", "x-key": "${apiKey}"}}
        assert "x-region" not in request(own).headers
        assert "x-region" not in request(own, {"region": ""}).headers
        assert request(own, {"region": "eu"}).headers["x-region"] == "eu"

    def test_a_header_that_would_go_out_half_built_is_refused(self):
        with pytest.raises(UnresolvedPlaceholder, match="nope"):
            request({"headers": {"x-key": "${nope}"}})
        with pytest.raises(UnresolvedPlaceholder, match="Your Region"):
            request({"headers": {"authorization": "Basic ${base64(${connectionConfig.region}:${apiKey})}"}})

    def test_a_function_this_version_lacks_is_named(self):
        with pytest.raises(UnresolvedPlaceholder, match="rot13"):
            request({"headers": {"authorization": "${rot13(${apiKey})}"}})

    def test_a_definition_that_signs_for_aws_covers_the_request_and_its_content_type(self):
        own = {"headers": {"authorization": "${awsSigV4(${apiKey}, s, eu, iam, ${host})}"}}

        def signed(endpoint="/x", **headers):
            call = Call("POST", endpoint, headers=headers, data={"a": 1})
            return build(connection(own), call, moment=Moment(datetime(2024, 3, 9, tzinfo=UTC))).headers[
                "authorization"
            ]

        assert "SignedHeaders=host;x-amz-date," in signed()
        assert "SignedHeaders=content-type;host;x-amz-date," in signed(**{"Content-Type": "application/json"})
        assert len({signed(), signed("/y"), signed("/x?q=1")}) == 3

    def test_now_and_random_are_the_same_in_all_headers_of_a_request(self):
        own = {"headers": {"x-a": "${random} ${now:X}", "x-b": "${random} ${now:X}"}}
        headers = build(connection(own), Call(endpoint="/x")).headers
        assert headers["x-a"] == headers["x-b"]

    def test_templates_can_name_the_request(self):
        own = {
            "headers": {
                "x-sum": "${method} ${host} ${path} ${params} ${endpoint} ${contentType} ${bodyCanonicalParams}"
            }
        }
        headers = request(own, method="POST", endpoint="/y?b=2", data={"k": "v w", "A": 1}).headers
        assert headers["x-sum"] == 'POST api.example.com /y A=1&k=v%20w /y?b=2  {"k":"v w","A":1}'

    @pytest.mark.parametrize("name", ["x y", "x:y", "", "x\r\ny", "ü", "x\0"])
    def test_a_header_name_that_is_none_is_refused(self, name):
        with pytest.raises(InputError):
            request(headers={name: "v"})

    @pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "a\x1bb", "😀", "\u2028"])
    def test_a_header_value_that_http_cannot_carry_is_refused_without_quoting_it(self, value):
        with pytest.raises(InputError, match="x-note") as caught:
            request(headers={"x-note": f"s3cret{value}"})
        assert "s3cret" not in str(caught.value.to_dict())
        with pytest.raises(InputError) as caught:
            request({"headers": {"x-key": "${apiKey}"}}, key=f"s3cret{value}")
        assert "s3cret" not in str(caught.value.to_dict())

    @pytest.mark.parametrize("name", ["Host", "Content-Length", "Transfer-Encoding", "Connection", "TE", "Expect"])
    def test_headers_of_the_connection_itself_are_not_the_callers(self, name):
        sent = request(method="POST", data=b"12345", headers={name: "999"}).headers
        assert sent.get(name.lower()) in (None, "5")


class TestQuery:
    def test_params_replace_what_the_endpoint_says(self):
        assert request(endpoint="/x?a=1&a=2&b=3", params={"a": 9, "c d": "e&f"}).url.endswith("/x?a=9&b=3&c+d=e%26f")

    def test_pairs_can_repeat_a_name(self):
        assert request(endpoint="/x?a=0&z=1", params=[("a", 1), ("a", 2), ("b", True)]).url.endswith(
            "?a=1&a=2&z=1&b=true"
        )

    def test_no_params_leave_the_endpoints_query_as_it_is(self):
        for params in (None, {}, [], ""):
            assert request(endpoint="/x?q=a%20b", params=params).url.endswith("/x?q=a%20b")

    def test_text_is_appended_but_not_to_a_query(self):
        assert request(params="a=1&b=a b").url.endswith("/x?a=1&b=a%20b")
        assert request(params="?a=1").url.endswith("/x?a=1")
        with pytest.raises(InvalidUrl):
            request(endpoint="/x?b=1", params="a=1")

    def test_values_are_written_as_the_reference_writes_them(self):
        params = {"list": [1, None, "x"], "none": None, "flag": False, "float": 1.0, "map": {"a": 1}}
        assert request(params=params).url.endswith(
            "?list=1%2C%2Cx&none=null&flag=false&float=1&map=%5Bobject+Object%5D"
        )

    def test_the_definitions_query_wins_and_is_left_out_without_its_value(self):
        own = {"query": {"key": "${apiKey}", "fixed": "1", "region": "${connectionConfig.region}", "number": 5}}
        sent = request(own, endpoint="/x?key=mine&fixed=0")
        assert sent.url.endswith(f"/x?key={KEY}&fixed=1")
        assert sent.credential_params == {"key"}

    @given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), max_size=4))
    def test_line_breaks_in_params_stay_inside_the_query(self, params):
        url = request(params=params).url
        assert url.isascii()
        assert not set(url) & set("\r\n\t\0 ")

    @pytest.mark.parametrize("params", [5, [1, 2], [("a",)], [("a", "b", "c")]])
    def test_what_is_no_params_is_refused(self, params):
        with pytest.raises(InputError):
            request(params=params)


class TestCredentialsOfARequest:
    def test_headers_that_carry_a_credential_are_named(self):
        own = {"headers": {"x-key": "${apiKey}", "x-version": "2", "x-region": "${connectionConfig.region}"}}
        given = {"Cookie": "a=b", "X-Auth-Token": "t", "X-Copy": f"key {KEY}", "X-Plain": "v"}
        sent = request(own, {"region": "eu"}, headers=given)
        assert sent.credential_headers == {"x-key", "x-region", "cookie", "x-auth-token", "x-copy"}

    def test_the_default_authorization_is_one(self):
        basic = connection(mode="BASIC")
        assert build(basic, Call(endpoint="/x")).credential_headers == {"authorization"}

    def test_a_body_with_credentials_is_marked(self):
        own = {"body": {"key": "${apiKey}"}}
        assert request(own, method="POST").credential_body
        assert not request(own, method="POST", data="text").credential_body
        assert not request(method="POST", data={"a": 1}).credential_body

    def test_the_repr_holds_no_secret(self):
        own = {"headers": {"authorization": "Bearer ${apiKey}"}, "query": {"key": "${apiKey}"}}
        shown = repr(request(own, endpoint=f"/x/{KEY}?again={KEY}"))
        assert KEY not in shown
        assert shown.startswith("Request(GET https://api.example.com/x/[secret]?again=[secret]&key=[secret]")

    def test_forwarding_on_redirects_is_the_callers_choice_else_the_definitions(self):
        forwarding = {"forward_headers_on_redirect": True}
        assert not request().forward_headers_on_redirect
        assert request(forwarding).forward_headers_on_redirect
        assert not request(forwarding, forward_headers_on_redirect=False).forward_headers_on_redirect


def test_the_method_is_upper_case_and_one_of_https():
    assert request(method="get").method == "GET"
    for method in ("GET /evil HTTP/1.1\r\nX: ", "CONNECT", "TRACE", "FETCH"):
        with pytest.raises(InputError):
            request(method=method)


def test_a_request_knows_where_it_goes():
    sent = request(endpoint="/a/../b c?x=1#f")
    assert (sent.host, sent.path, sent.endpoint) == ("api.example.com", "/b%20c", "/a/../b c?x=1#f")
    assert sent.url == "https://api.example.com/b%20c?x=1#f"


def test_building_twice_gives_the_same():
    own = {"headers": {"x-a": "${random} ${now}", "authorization": "Bearer ${apiKey}"}}
    first, second = (request(own, method="POST", data={"a": 1}) for _ in range(2))
    assert (first.url, first.headers, first.body) == (second.url, second.headers, second.body)
