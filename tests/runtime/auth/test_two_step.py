"""TWO_STEP: what the token request holds, what comes of its answer, and what is stored."""

import json

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import (
    DefinitionError,
    HostRefused,
    TokenRefused,
    TokenUnusable,
    UnresolvedPlaceholder,
)
from connectors.runtime.auth import two_step
from connectors.runtime.auth.flow import TokenAnswer, drive
from connectors.runtime.integration import Integration

from .mode_world import SECRET, Server, ask

URL = "https://acme.example/token"
RESPONSE = {"token": "t", "token_expiration": "e", "token_expiration_strategy": "expireIn", "refresh_token": "r"}
ANSWER = {"t": "t-new", "e": 60}
PARAMS = {"u": "${credentials.user}", "c": "${connectionConfig.company}", "n": 5, "b": True, "z": None}
USUAL = {"token_params": {"u": "${user}"}, "token_headers": {"x": "1"}}
RENEWING = {**USUAL, "refresh_token_params": {"rt": "${refresh_token}"}}
FIELDS = {"integration_config": {"key": {"type": "string"}}, "token_params": {"k": "${credentials.key}"}}
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def question(definition=None, *, credentials=None, **more):
    base = {"token_url": URL, "token_response": RESPONSE}
    return ask("TWO_STEP", {**base, **(definition or {})}, credentials=credentials or {"user": "me"}, **more)


def sent(definition=None, **more):
    server = Server(ANSWER)
    drive(two_step.acquire(question(definition, **more)), server)
    return server.requests[0]


def stored(answer=ANSWER, definition=None, **more):
    return drive(two_step.acquire(question(definition, **more)), Server(answer))


class TestBody:
    def test_json_keeps_what_is_no_text_and_fills_in_the_rest(self):
        body = json.loads(sent({"token_params": PARAMS}, config={"company": "c"}).body)
        assert body == {"u": "me", "c": "c", "n": 5, "b": True, "z": None}

    def test_a_form_writes_everything_as_javascript_does(self):
        request = sent({"token_params": {**PARAMS, "o": {"a": 1}}, "body_format": "form"}, config={"company": "ü +"})
        assert request.body == b"u=me&c=%C3%BC+%2B&n=5&b=true&z=null&o=%5Bobject+Object%5D"

    def test_xml_is_a_tree_of_elements(self):
        request = sent({"token_params": {"r": {"$id": "1", "u": "${credentials.user}"}}, "body_format": "xml"})
        assert request.body == b'<r id="1">\n  <u>me</u>\n</r>\n'

    def test_without_parameters_it_is_an_empty_object_or_nothing(self):
        assert sent().body == b"{}"
        assert sent({"body_format": "form"}).body == b""

    def test_the_content_type_is_the_definitions_or_a_forms_whatever_the_body(self):
        assert sent().headers == {"content-type": FORM}
        assert sent({"token_headers": {"Content-Type": JSON}}).headers == {"Content-Type": JSON}

    def test_a_get_has_headers_and_no_body(self):
        request = sent({"token_request_method": "GET", "token_params": {"a": "1"}, "token_headers": {"x": "${user}"}})
        assert (request.method, request.body, request.headers) == ("GET", None, {"x": "me"})

    @given(st.text(min_size=1))
    def test_a_value_is_sent_as_it_is_and_never_read_as_a_template(self, value):
        definition = {"token_params": {"p": "${credentials.user}", "q": {"deep": "${user}"}}}
        body = json.loads(sent(definition, credentials={"user": value}, config={"x": "!"}).body)
        whole = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        assert body == {"p": whole, "q": {"deep": whole}}

    @pytest.mark.parametrize("value", ["p||w", "${now}", "${connectionConfig.x}", "a || ${credentials.user}"])
    def test_signs_of_the_template_language_in_a_password_stay(self, value):
        definition = {"token_params": {"p": "${credentials.user}"}}
        assert json.loads(sent(definition, credentials={"user": value}, config={"x": "!"}).body) == {"p": value}

    def test_a_choice_in_the_definition_is_made_by_the_configuration(self):
        params = {"token_params": {"a": "${connectionConfig.x} || ${credentials.user}"}}
        assert json.loads(sent(params).body) == {"a": "me"}
        assert json.loads(sent(params, config={"x": "given"}).body) == {"a": "given"}


