"""Post-connection scripts that ask more than once, or more than the account itself."""

import pytest

from connectors.errors import AnswerError, DefinitionError, UnexpectedAnswer

SITES = [
    {"id": "c-1", "url": "https://first.atlassian.net", "name": "First"},
    {"id": "c-2", "url": "https://second.atlassian.net", "name": "Second"},
]
UUID = {"connection_config": {"cloudId": {"title": "Cloud", "description": "", "type": "string"}}}


# --- Atlassian -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["jiraPostConnection", "atlassianGovernmentCloudPostConnection"])
def test_the_first_site_of_a_grant_and_the_person_are_kept(post_connection, name):
    script = post_connection(name)
    kept = script.run(SITES, {"accountId": "5b10a:284"})
    assert kept == {"cloudId": "c-1", "baseUrl": "https://first.atlassian.net", "accountId": "5b10a:284"}
    assert script.calls == ["GET oauth/token/accessible-resources", "GET ex/jira/c-1/rest/api/3/myself"]


@pytest.mark.parametrize("subdomain", ["second", "Second", "second.atlassian.net"])
def test_the_site_that_was_named_is_taken(post_connection, subdomain):
    kept = post_connection("jiraPostConnection").run(SITES, {}, config={"subdomain": subdomain})
    assert kept == {"cloudId": "c-2", "baseUrl": "https://second.atlassian.net"}


def test_a_named_site_that_the_grant_is_not_for_is_an_error(post_connection):
    with pytest.raises(UnexpectedAnswer):
        post_connection("jiraPostConnection").run(SITES, config={"subdomain": "third"})


def test_without_the_right_to_ask_the_person_stays_unknown(post_connection, answer):
    kept = post_connection("jiraPostConnection").run(SITES, answer({"message": "no scope"}, 403))
    assert kept == {"cloudId": "c-1", "baseUrl": "https://first.atlassian.net"}


@pytest.mark.parametrize("sites", [[], {}, [{"id": "c/../x", "url": "https://x.example"}], [{"id": "c", "url": "x"}]])
def test_a_grant_without_a_usable_site_is_an_error(post_connection, sites):
    with pytest.raises(UnexpectedAnswer):
        post_connection("jiraPostConnection").run(sites)


def test_a_service_account_is_of_the_cloud_that_was_given(post_connection):
    script = post_connection("atlassianServicAccountPostConnection")
    server, person = {"baseUrl": "https://first.atlassian.net"}, {"accountId": "5b10a"}
    kept = script.run(server, person, definition=UUID, config={"cloudId": "c-9"})
    assert kept == {"baseUrl": "https://first.atlassian.net", "accountId": "5b10a"}
    assert script.calls == ["GET ex/jira/c-9/rest/api/3/serverInfo", "GET ex/jira/c-9/rest/api/3/myself"]


# --- Microsoft -----------------------------------------------------------------------------------


def test_sharepoint_gets_a_token_of_its_own(post_connection, jwt):
    script = post_connection("onedrivePostConnection")
    root = {"siteCollection": {"hostname": "acme.sharepoint.com"}}
    token = {"access_token": "sp", "expires_in": 3600}
    kept = script.run(root, token, credentials={"access_token": jwt(tid="t-1"), "refresh_token": "rt/+"})
    assert kept["tenantId"] == "t-1"
    assert kept["sharepointAccessToken"]["access_token"] == "sp"
    assert kept["sharepointAccessToken"]["expires_at"] == "2024-03-09T09:05:07.000Z"
    assert script.steps[1].url.startswith("https://login.microsoftonline.com/")
    assert b"scope=https%3A%2F%2Facme.sharepoint.com%2F.default" in script.steps[1].body
    assert b"refresh_token=rt%2F%2B" in script.steps[1].body


@pytest.mark.parametrize("host", ["evil.example", "a.b.sharepoint.com", "evil.example/.sharepoint.com", ""])
def test_a_refresh_token_goes_for_no_site_outside_sharepoint(post_connection, jwt, host):
    script = post_connection("onedrivePostConnection")
    with pytest.raises(UnexpectedAnswer):
        script.run({"siteCollection": {"hostname": host}}, credentials={"access_token": jwt(tid="t-1")})
    assert len(script.steps) == 1


