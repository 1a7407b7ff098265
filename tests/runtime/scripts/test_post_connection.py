"""Post-connection scripts: what they ask, and what they keep of the answer."""

import hashlib

import pytest

from connectors.errors import AnswerError, UnexpectedAnswer

MARIE = hashlib.sha256(b"marie@example.com").hexdigest()
ROWS = [
    ("attioPostConnection", {"workspace_id": "w-1"}, "GET v2/self", {"workspace_id": "w-1"}),
    (
        "calendlyPostConnection",
        {"resource": {"current_organization": "https://api.calendly.com/organizations/ORG1"}},
        "GET users/me",
        {"organizationId": "ORG1"},
    ),
    (
        "checkrPartnerPostConnection",
        {"account_hierarchy_enabled": False},
        "GET v1/account",
        {"accountHierarchyEnabled": False},
    ),
    ("candisPostConnection", {"id": "o-1"}, "GET v1/organizations/info", {"organizationId": "o-1"}),
    ("gustoPostConnection", {"resource": {"uuid": "u-1"}}, "GET v1/token_info", {"companyUuid": "u-1"}),
    ("hubspotPostConnection", {"portalId": 62515}, "GET account-info/v3/details", {"portalId": "62515"}),
    ("jobberPostConnection", {"data": {"account": {"id": "Z2lk="}}}, "POST graphql", {"accountId": "Z2lk="}),
    ("linearPostConnection", {"data": {"organization": {"id": "l-1"}}}, "POST graphql", {"organizationId": "l-1"}),
    ("procorePostConnection", [{"id": 7}, {"id": 8}], "GET rest/v1.0/companies", {"companyId": "7"}),
    (
        "sophosCentralPostConnection",
        {"id": "t-1", "apiHosts": {"dataRegion": "https://api-eu01.central.sophos.com"}},
        "GET https://api.central.sophos.com/whoami/v1",
        {"tenantId": "t-1", "dataRegion": "https://api-eu01.central.sophos.com"},
    ),
    (
        "workablePostConnection",
        {"accounts": [{"subdomain": "acme"}]},
        "GET https://www.workable.com/spi/v3/accounts",
        {"subdomain": "acme"},
    ),
    ("xeroPostConnection", [{"tenantId": "x-1"}], "GET connections", {"tenant_id": "x-1"}),
    ("zoomPostConnection", {"account_id": "z_1-a"}, "GET users/me", {"accountId": "z_1-a"}),
    (
        "sage200PostConnection",
        [{"company_id": 3, "site_id": "3fa85f64-5717"}],
        "GET https://api.columbus.sage.com/uk/sage200extra/accounts/v1/sites",
        {"company_id": "3", "site_id": "3fa85f64-5717"},
    ),
]


@pytest.mark.parametrize(("name", "body", "asked", "kept"), ROWS, ids=[row[0] for row in ROWS])
def test_a_script_keeps_what_the_answer_says(post_connection, name, body, asked, kept):
    script = post_connection(name)
    assert script.run(body) == kept
    assert script.calls == [asked]


@pytest.mark.parametrize(("name", "body", "asked", "kept"), ROWS, ids=[row[0] for row in ROWS])
def test_an_answer_without_the_value_is_an_error(post_connection, name, body, asked, kept):
    with pytest.raises(UnexpectedAnswer):
        post_connection(name).run({})