class TestHeaders:
    def test_they_share_one_random_text_and_one_moment(self):
        request = sent({"token_headers": {"a": "${random}", "b": "${now:X}", "c": "${base64(${user}:x)}"}})
        assert request.headers == {"a": "a-uuid", "b": "1709971507", "c": "bWU6eA==", "content-type": FORM}

    def test_they_cannot_name_the_configuration(self):
        with pytest.raises(UnresolvedPlaceholder):
            sent({"token_headers": {"a": "${connectionConfig.x}"}}, config={"x": "1"})


class TestAddress:
    def test_credentials_go_before_the_configuration_and_are_encoded(self):
        request = sent({"token_url": URL + "/${credentials.user}?c=${connectionConfig.user}"}, config={"user": "other"})
        assert request.url == f"{URL}/me?c=me"
        assert sent({"token_url": URL + "/${user}"}, credentials={"user": "a/b c"}).url == f"{URL}/a%2Fb%20c"

    @pytest.mark.parametrize("value", ["evil.example/", "evil.example#", "a@evil.example", "evil.example?"])
    def test_a_value_cannot_lead_to_another_host(self, value):
        with pytest.raises(HostRefused):
            sent({"token_url": "https://${connectionConfig.sub}.acme.example/t"}, config={"sub": value})


@pytest.mark.parametrize("part", ["token_params", "token_headers"])
def test_a_missing_value_is_named_by_the_title_of_its_field(part):
    definition = {part: {"a": "${credentials.key}"}, "credentials": {"key": {"type": "string", "title": "The key"}}}
    with pytest.raises(UnresolvedPlaceholder, match="The key"):
        sent(definition)


class TestAnswer:
    def test_token_end_refresh_token_and_all_that_was_submitted_are_stored(self):
        grant = stored({**ANSWER, "r": "r-new"}, credentials={"user": "me", "password": SECRET})
        assert grant.credentials == {
            "type": "TWO_STEP",
            "token": "t-new",
            "refresh_token": "r-new",
            "expires_at": "2024-03-09T08:06:07.123Z",
            "raw": {**ANSWER, "r": "r-new"},
            "user": "me",
            "password": SECRET,
        }

    def test_an_xml_answer_is_read_along_the_same_paths(self):
        definition = {"body_format": "xml", "token_response": {"token": "response.session.id"}}
        grant = stored("<response><session><id>abc</id></session></response>", definition)
        assert grant.credentials["token"] == "abc"

    def test_an_empty_path_means_the_whole_answer(self):
        assert stored("the-token", {"token_response": {"token": ""}}).credentials["token"] == "the-token"

    def test_metadata_of_the_answer_goes_to_the_configuration(self):
        grant = stored({**ANSWER, "url": "u"}, {"token_response_metadata": ["url", "none"]})
        assert grant.connection_config == {"url": "u"}

    @pytest.mark.parametrize(
        ("status", "code"),
        [
            (202, "invalid_two_step_credentials"),
            (204, "invalid_two_step_credentials"),
            (302, "two_step_credentials_fetch_error"),
            (401, "two_step_credentials_fetch_error"),
            (500, "two_step_credentials_fetch_error"),
        ],
    )
    def test_only_200_and_201_are_good(self, status, code):
        with pytest.raises(TokenRefused) as caught:
            drive(two_step.acquire(question()), lambda _: TokenAnswer(status, json.dumps(ANSWER).encode()))
        assert (caught.value.status, caught.value.reference_code) == (status, code)
        assert drive(two_step.acquire(question()), lambda _: TokenAnswer(201, json.dumps(ANSWER).encode()))

    @pytest.mark.parametrize("answer", [{}, [], "text", {"t": ""}, {"t": None}, {"t": "x", "e": "soon"}])
    def test_an_answer_without_a_token_or_with_an_end_that_is_none_is_unusable(self, answer):
        with pytest.raises(TokenUnusable):
            stored(answer)

    def test_a_definition_that_does_not_say_where_the_token_is_is_at_fault(self):
        with pytest.raises(DefinitionError) as caught:
            stored(definition={"token_response": None})
        assert caught.value.reference_code == "missing_token_response"

    def test_a_refusal_shows_no_submitted_secret(self):
        asked = question({"token_params": {"p": "${credentials.password}"}}, credentials={"password": SECRET})
        with pytest.raises(TokenRefused) as caught:
            drive(two_step.acquire(asked), lambda request: TokenAnswer(400, b"no: " + request.body))
        assert "no:" in caught.value.excerpt
        assert SECRET not in json.dumps(caught.value.to_dict()) + repr(caught.value)


