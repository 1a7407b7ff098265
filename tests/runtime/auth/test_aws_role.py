"""AWS_SIGV4: taking on a role, at AWS and at an endpoint of the integration's own."""

import json
from urllib.parse import parse_qs

import pytest

from connectors.errors import ConfigError, IntegrationIncomplete, TokenRefused, TokenUnusable
from connectors.runtime.auth import mode_of
from connectors.runtime.auth.flow import drive
from connectors.runtime.integration import Integration

from .mode_world import SECRET, Server, acquired, ask, refreshed

ROLE = "arn:aws:iam::123456789012:role/path/Reader"
KEYS = {"AccessKeyId": "ASIA1", "SecretAccessKey": "secret-key", "SessionToken": "session"}
ENDS = "2024-03-09T09:05:07Z"
BUILT_IN = {"service": "s3", "awsAccessKeyId": "AKIA1", "awsSecretAccessKey": SECRET, "defaultRegion": "us-east-1"}
OWN = {"service": "s3", "stsMode": "custom", "stsEndpointUrl": "https://sts.example/assume"}
DOCTYPE = '<!DOCTYPE x [<!ENTITY a "ASIA1">]>'


def element(name, content):
    return f"<{name}>{content}</{name}>"


def assumed(front="", **keys):
    inner = "".join(element(name, value) for name, value in {**KEYS, "Expiration": ENDS, **keys}.items())
    return front + element("AssumeRoleResponse", element("AssumeRoleResult", element("Credentials", inner)))


def caller(arn="arn:aws:sts::123456789012:assumed-role/Reader/nango-1"):
    return element("GetCallerIdentityResponse", element("GetCallerIdentityResult", element("Arn", arn)))


def question(custom=BUILT_IN, *, config=None, **credentials):
    own = {name: value for name, value in custom.items() if value is not None}
    given = {"role_arn": ROLE, **credentials}
    return ask("AWS_SIGV4", integration=Integration("acme", custom=own), credentials=given, config=config)


def sent(asked, *answers):
    server = Server(*answers)
    return drive(mode_of(asked.provider).acquire(asked), server), server.requests


class TestConnecting:
    def test_the_role_is_taken_on_and_aws_is_asked_who_that_is(self):
        grant, (first, second) = sent(question(external_id="ext"), assumed(), caller())
        assert {first.url, second.url} == {"https://sts.us-east-1.amazonaws.com/"}
        assert parse_qs(first.body.decode()) == {
            "Action": ["AssumeRole"],
            "RoleArn": [ROLE],
            "ExternalId": ["ext"],
            "RoleSessionName": ["nango-0001020304050607"],
            "DurationSeconds": ["3600"],
            "Version": ["2011-06-15"],
        }
        assert parse_qs(second.body.decode())["Action"] == ["GetCallerIdentity"]
        assert "Credential=AKIA1/" in first.headers["authorization"]
        assert "Credential=ASIA1/" in second.headers["authorization"]
        assert second.headers["x-amz-security-token"] == "session"
        assert grant.credentials | {"raw": None} == {
            "type": "AWS_SIGV4",
            "role_arn": ROLE,
            "region": "us-east-1",
            "service": "s3",
            "external_id": "ext",
            "access_key_id": "ASIA1",
            "secret_access_key": "secret-key",
            "session_token": "session",
            "expires_at": "2024-03-09T09:05:07.000Z",
            "raw": None,
        }

    def test_addresses_find_region_and_service_in_the_configuration(self):
        grant, _ = sent(question(config={"region": "eu-west-1"}), assumed(), caller())
        assert grant.connection_config == {"role_arn": ROLE, "region": "eu-west-1", "service": "s3"}

    @pytest.mark.parametrize("arn", ["arn:aws:sts::1:assumed-role/Reader2/x", "arn:aws:iam::1:user/me"])
    def test_keys_of_somebody_else_are_refused(self, arn):
        with pytest.raises(TokenRefused, match="Reader"):
            acquired(question(), assumed(), caller(arn))

    @pytest.mark.parametrize("answer", [403, "<x/>", "nothing"])
    def test_keys_that_aws_does_not_know_are_refused(self, answer):
        with pytest.raises((TokenRefused, TokenUnusable)):
            acquired(question(), assumed(), answer)

    def test_stored_credentials_are_enough_to_take_the_role_on_again(self):
        first = acquired(question(region="eu-west-1", external_id="ext"), assumed(), caller()).credentials
        assert refreshed(question(**first), assumed()).credentials == first

    @pytest.mark.parametrize("arn", ["Reader", "arn:aws:iam::123456789012:user/me", "arn:aws:iam::1:role/", ""])
    def test_what_is_no_role_is_refused_before_anything_is_sent(self, arn):
        with pytest.raises(ConfigError):
            acquired(question(role_arn=arn))

    @pytest.mark.parametrize("region", ["evil.example/x", "eu west", "EU", "a" * 65, "eu\n"])
    def test_a_region_cannot_change_the_host(self, region):
        with pytest.raises(ConfigError) as caught:
            acquired(question(config={"region": region}))
        assert [problem.field for problem in caught.value.problems] == ["region"]

    @pytest.mark.parametrize("name", ["service", "awsAccessKeyId", "awsSecretAccessKey", "defaultRegion"])
    def test_what_the_integration_lacks_is_named(self, name):
        with pytest.raises(IntegrationIncomplete, match=name) as caught:
            acquired(question({**BUILT_IN, name: None}))
        assert caught.value.facts["reference_code"] == "invalid_aws_sigv4_config"


