"""Connections over HTTP: imported, listed, found, described, deleted; with exact codes where clients read them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.server.conftest import Provider, Served

KEY = "provider_config_key=plain"


@pytest.fixture
def ready(served: Served) -> Served:
    assert served.post("/integrations", {"unique_key": "plain", "provider": "plain"}).status_code == 200
    return served


def body(provider: tuple[str, Provider], **changed: Any) -> dict[str, Any]:
    given = {
        "provider_config_key": "plain",
        "connection_id": "one",
        "connection_config": {"base": provider[0]},
        "credentials": {"type": "API_KEY", "apiKey": "right"},
    }
    return {**given, **changed}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_an_import_is_201_and_the_whole_connection(ready: Served, provider: tuple[str, Provider]) -> None:
    given = {"metadata": {"a": 1}, "tags": {"Team": "Blue"}, "webhook_url_override": "https://hooks.example/x"}
    made = ready.post("/connections", body(provider, **given))
    assert made.status_code == 201, made.text
    found = ready.get(f"/connections/one?{KEY}").json()
    assert {**made.json(), "last_fetched_at": None} == {**found, "last_fetched_at": None}
    assert found["last_fetched_at"]
    expected = {
        "connection_id": "one",
        "provider_config_key": "plain",
        "provider": "plain",
        "errors": [],
        "end_user": None,
        "tags": {"team": "Blue"},
        "metadata": {"a": 1},
        "connection_config": {"base": provider[0]},
        "webhook_url_override": "https://hooks.example/x",
        "credentials": {"type": "API_KEY", "apiKey": "right"},
    }
    assert {name: found[name] for name in expected} == expected
    assert isinstance(found["id"], int)


def test_an_import_without_an_id_is_given_a_uuid(ready: Served, provider: tuple[str, Provider]) -> None:
    given = body(provider)
    del given["connection_id"]
    assert uuid.UUID(ready.post("/connections", given).json()["connection_id"]).version == 4


def test_an_import_takes_what_another_server_told_of_a_connection_without_metadata(
    ready: Served, provider: tuple[str, Provider]
) -> None:
    answer = ready.post("/connections", body(provider, metadata=None, tags=None))
    assert (answer.status_code, answer.json()["metadata"], answer.json()["tags"]) == (201, {}, {})


def test_an_import_over_a_connection_is_201_again(ready: Served, provider: tuple[str, Provider]) -> None:
    ready.post("/connections", body(provider))
    again = ready.post("/connections", body(provider, credentials={"type": "API_KEY", "apiKey": "newer"}))
    assert again.status_code == 201
    assert ready.get(f"/connections/one?{KEY}").json()["credentials"]["apiKey"] == "newer"


def test_an_import_is_refused_with_the_codes_that_clients_read(ready: Served, provider: tuple[str, Provider]) -> None:
    wrong = {"type": "API_KEY", "apiKey": "wrong"}
    refused = ready.post("/connections", body(provider, credentials=wrong))
    assert code(refused) == (400, "connection_test_failed")
    assert code(ready.post("/connections", body(provider, provider_config_key="nope"))) == (404, "not_found")
    basic = {"type": "BASIC", "username": "u", "password": "p"}
    assert code(ready.post("/connections", body(provider, credentials=basic))) == (400, "invalid_body")
    assert code(ready.post("/connections", body(provider, credentials={"type": "API_KEY"}))) == (400, "invalid_body")
    assert code(ready.post("/connections", body(provider, connection_config={}))) == (400, "invalid_body")
    assert code(ready.post("/connections", body(provider, extra=1))) == (400, "invalid_body")
    assert ready.get("/connections").json() == {"connections": []}


def test_what_is_not_there_has_the_code_of_each_call(ready: Served) -> None:
    assert code(ready.get(f"/connections/nope?{KEY}")) == (404, "not_found")
    assert code(ready.get("/connections/one?provider_config_key=nope")) == (400, "unknown_provider_config")
    assert code(ready.get("/connections/one")) == (400, "invalid_query_params")
    gone = ready.delete(f"/connections/nope?{KEY}")
    assert code(gone) == (400, "unknown_connection")
    assert "message" not in gone.json()["error"]
    given = {"connection_id": "nope", "provider_config_key": "plain", "metadata": {}}
    assert code(ready.post("/connections/metadata", given)) == (404, "unknown_connection")


def test_the_newest_comes_first_in_pages(ready: Served, provider: tuple[str, Provider]) -> None:
    for id_ in ("a", "b", "c"):
        ready.post("/connections", body(provider, connection_id=id_))

    def ids(query: str) -> list[str]:
        return [each["connection_id"] for each in ready.get(f"/connections{query}").json()["connections"]]

    assert ids("") == ["c", "b", "a"]
    assert ids("?limit=2") == ["c", "b"]
    assert ids("?limit=2&page=1") == ["a"]
    assert ids("?connectionId=b") == ["b"]
    assert ids("?search=B") == ["b"]
    assert ids("?search=%25") == []
    assert ids("?integrationId=plain,other") == ["c", "b", "a"]
    assert ids("?integrationId=other") == []


def test_a_list_holds_no_credentials(ready: Served, provider: tuple[str, Provider]) -> None:
    ready.post("/connections", body(provider))
    listed = ready.get("/connections")
    assert "right" not in listed.text
    fields = {"id", "connection_id", "provider_config_key", "provider", "errors", "end_user", "tags", "metadata"}
    assert set(listed.json()["connections"][0]) == {*fields, "created"}


def test_tags_are_found_with_brackets_in_either_encoding(ready: Served, provider: tuple[str, Provider]) -> None:
    ready.post("/connections", body(provider, tags={"plan": "gold", "team": "x"}))
    ready.post("/connections", body(provider, connection_id="two", tags={"plan": "gold"}))
    assert len(ready.get("/connections?tags[plan]=gold").json()["connections"]) == 2
    assert len(ready.get("/connections?tags%5Bplan%5D=gold&tags%5BTeam%5D=x").json()["connections"]) == 1
    assert ready.get("/connections?tags[plan]=Gold").json()["connections"] == []


def test_an_end_user_is_patched_and_an_override_cleared(ready: Served, provider: tuple[str, Provider]) -> None:
    ready.post("/connections", body(provider, webhook_url_override="https://hooks.example/x", tags={"a": "1"}))
    change = {"end_user": {"id": "u", "email": "u@x.example", "tags": {"b": "2"}}, "webhook_url_override": ""}
    assert ready.patch(f"/connections/one?{KEY}", change).json() == {"success": True}
    found = ready.get(f"/connections/one?{KEY}").json()
    assert found["tags"] == {"end_user_id": "u", "end_user_email": "u@x.example", "b": "2"}
    assert found["webhook_url_override"] is None
    assert len(ready.get("/connections?endUserId=u").json()["connections"]) == 1


def test_the_old_names_still_work(ready: Served, provider: tuple[str, Provider]) -> None:
    ready.post("/connections", body(provider))
    assert ready.get("/connection").json() == ready.get("/connections").json()
    assert ready.get(f"/connection/one?{KEY}").json()["credentials"]["apiKey"] == "right"
    assert ready.delete(f"/connection/one?{KEY}").json() == {"success": True}


def test_metadata_has_old_names_with_the_connection_in_body_or_path(
    ready: Served, provider: tuple[str, Provider]
) -> None:
    ready.post("/connections", body(provider))
    named = {"connection_id": "one", "provider_config_key": "plain"}
    assert ready.post("/connection/metadata", {**named, "metadata": {"a": 1}}).status_code == 201
    key = {"Provider-Config-Key": "plain"}
    laid = ready.patch("/connection/one/metadata", {"b": {"c": 2}}, headers=key)
    assert (laid.status_code, laid.json()) == (200, {"b": {"c": 2}})
    assert ready.get(f"/connection/one?{KEY}").json()["metadata"] == {"a": 1, "b": {"c": 2}}
    put = ready.post("/connection/one/metadata", {"d": None}, headers=key)
    assert (put.status_code, put.json()) == (201, {"d": None})
    assert code(ready.post("/connection/nobody/metadata", {}, headers=key)) == (404, "unknown_connection")
    assert code(ready.post("/connection/one/metadata", {})) == (400, "invalid_headers")


def test_metadata_is_kept_as_it_is_given_also_null(ready: Served, provider: tuple[str, Provider]) -> None:
    ready.post("/connections", body(provider, metadata={"a": 1, "z": 2}))
    named = {"connection_id": "one", "provider_config_key": "plain"}
    ready.patch("/connections/metadata", {**named, "metadata": {"a": None, "b": [1]}})
    assert ready.get(f"/connections/one?{KEY}").json()["metadata"] == {"a": None, "b": [1], "z": 2}
    ready.post("/connections/metadata", {**named, "metadata": {"n": None}})
    assert ready.get(f"/connections/one?{KEY}").json()["metadata"] == {"n": None}


def test_metadata_of_what_is_not_there_is_an_unknown_connection(ready: Served) -> None:
    for key in ("plain", "nobody"):
        given = {"connection_id": ["one", "two"], "provider_config_key": key, "metadata": {}}
        assert code(ready.post("/connections/metadata", given)) == (404, "unknown_connection")
    empty = ready.post("/connections/metadata", {"connection_id": "", "provider_config_key": "plain", "metadata": {}})
    assert {each["code"] for each in empty.json()["error"]["errors"]} == {"invalid_format", "too_small"}


def test_a_connection_may_be_called_like_another_endpoint(ready: Served, provider: tuple[str, Provider]) -> None:
    assert ready.post("/connections", body(provider, connection_id="metadata")).status_code == 201
    assert ready.get(f"/connections/metadata?{KEY}").json()["connection_id"] == "metadata"
    assert ready.delete(f"/connections/metadata?{KEY}").status_code == 200


def test_a_tag_that_cannot_be_is_named(ready: Served) -> None:
    (problem,) = ready.get("/connections?tags[1bad]=x").json()["error"]["errors"]
    assert (problem["code"], problem["path"]) == ("invalid_key", ["tags", "1bad"])


def test_what_an_end_user_brings_along_never_makes_tags_too_many(ready: Served, provider: tuple[str, Provider]) -> None:
    own = {f"own{n}": "v" for n in range(12)} | {"1 no tag": "v", "empty": ""}
    user = {"id": "u", "email": "u@x.example", "display_name": "U", "tags": own}
    explicit = {f"tag{n}": "v" for n in range(10)}
    answer = ready.post("/connections", body(provider, end_user=user, tags=explicit))
    assert answer.status_code == 201, answer.text
    tags = answer.json()["tags"]
    assert set(explicit) | {"end_user_id", "end_user_email", "end_user_display_name"} <= set(tags)
    assert "1 no tag" not in tags
    assert answer.json()["end_user"]["tags"] == own


def test_too_many_tags_are_refused(ready: Served, provider: tuple[str, Provider]) -> None:
    ready.post("/connections", body(provider))
    tags = {f"t{number}": "x" for number in range(10)}
    assert ready.patch(f"/connections/one?{KEY}", {"tags": tags}).status_code == 200
    for refused in ({**tags, "more": "x"}, {"1": "x"}, {"a": ""}, {"a": "x" * 256}, {"a" * 65: "x"}):
        assert code(ready.patch(f"/connections/one?{KEY}", {"tags": refused})) == (400, "invalid_body")


def test_a_deleted_connection_is_gone(ready: Served, provider: tuple[str, Provider]) -> None:
    ready.post("/connections", body(provider))
    assert ready.delete(f"/connections/one?{KEY}").json() == {"success": True}
    assert ready.get(f"/connections/one?{KEY}").status_code == 404


def test_a_key_of_an_integration_with_connections_stays(ready: Served, provider: tuple[str, Provider]) -> None:
    assert ready.patch("/integrations/plain", {"unique_key": "other"}).json()["data"]["unique_key"] == "other"
    assert ready.patch("/integrations/other", {"unique_key": "plain"}).status_code == 200
    ready.post("/connections", body(provider))
    assert code(ready.patch("/integrations/plain", {"unique_key": "other"})) == (400, "invalid_body")
    assert code(ready.post("/integrations", {"unique_key": "plain", "provider": "pair"})) == (400, "invalid_body")
    assert code(ready.post("/integrations", {"unique_key": "x", "provider": "nope"})) == (400, "invalid_body")
    assert ready.delete("/integrations/plain").json() == {"success": True}
    assert ready.get("/connections").json() == {"connections": []}


def test_no_credential_is_in_the_database_or_in_a_log(
    ready: Served, provider: tuple[str, Provider], caplog: pytest.LogCaptureFixture
) -> None:
    import base64

    secret = "S3cret-of-Acme+/="
    given = body(provider, credentials={"type": "API_KEY", "apiKey": secret})
    defaults = {"plain": {"connection_config": {"base": provider[0] + "/hidden-default"}}}
    token = ready.post("/connect/sessions", {"tags": {}, "integrations_config_defaults": defaults}).json()
    answers = [
        ready.post("/connections", given).json() | {"credentials": {}},
        ready.get("/connections").json(),
        ready.get("/integrations").json(),
        ready.get("/connections/nope?" + KEY).json(),
    ]
    home = ready.host.settings.home
    database = b"".join(file.read_bytes() for file in home.iterdir() if file.is_file() and file.name != "vault.key")
    kept = database.decode("latin-1") + caplog.text + str(answers)
    forms = [secret, base64.b64encode(secret.encode()).decode(), "S3cret-of-Acme%2B%2F%3D", "hidden-default"]
    for hidden in (*forms, ready.key, token["data"]["token"]):
        assert hidden not in kept
