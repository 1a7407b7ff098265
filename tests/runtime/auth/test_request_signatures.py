"""Requests that are signed: against the published examples, and over everything that is sent."""

import hashlib
from datetime import UTC, datetime

import pytest

from connectors.errors import HostRefused
from connectors.runtime.catalog import Provider
from connectors.runtime.connection import Connection
from connectors.runtime.integration import Integration
from connectors.runtime.multipart import FilePart
from connectors.runtime.request import Call, build
from connectors.runtime.template import Moment

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # of AWS's documentation
NOTHING = hashlib.sha256(b"").hexdigest()
DAY = datetime(2013, 5, 24, tzinfo=UTC)


def aws(call, *, service="s3", base="https://examplebucket.s3.amazonaws.com", config=None, **credentials):
    keys = {"access_key_id": KEY, "secret_access_key": SECRET, "region": "us-east-1", "service": service}
    provider = Provider("aws", {"auth_mode": "AWS_SIGV4", "proxy": {"base_url": base}}, "test")
    account = Connection(provider, config or {}, {"type": "AWS_SIGV4", **keys, **credentials})
    return build(account, call, moment=Moment(DAY))


def signature(request):
    return request.headers["authorization"].rpartition("Signature=")[2]


def signed(request):
    return request.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")


class TestAws:
    @pytest.mark.parametrize(
        ("call", "expected"),
        [
            (
                Call(endpoint="/test.txt", headers={"Range": "bytes=0-9"}),
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
            (Call(endpoint="/?lifecycle"), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
            (
                Call(endpoint="/?max-keys=2&prefix=J"),
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
            (
                Call(
                    "PUT",
                    "/test%24file.text",
                    data="Welcome to Amazon S3.",
                    headers={"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
                ),
                "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            ),
        ],
    )
    def test_the_published_examples_of_s3_come_out(self, call, expected):
        assert signature(aws(call)) == expected

    def test_everything_that_definition_and_caller_ask_for_is_covered_and_the_clients_own_defaults_are_not(self):
        request = aws(Call("POST", "/", headers={"X-Amz-Target": "T.Op"}, data={"a": 1}), session_token="st")
        names = ["host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "x-amz-target"]
        assert signed(request) == names
        assert request.headers["x-amz-security-token"] == "st"
        assert "user-agent" in request.headers

    def test_the_callers_own_signature_headers_are_replaced(self):
        mine = {"Authorization": "mine", "X-Amz-Date": "mine", "X-Amz-Content-Sha256": "mine", "Host": "evil.example"}
        request = aws(Call(endpoint="/", headers=mine))
        assert "mine" not in request.headers.values()
        assert request.headers["x-amz-date"] == "20130524T000000Z"
        assert request.host == "examplebucket.s3.amazonaws.com"

    def test_a_path_is_escaped_once_more_but_for_s3(self):
        call = Call(endpoint="/a%20b")
        assert signature(aws(call)) != signature(aws(call, service="sqs"))
        plain = Call(endpoint="/a-b")
        scope = aws(plain, service="sqs").headers["authorization"]
        assert "/us-east-1/sqs/aws4_request" in scope

    @pytest.mark.parametrize(
        ("call", "service", "payload"),
        [
            (Call("GET", "/", data="ignored"), "sqs", NOTHING),
            (Call("POST", "/"), "sqs", NOTHING),
            (Call("POST", "/", data="?é"), "sqs", hashlib.sha256("?é".encode()).hexdigest()),
            (Call("POST", "/", data=b"\xff"), "sqs", hashlib.sha256(b"\xff").hexdigest()),
            (Call("POST", "/", data={"a": "é"}), "sqs", hashlib.sha256('{"a":"é"}'.encode()).hexdigest()),
            (Call("PUT", "/", files={"f": FilePart("n", b"x")}), "s3", "UNSIGNED-PAYLOAD"),
            (Call("POST", "/", files={"f": FilePart("n", b"x")}), "sqs", NOTHING),
        ],
    )
    def test_the_hash_of_the_body_goes_along(self, call, service, payload):
        assert aws(call, service=service).headers["x-amz-content-sha256"] == payload

    def test_the_connection_may_have_its_own_base_url(self):
        own = {"base_url": "https://my-bucket.s3.example.com/p/"}
        assert aws(Call(endpoint="/x"), config=own).url == "https://my-bucket.s3.example.com/p/x"
        assert aws(Call(endpoint="https://my-bucket.s3.example.com/p/x"), config=own).url.endswith("/p/x")
        with pytest.raises(HostRefused):
            aws(Call(endpoint="/x"), config={"base_url": "https://${apiKey}.example.com"})

    def test_the_keys_are_known_as_credentials(self):
        request = aws(Call(endpoint="/"), session_token="st")
        assert {"authorization", "x-amz-security-token"} <= request.credential_headers


def oauth1(call, *, label="HMAC-SHA1", **definition):
    proxy = {"base_url": "http://photos.example.net", "headers": {}}
    definition = {"auth_mode": "OAUTH1", "signature_method": label, "proxy": proxy, **definition}
    credentials = {"type": "OAUTH1", "oauth_token": "nnch734d00sl2jdk", "oauth_token_secret": "pfkkdhi9sl3r4s00"}
    integration = Integration(client_id="dpf43f3p2l4k3l03", client_secret="kd94hf93k423kf44")
    account = Connection(Provider("photos", definition, "test"), {}, credentials, integration=integration)
    moment = Moment(datetime.fromtimestamp(1191242096, UTC), nonce=lambda: "kllo9940pd9333jh")
    return build(account, call, moment=moment).headers["authorization"]


class TestOAuth1:
    def test_the_published_example_comes_out(self):
        """OAuth Core 1.0, appendix A.5."""
        header = oauth1(Call(endpoint="/photos?file=vacation.jpg&size=original"))
        assert 'oauth_signature="tR3%2BTy81lMeYAr%2FFid0kMTYa%2FWM%3D"' in header

    def test_what_the_caller_adds_to_the_query_is_signed_too(self):
        assert oauth1(Call(endpoint="/photos", params={"file": "vacation.jpg", "size": "original"})) == oauth1(
            Call(endpoint="/photos?size=original&file=vacation.jpg")
        )

    def test_the_body_is_not(self):
        assert oauth1(Call("POST", "/p", data={"a": 1})) == oauth1(Call("POST", "/p", data={"b": 2}))

    def test_a_definition_that_asks_for_plaintext_changes_the_label_only(self):
        plain, signed_ = (oauth1(Call(endpoint="/p"), label=label) for label in ("PLAINTEXT", "HMAC-SHA1"))
        assert 'oauth_signature_method="PLAINTEXT"' in plain
        assert "kd94hf93k423kf44" not in plain
        assert 'oauth_signature_method="HMAC-SHA1"' in signed_


class TestTba:
    def header(self, config, own=None):
        proxy = {"base_url": "https://api.example.com"}
        credentials = {"type": "TBA", "token_id": "ti", "token_secret": "ts", "config_override": own or {}}
        account = Connection(Provider("erp", {"auth_mode": "TBA", "proxy": proxy}, "test"), config, credentials)
        return build(account, Call(endpoint="/x")).headers["authorization"]

    def test_the_account_is_the_realm_in_capitals_with_its_first_hyphen_as_a_low_line(self):
        config = {"accountId": "123-sb-1", "oauth_client_id": "cid", "oauth_client_secret": "cs"}
        header = self.header(config)
        assert header.startswith('OAuth realm="123_SB-1", oauth_consumer_key="cid", ')
        assert 'oauth_signature_method="HMAC-SHA256"' in header

    def test_the_connections_own_consumer_wins(self):
        config = {"accountId": "1", "oauth_client_id": "cid", "oauth_client_secret": "cs"}
        assert 'oauth_consumer_key="own"' in self.header(config, {"client_id": "own", "client_secret": "o"})


class TestCanonicalParams:
    def canonical(self, endpoint):
        proxy = {"base_url": "https://api.example.com", "headers": {"x-p": "${urlCanonicalParams}"}}
        account = Connection(Provider("p", {"auth_mode": "NONE", "proxy": proxy}, "test"), {}, {})
        return build(account, Call(endpoint=endpoint)).headers["x-p"]

    def test_names_are_sorted_as_a_dictionary_sorts_words_and_not_by_their_bytes(self):
        """The order is that of the root collation of CLDR, which JavaScript's localeCompare uses."""
        names = ["_a", "-a", ".a", "(a", "[a", "~a", "$a", "0", "9", "a", "A", "%C3%A4", "a_b", "a1", "aa", "b", "B"]
        query = "&".join(f"{name}=1" for name in reversed(names))
        ordered = [pair.partition("=")[0] for pair in self.canonical(f"/x?{query}").split("&")]
        expected = ["_a", "-a", ".a", "%28a", "%5Ba", "~a", "%24a", "0", "9", "a", "A", "%C3%A4", "a_b", "a1", "aa"]
        assert ordered == [*expected, "b", "B"]

    def test_values_of_one_name_keep_their_order_and_are_written_anew(self):
        assert self.canonical("/x?b=2&a=x+y&a=%2a&a=A%20B") == "a=x%20y&a=%2A&a=A%20B&b=2"