def test_a_bot_gets_a_token_of_the_bot_framework(post_connection):
    script = post_connection("microsoftTeamsBotPostConnection")
    kept = script.run({"access_token": "bot", "expires_in": 60})
    assert kept["botFrameworkAccessToken"]["access_token"] == "bot"
    assert script.calls == ["POST https://login.microsoftonline.com/botframework.com/oauth2/v2.0/token"]
    assert b"grant_type=client_credentials" in script.steps[0].body


# --- Others --------------------------------------------------------------------------------------


def test_basecamp_keeps_its_accounts_and_takes_the_first(post_connection):
    script = post_connection("basecampPostConnection")
    accounts = [
        {"product": "hey", "id": 1, "name": "Mail", "href": "https://hey.example/1"},
        {"product": "bc3", "id": 2, "name": "Acme", "href": "https://3.basecampapi.com/2"},
        {"product": "bc3", "id": 3, "name": "a\nb", "href": "http://3.basecampapi.com/3"},
    ]
    assert script.run({"accounts": accounts}) == {
        "accountId": "2",
        "accounts": [
            {"id": "2", "name": "Acme", "href": "https://3.basecampapi.com/2"},
            {"id": "3", "name": "", "href": ""},
        ],
    }
    assert script.calls == ["GET https://launchpad.37signals.com/authorization.json"]


@pytest.mark.parametrize("body", [{}, {"accounts": []}, {"accounts": [{"product": "hey", "id": 1}]}, []])
def test_a_person_without_basecamp_is_an_error(post_connection, body):
    with pytest.raises(UnexpectedAnswer):
        post_connection("basecampPostConnection").run(body)


@pytest.mark.parametrize("host", ["account.docusign.com", "account-d.docusign.com"])
def test_docusign_asks_where_its_tokens_come_from(post_connection, host):
    script = post_connection("docusignPostConnection")
    accounts = [
        {"account_id": "a-1", "is_default": False, "base_uri": "https://na1.docusign.net"},
        {"account_id": "a-2", "is_default": True, "base_uri": "https://eu.docusign.net"},
    ]
    kept = script.run({"accounts": accounts}, definition={"token_url": f"https://{host}/oauth/token"})
    assert kept == {"accountId": "a-2", "baseUri": "https://eu.docusign.net"}
    assert script.calls == [f"GET https://{host}/oauth/userinfo"]


def test_a_definition_without_the_address_to_ask_is_an_error(post_connection):
    with pytest.raises(DefinitionError):
        post_connection("docusignPostConnection").run()


def test_mailchimp_s_data_centre_is_a_part_of_the_host(post_connection):
    script = post_connection("mailchimpPostConnection")
    kept = script.run({"dc": "us21"}, definition={"token_url": "https://login.mailchimp.com/oauth2/token"})
    assert kept == {"dc": "us21"}
    assert script.calls == ["GET https://login.mailchimp.com/oauth2/metadata"]
    assert script.steps[0].headers == {"authorization": "OAuth at"}


@pytest.mark.parametrize("place", ["config", "credentials"])
def test_who_authorised_a_github_app_is_asked_with_the_person_s_token(post_connection, place):
    script = post_connection("githubAppOauthPostConnection")
    person = {"type": "OAUTH2", "access_token": "person"}
    key = "userCredentials" if place == "config" else "user"
    kept = script.run({"login": "marie"}, **{place: {key: person}})
    assert kept == {"handle": "marie", "userCredentials": person}
    assert script.steps[0].headers == {"authorization": "Bearer person"}


@pytest.mark.parametrize(
    ("name", "config", "call"),
    [
        ("ripplingShopAppPostConnection", {}, "POST platform/api/mark_app_installed"),
        ("sentryOauthPostConnection", {"installation.uuid": "u/1"}, "PUT 0/sentry-app-installations/u%2F1/"),
    ],
)
def test_an_installation_is_confirmed(post_connection, answer, name, config, call):
    script = post_connection(name)
    assert script.run(answer("", 204), config=config) == {}
    assert script.calls == [call]
    with pytest.raises(AnswerError):
        post_connection(name).run(answer("", 500), config=config)