def test_a_refusal_is_an_error_with_its_status(post_connection, answer):
    with pytest.raises(AnswerError) as caught:
        post_connection("attioPostConnection").run(answer({"code": "no"}, 403))
    assert caught.value.status == 403


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("sophosCentralPostConnection", {"id": "t", "apiHosts": {"dataRegion": "http://api.central.sophos.com"}}),
        ("sophosCentralPostConnection", {"id": "t", "apiHosts": {"dataRegion": "https://x@evil.example"}}),
        ("sophosCentralPostConnection", {"id": "t", "apiHosts": {"dataRegion": "https://169.254.169.254"}}),
        ("sophosCentralPostConnection", {"id": "t", "apiHosts": {"dataRegion": "https://evil.example/?a="}}),
        ("workablePostConnection", {"accounts": [{"subdomain": "evil.example/"}]}),
        ("workablePostConnection", {"accounts": [{"subdomain": "a.b"}]}),
        ("mailchimpPostConnection", {"dc": "evil.example#"}),
        ("xeroPostConnection", [{"tenantId": "a\r\nx-evil: 1"}]),
        ("attioPostConnection", {"workspace_id": "../.."}),
        ("attioPostConnection", {"workspace_id": ".."}),
        ("attioPostConnection", {"workspace_id": {"nested": True}}),
        ("attioPostConnection", {"workspace_id": "${access_token}"}),
        ("attioPostConnection", {"workspace_id": "x" * 300}),
    ],
)
def test_a_value_that_could_lead_elsewhere_is_not_kept(post_connection, name, body):
    definition = {"token_url": "https://login.mailchimp.com/oauth2/token"}
    with pytest.raises(UnexpectedAnswer) as caught:
        post_connection(name).run(body, definition=definition)
    assert "evil" not in str(caught.value)


def test_what_the_person_was_asked_for_stays(post_connection):
    definition = {"connection_config": {"companyId": {"title": "Company", "description": "", "type": "string"}}}
    config = {"companyId": "8"}
    assert post_connection("procorePostConnection").run([{"id": 7}], definition=definition, config=config) == {}


def test_what_only_scripts_fill_is_filled_anew(post_connection):
    definition = {"connection_config": {"tenant_id": {"automated": True}}}
    found = post_connection("xeroPostConnection").run(
        [{"tenantId": "new"}], definition=definition, config={"tenant_id": "old"}
    )
    assert found == {"tenant_id": "new"}


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("googleMailPostConnection", {"emailAddress": "Marie@example.com"}),
        ("googleCalendarPostConnection", {"id": "marie@example.com"}),
    ],
)
def test_an_email_address_is_kept_as_its_hash_only(post_connection, name, body):
    kept = post_connection(name).run(body)
    assert kept == {"emailAddressHash": MARIE}


# --- From what the connection knows already ------------------------------------------------------


def test_values_of_the_token_answer_are_kept(post_connection):
    raw = {"companyId": "c-1", "locationId": "l-1", "username": "MARIE"}
    credentials = {"raw": raw}
    kept = post_connection("highlevelPostConnection").run(credentials=credentials)
    assert kept == {"companyId": "c-1", "locationId": "l-1"}
    assert post_connection("snowflakePostConnection").run(credentials=credentials) == {"username": "MARIE"}


def test_a_company_without_a_location_is_complete(post_connection):
    kept = post_connection("highlevelPostConnection").run(credentials={"raw": {"companyId": "c-1"}})
    assert kept == {"companyId": "c-1"}


def test_claims_of_the_token_are_kept(post_connection, jwt):
    teams = post_connection("microsoftTeamsPostConnection")
    assert teams.run(credentials={"access_token": jwt(tid="t-1")}) == {"tenantId": "t-1"}
    sellsy = post_connection("sellsyPostConnection")
    assert sellsy.run(credentials={"access_token": None, "token": jwt(corpId=42)}) == {"corpid": "42"}


@pytest.mark.parametrize(
    ("address", "extension"),
    [
        ("https://www.zohoapis.com", "com"),
        ("https://www.zohoapis.com.au", "com.au"),
        ("https://www.zohoapis.eu/", "eu"),
    ],
)
def test_zoho_s_region_is_the_end_of_its_address(post_connection, address, extension):
    assert post_connection("zohoPostConnection").run(config={"api_domain": address}) == {"extension": extension}


@pytest.mark.parametrize("address", ["http://www.zohoapis.eu", "https://www.zohoapis.e1u", "", "zoho", None])
def test_an_address_without_a_region_is_an_error(post_connection, address):
    with pytest.raises(UnexpectedAnswer):
        post_connection("zohoPostConnection").run(config={"api_domain": address})


def test_the_name_and_password_of_a_sign_in_are_not_kept(post_connection):
    assert post_connection("bullhornPostConnection").run() == {"username": None, "password": None}


def test_salesforce_needs_nothing(post_connection):
    assert post_connection("salesforcePostConnection").run() == {}