class TestAnswers:
    @pytest.mark.parametrize(
        "answer",
        [
            assumed(),
            {"AssumeRoleResponse": {"AssumeRoleResult": {"Credentials": {**KEYS, "Expiration": 1709975107}}}},
            {"Credentials": {**KEYS, "Expiration": 1709975107.0}},
            {"credentials": {"access_key_id": "ASIA1", "secret_access_key": "secret-key", "session_token": "session",
                             "expires_at": ENDS}},
            {"accessKeyId": "ASIA1", "secretAccessKey": "secret-key", "sessionToken": "session",
             "expiresAt": 1709975107000},
        ],
        ids=["XML", "JSON of AWS", "without wrappers", "snake case", "camel case, milliseconds"],
    )  # fmt: skip
    def test_keys_are_found_in_any_of_the_usual_spellings(self, answer):
        found = refreshed(question(), answer).credentials
        assert [found[name] for name in ("access_key_id", "secret_access_key", "session_token", "expires_at")] == [
            "ASIA1",
            "secret-key",
            "session",
            "2024-03-09T09:05:07.000Z",
        ]

    @pytest.mark.parametrize(
        "answer",
        ["", "<", "[]", "<Error/>", assumed(Expiration="soon"), assumed(SessionToken=""), assumed(DOCTYPE), {}],
    )
    def test_an_answer_without_all_of_them_is_an_error(self, answer):
        with pytest.raises(TokenUnusable) as caught:
            refreshed(question(), answer)
        assert caught.value.reference_code == "aws_sigv4_sts_request_failed"
        assert "secret-key" not in f"{caught.value!r} {caught.value.to_dict()}"

    def test_a_refusal_shows_no_secret(self):
        class Echo(Server):
            def __call__(self, request):
                answer = super().__call__(request)
                return type(answer)(403, f"<Error>{SECRET} is unknown</Error>".encode())

        asked = question()
        with pytest.raises(TokenRefused) as caught:
            drive(mode_of(asked.provider).refresh(asked), Echo(""))
        assert SECRET not in json.dumps(caught.value.to_dict())


class TestOwnEndpoint:
    def request(self, **custom):
        asked = question({**OWN, **custom}, region="eu-west-1", external_id="ext")
        return sent(asked, {"credentials": {**KEYS, "Expiration": ENDS}}, caller())[1][0]

    def test_it_is_asked_for_the_role_in_json(self):
        request = self.request()
        assert (request.url, request.headers["content-type"]) == ("https://sts.example/assume", "application/json")
        body = {"role_arn": ROLE, "external_id": "ext", "region": "eu-west-1", "service": "s3"}
        assert json.loads(request.body) == body

    def test_it_may_want_a_key_or_a_user(self):
        assert self.request(stsAuthType="api_key", stsApiKey="k").headers["x-api-key"] == "k"
        assert self.request(stsAuthType="api_key", stsApiKey="k", stsAuthHeader="X-Own").headers["X-Own"] == "k"
        basic = self.request(stsAuthType="basic", stsAuthUsername="u", stsAuthPassword="p").headers["authorization"]
        assert basic == "Basic dTpw"

    @pytest.mark.parametrize(
        "custom",
        [
            {"stsAuthType": "api_key"},
            {"stsAuthType": "basic", "stsAuthUsername": "u"},
            {"stsAuthType": "api_key", "stsApiKey": "k", "stsAuthHeader": "a: b"},
            {"stsAuthType": "other"},
            {"stsEndpointUrl": "http://sts.example/assume"},
            {"stsEndpointUrl": "https://user:pass@sts.example/"},
            {"stsEndpointUrl": "sts.example"},
            {"stsEndpointUrl": None},
            {"stsMode": "other"},
        ],
    )
    def test_what_is_missing_or_wrong_is_said_before_anything_is_sent(self, custom):
        with pytest.raises(IntegrationIncomplete) as caught:
            acquired(question({**OWN, **custom}, region="eu-west-1"))
        assert caught.value.facts["reference_code"] == "invalid_aws_sigv4_config"
