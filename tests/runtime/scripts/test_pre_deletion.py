"""Pre-deletion scripts: how each provider is told that a connection ends."""

import base64

import pytest

from connectors.errors import AnswerError

CASES = [
    ("hubspotPreConnectionDeletion", "DELETE oauth/v1/refresh-tokens/rt%2F%24%7Bx%7D"),
    ("intercomPreConnectionDeletion", "POST auth/uninstall"),
    ("linearPreConnectionDeletion", "POST oauth/revoke"),
    ("oneloginPreConnectionDeletion", "POST auth/oauth2/revoke"),
]
CREDENTIALS = {"refresh_token": "rt/${x}", "client_id": "id", "client_secret": "secret", "token": "at"}


@pytest.mark.parametrize(("name", "call"), CASES)
@pytest.mark.parametrize("status", [200, 204, 401, 404, 410])
def test_a_token_that_is_gone_is_what_was_wanted(pre_deletion, answer, name, call, status):
    script = pre_deletion(name)
    assert script.run(answer("", status), credentials=CREDENTIALS) is None
    assert script.calls == [call]


@pytest.mark.parametrize("name", [name for name, _ in CASES])
def test_a_provider_that_refuses_is_an_error(pre_deletion, answer, name):
    with pytest.raises(AnswerError):
        pre_deletion(name).run(answer("", 500), credentials=CREDENTIALS)


def test_without_a_refresh_token_there_is_nothing_to_delete(pre_deletion):
    script = pre_deletion("hubspotPreConnectionDeletion")
    script.run(credentials={"refresh_token": None})
    assert script.calls == []


def test_onelogin_revokes_in_the_client_s_name(pre_deletion, answer):
    script = pre_deletion("oneloginPreConnectionDeletion")
    script.run(answer("", 200), credentials=CREDENTIALS)
    basic = base64.b64encode(b"id:secret").decode()
    assert script.steps[0].headers["authorization"] == f"Basic {basic}"
    assert script.steps[0].data == {"access_token": "at"}