class TestRenewing:
    def body(self, definition, **credentials):
        server = Server(ANSWER)
        drive(two_step.refresh(question(definition, credentials={"user": "me", **credentials})), server)
        self.request = server.requests[0]
        return json.loads(self.request.body)

    def test_a_stored_refresh_token_is_used_where_the_definition_says_how(self):
        assert self.body({**RENEWING, "refresh_url": URL + "/again"}, refresh_token="rt") == {"rt": "rt"}
        assert self.request.url == URL + "/again"
        assert self.request.headers["x"] == "1"

    def test_headers_of_its_own_replace_the_usual_ones(self):
        definition = {**USUAL, "refresh_token_headers": {"authorization": "Bearer ${refresh_token}"}}
        assert self.body(definition, refresh_token="rt") == {}
        assert self.request.headers == {"authorization": "Bearer rt", "content-type": FORM}

    def test_without_one_or_without_a_word_of_it_the_usual_request_is_repeated(self):
        assert self.body(RENEWING) == {"u": "me"}
        assert self.body(USUAL, refresh_token="rt") == {"u": "me"}

    def test_it_works_from_what_was_stored_alone(self):
        first = stored(definition=USUAL, credentials={"user": "me"}).credentials
        again = drive(two_step.refresh(question(USUAL, credentials=first)), Server(ANSWER))
        assert again.credentials == first


class TestIntegrationValues:
    def test_they_go_before_submitted_ones_and_are_never_stored(self):
        integration = Integration("i", custom={"key": "of-us", "other": "no field"})
        credentials = {"user": "me", "key": "of-them"}
        assert json.loads(sent(FIELDS, credentials=credentials, integration=integration).body) == {"k": "of-us"}
        kept = stored(definition=FIELDS, credentials=credentials, integration=integration).credentials
        assert "key" not in kept
        assert "of-us" not in json.dumps(dict(kept))

    def test_without_one_the_submitted_value_counts_and_stays(self):
        integration = Integration("i", custom={"key": ""})
        kept = stored(definition=FIELDS, credentials={"key": "of-them"}, integration=integration).credentials
        assert kept["key"] == "of-them"


def test_a_signed_token_stands_in_the_request_and_is_not_kept():
    definition = {
        "signature": {"protocol": "HMAC", "hmac_secret_encoding": "utf8"},
        "token": {
            "signing_key": "${credentials.key}",
            "expires_in_ms": 60000,
            "header": {"alg": "HS256"},
            "payload": {"iss": "${credentials.user}"},
        },
        "token_params": {"assertion": "${token}"},
    }
    key = "a-key-of-more-than-thirty-two-octets"
    credentials = {"user": "me", "key": key}
    assertion = json.loads(sent(definition, credentials=credentials).body)["assertion"]
    options = {"verify_exp": False, "verify_iat": False}
    assert jwt.decode(assertion, key, algorithms=["HS256"], options=options)["iss"] == "me"
    assert stored(definition=definition, credentials=credentials).credentials["token"] == "t-new"
