"""TWO_STEP in several requests: what a later one can name, and which headers of the answers are kept."""

import json

import pytest

from connectors.errors import DefinitionError, InputError, TokenRefused, UnresolvedPlaceholder
from connectors.runtime.auth import two_step
from connectors.runtime.auth.flow import TokenAnswer, drive

from .mode_world import Server, ask

RESPONSE = {"token": "t"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def question(*steps, definition=None, credentials=None, config=None):
    base = {"token_url": "https://acme.example/1", "token_response": RESPONSE, "additional_steps": list(steps)}
    return ask("TWO_STEP", {**base, **(definition or {})}, credentials=credentials or {"user": "me"}, config=config)


def run(asked, *answers):
    server = Server(*answers)
    return server, drive(two_step.acquire(asked), server)


def second(step, first=None, **more):
    """The second request, after an answer."""
    step = {"token_url": "https://acme.example/2", **step}
    server, _ = run(question(step, **more), first or {"a": "from-1", "n": 7}, {"t": "t"})
    return server.requests[1]


class TestNames:
    def test_a_step_names_earlier_answers_credentials_and_the_configuration(self):
        params = {
            "a": "${step1.a}",
            "n": "id-${step1.n}",
            "u": "${credentials.user}",
            "c": "${connectionConfig.c}",
            "k": 5,
        }
        body = json.loads(second({"token_params": params}, config={"c": "conf"}).body)
        assert body == {"a": "from-1", "n": "id-7", "u": "me", "c": "conf", "k": 5}

    def test_each_answer_has_its_number_and_the_last_one_holds_the_token(self):
        steps = [
            {"token_url": "https://acme.example/2", "token_params": {"x": "${step1.x}"}},
            {"token_url": "https://acme.example/3", "token_params": {"x": "${step2.x}"}},
        ]
        server, grant = run(question(*steps), {"x": 1, "t": "no"}, {"x": 2, "t": "no"}, {"x": 3, "t": "yes"})
        assert [json.loads(request.body) for request in server.requests] == [{}, {"x": "1"}, {"x": "2"}]
        assert (grant.credentials["token"], grant.credentials["raw"]) == ("yes", {"x": 3, "t": "yes"})

    def test_headers_name_answers_and_credentials_and_not_the_configuration(self):
        headers = {"authorization": "Bearer ${step1.a}", "x-user": "${credentials.user}"}
        assert second({"token_headers": headers}).headers == {
            "authorization": "Bearer from-1",
            "x-user": "me",
            **FORM,
        }
        with pytest.raises(UnresolvedPlaceholder):
            second({"token_headers": {"x": "${connectionConfig.c}"}}, config={"c": "1"})

    @pytest.mark.parametrize("template", ["${step1.none}", "${step2.a}", "${step9.a}", "${credentials.none}"])
    def test_what_no_answer_and_no_credential_has_is_refused(self, template):
        with pytest.raises(UnresolvedPlaceholder):
            second({"token_params": {"x": template}})

    def test_a_value_of_an_answer_is_never_read_as_a_template(self):
        hostile = "${credentials.user} || ${step1.n}"
        assert json.loads(second({"token_params": {"x": "${step1.a}"}}, {"a": hostile}).body) == {"x": hostile}


class TestAddress:
    def test_it_may_begin_with_what_an_answer_said(self):
        url = second({"token_url": "${step1.endpoint}/session"}, {"endpoint": "https://eu.acme.example/api"}).url
        assert url == "https://eu.acme.example/api/session"

    def test_it_names_the_configuration_and_no_credentials(self):
        assert second({"token_url": "https://acme.example/${connectionConfig.c}"}, config={"c": "7"}).url[-2:] == "/7"
        with pytest.raises(UnresolvedPlaceholder):
            second({"token_url": "https://acme.example/${credentials.user}"})

    @pytest.mark.parametrize("endpoint", ["file:///etc/passwd", "javascript:1", "https://me@evil.example", "", None, 5])
    def test_what_is_no_address_is_refused(self, endpoint):
        with pytest.raises(InputError):
            second({"token_url": "${step1.endpoint}/session"}, {"endpoint": endpoint})


class TestRequest:
    def test_the_body_is_encoded_as_the_provider_says_and_not_the_step(self):
        step = {"token_params": {"a": "1"}, "body_format": "json"}
        assert second(step, definition={"body_format": "form"}).body == b"a=1"

    def test_a_get_has_no_body(self):
        request = second({"token_request_method": "GET", "token_params": {"a": "1"}})
        assert (request.method, request.body, request.headers) == ("GET", None, {})

    def test_without_a_token_no_further_request_goes_out(self):
        server = Server(401)
        with pytest.raises(TokenRefused):
            drive(two_step.acquire(question({"token_url": "https://acme.example/2"})), server)
        assert len(server.requests) == 1

    def test_a_later_answer_is_good_with_200_alone(self):
        answers = [TokenAnswer(200, b"{}"), TokenAnswer(201, b'{"t": "t"}')]
        with pytest.raises(TokenRefused) as caught:
            drive(two_step.acquire(question({"token_url": "https://acme.example/2"})), lambda _: answers.pop(0))
        assert caught.value.reference_code == "invalid_two_step_credentials"

    @pytest.mark.parametrize("steps", ["text", {"a": 1}, ["text"]])
    def test_steps_that_are_no_list_of_mappings_are_at_fault(self, steps):
        with pytest.raises(DefinitionError, match="additional_steps"):
            run(question(definition={"additional_steps": steps}), {"t": "t"})


class TestKeptHeaders:
    def kept(self, *answers, names=("set-cookie", "X-Tok")):
        steps = [{"token_url": "https://acme.example/2"}] * (len(answers) - 1)
        left = [TokenAnswer(200, b'{"t": "real"}', headers) for headers in answers]
        asked = question(*steps, definition={"token_response_headers": list(names)})
        return drive(two_step.acquire(asked), lambda _: left.pop(0)).credentials

    def test_cookies_gather_and_of_a_header_the_last_value_counts(self):
        first = (("Set-Cookie", "A=1; Path=/; HttpOnly"), ("set-cookie", "B=2"), ("x-tok", "h1"))
        credentials = self.kept(first, (("set-cookie", "C=x=3"), ("set-cookie", "A=9"), ("x-tok", "h2")))
        assert credentials["_cookies"] == "A=9; B=2; C=x=3"
        assert [credentials[name] for name in ("A", "B", "C", "X-Tok")] == ["9", "2", "x=3", "h2"]

    @pytest.mark.parametrize("name", ["type", "token", "refresh_token", "expires_at", "raw"])
    def test_neither_a_cookie_nor_a_header_takes_a_credentials_place(self, name):
        credentials = self.kept((("set-cookie", f"{name}=evil"), (name, "evil")), names=("set-cookie", name))
        assert credentials.get(name) != "evil"
        assert credentials["_cookies"] == f"{name}=evil"

    def test_what_is_no_cookie_is_left_out(self):
        assert "_cookies" not in self.kept((("set-cookie", "nonsense"), ("set-cookie", "=x")))

    def test_nothing_is_kept_that_the_definition_does_not_name(self):
        assert "A" not in self.kept((("set-cookie", "A=1"),), names=())


class TestSecrets:
    @pytest.mark.parametrize("body", ["bad ticket: t1cket-of-step-1", "bad cookie: c00kie-of-step-1"])
    def test_a_step_that_is_refused_shows_nothing_that_an_earlier_answer_gave(self, body):
        asked = question({"token_url": "https://acme.example/2"}, definition={"token_response_headers": ["set-cookie"]})
        first = TokenAnswer(200, b'{"ticket": "t1cket-of-step-1"}', (("Set-Cookie", "sid=c00kie-of-step-1; Secure"),))
        answers = iter([first, TokenAnswer(403, body.encode())])
        with pytest.raises(TokenRefused) as caught:
            drive(two_step.acquire(asked), lambda _: next(answers))
        assert "of-step-1" not in str(caught.value.to_dict())
        assert "bad" in caught.value.facts["excerpt"]

    def test_an_answer_that_is_no_refusal_by_its_status_is_not_shown(self):
        answers = iter([TokenAnswer(202, b'{"t": "a-new-token"}')])
        with pytest.raises(TokenRefused) as caught:
            drive(two_step.acquire(question()), lambda _: next(answers))
        assert "a-new-token" not in str(caught.value.to_dict())
