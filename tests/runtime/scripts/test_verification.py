"""Credentials-verification scripts: what is a yes, what is a no, and what says nothing."""

import json

import pytest

from connectors.errors import ProviderError, UnexpectedAnswer

KEYS = {"type": "BASIC", "username": "AKID", "password": "s3cr3t"}
CASES = [
    ("apolloCredentialsVerification", {"is_logged_in": True}, {"is_logged_in": False}),
    ("bitdefenderCredentialsVerification", {"result": {"enabledApis": []}}, {"error": {"code": -32000}}),
    ("expensifyCredentialsVerification", {"policyList": []}, {"responseMessage": "Authentication error"}),
    ("lastpassCredentialsVerification", {"Users": {}}, {"errors": ["Authorization Error"]}),
    ("pushpayChmsV1CredentialsVerification", "<ccb_api><response/></ccb_api>", "<ccb_api><error/></ccb_api>"),
    ("skioCredentialsVerification", {"data": {"Orders": []}}, {"errors": [{"message": "invalid"}]}),
    (
        "vantageApparelCredentialsVerification",
        "<s:Envelope xmlns:s='x'><status>1</status></s:Envelope>",
        "<e><code>105</code><description>Authentication Credentials failed</description></e>",
    ),
]
NAMES = [
    *(case[0] for case in CASES),
    *("awsIamCredentialsVerification", "azureDevopsCredentialsVerification"),
    *("cdwCredentialsVerification", "snipeItCredentialsVerification"),
]


@pytest.mark.parametrize(("name", "good", "bad"), CASES, ids=[case[0] for case in CASES])
def test_a_refusal_with_status_200_is_a_no(verification, name, good, bad):
    assert verification(name).run(good, credentials=KEYS).ok
    verdict = verification(name).run(bad, credentials=KEYS)
    assert not verdict.ok
    assert verdict.reason


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_by_status_is_a_no(verification, answer, name, status):
    verdict = verification(name).run(answer({}, status), credentials=KEYS)
    assert not verdict.ok
    assert verdict.reason


@pytest.mark.parametrize("name", NAMES)
def test_a_provider_that_fails_says_nothing_of_the_credentials(verification, answer, name):
    with pytest.raises(ProviderError):
        verification(name).run(answer("down", 503), credentials=KEYS)


def test_a_page_to_sign_in_is_a_no(verification, answer):
    azure = verification("azureDevopsCredentialsVerification")
    assert azure.run({"value": []}).ok
    assert azure.calls == ["GET _apis/projects"]
    page = "<!doctype html><html><body>Sign in</body></html>"
    assert not verification("azureDevopsCredentialsVerification").run(answer(page, 200, "text/html")).ok
    assert not verification("azureDevopsCredentialsVerification").run(answer({}, 203)).ok


def test_an_order_refused_for_its_content_says_that_the_key_is_good(verification, answer):
    cdw = verification("cdwCredentialsVerification")
    assert cdw.run(answer({"title": "Bad Request"}, 400)).ok
    assert cdw.steps[0].data == {}


def test_snipe_it_is_asked_behind_the_api_of_its_address(verification):
    script = verification("snipeItCredentialsVerification")
    assert script.run({"rows": []}).ok
    assert script.calls == ["GET v1/users?limit=1"]


@pytest.mark.parametrize(
    ("address", "endpoint"),
    [
        ("https://api.bitdefender.example", "api/v1.0/jsonrpc/general"),
        ("https://cloud.bitdefender.example/api/", "v1.0/jsonrpc/general"),
    ],
)
def test_bitdefender_s_address_may_hold_the_first_step(verification, address, endpoint):
    script = verification("bitdefenderCredentialsVerification")
    script.run({"result": {}}, config={"ACCESS_URL": address})
    assert script.calls == [f"POST {endpoint}"]
    assert script.steps[0].data["method"] == "getApiKeyDetails"


def test_aws_keys_are_asked_of_sts_with_a_signature_for_it(verification):
    script = verification("awsIamCredentialsVerification")
    assert script.run("<GetCallerIdentityResponse/>", credentials=KEYS).ok
    call = script.steps[0]
    assert script.calls == ["GET https://sts.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"]
    assert call.headers["x-amz-date"] == "20240309T080507Z"
    scope = "AKID/20240309/us-east-1/sts/aws4_request"
    assert call.headers["authorization"].startswith(
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date,"
    )


def test_expensify_gets_its_job_as_a_form(verification):
    script = verification("expensifyCredentialsVerification")
    script.run({"policyList": []}, credentials=KEYS)
    job = json.loads(script.steps[0].data["requestJobDescription"])
    assert job["credentials"] == {"partnerUserID": "AKID", "partnerUserSecret": "s3cr3t"}
    assert script.steps[0].headers["content-type"] == "application/x-www-form-urlencoded"


def test_credentials_cannot_change_a_soap_request(verification):
    script = verification("vantageApparelCredentialsVerification")
    script.run("<ok/>", credentials={**KEYS, "password": "</ns:password><ns:id>evil"})
    assert "<ns:id>evil" not in script.steps[0].data
    assert "&lt;ns:id&gt;evil" in script.steps[0].data


@pytest.mark.parametrize(
    "body", ["", "no xml", "<a>", '<!DOCTYPE a [<!ENTITY b "error">]><a>&b;</a>'], ids=["", "text", "open", "doctype"]
)
def test_pushpay_has_to_answer_with_xml(verification, body):
    with pytest.raises(UnexpectedAnswer):
        verification("pushpayChmsV1CredentialsVerification").run(body)
