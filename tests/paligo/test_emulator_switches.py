"""Every switch shows its effect, the budgets bite, and edits show."""

import json

import pytest
import requests

from connectors.errors import InputError
from connectors.paligo.emulator import API_KEY, USERNAME, Account, Emulator, Switches


class Clock:
    def __init__(self):
        self.time = 1_800_000_000.0

    def __call__(self):
        return self.time


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def running(clock):
    with Emulator(Account.generate(documents=60), clock=clock) as emulator, requests.Session() as session:
        session.trust_env = False
        session.auth = (USERNAME, API_KEY)
        emulator.session = session
        yield emulator


@pytest.fixture
def emulator(running, clock):
    clock.time = clock.time // 1 + 1_000_000
    running.reset_log()
    yield running
    running.switches = Switches()


@pytest.fixture
def call(emulator):
    def send(method, path, **options):
        address = f"{emulator.url}/api/v2{path}"
        return emulator.session.request(method, address, allow_redirects=False, timeout=20, **options)

    return send


def search(call, **body):
    return call("POST", "/search/", json={"resource": "documents", **body})


def test_scope_all_lists_everything(emulator, call):
    assert call("GET", "/documents?per_page=100").json()["total_pages"] == 1
    emulator.change(scope="all")
    assert len(call("GET", "/documents?per_page=100").json()["documents"]) == 60


@pytest.mark.parametrize("status", [404, 422])
def test_search_may_be_missing(emulator, call, status):
    emulator.change(search=status)
    assert search(call).status_code == status


def test_search_items_may_carry_content(emulator, call):
    assert {item["content"] for item in search(call).json()["items"]} == {""}
    emulator.change(search_content=True)
    assert search(call, per_page=100).json()["items"] == emulator.truth("documents")


def test_next_page_may_repeat_the_filters(emulator, call):
    path = "/documents?parent=0&per_page=2&name=the"
    assert call("GET", path).json()["next_page"] == f"{emulator.url}/api/v2/documents?page=2"
    emulator.change(next_page="filters")
    assert (
        call("GET", path).json()["next_page"] == f"{emulator.url}/api/v2/documents?parent=0&per_page=2&name=the&page=2"
    )


def test_page_sizes(emulator, call):
    emulator.change(scope="all", default_per_page=3, max_per_page=20)
    assert len(call("GET", "/documents").json()["documents"]) == 3
    assert len(call("GET", "/documents?per_page=50").json()["documents"]) == 20
    assert search(call, per_page=50).json()["per_page"] == 20


def test_values_may_be_strings(emulator, call):
    number = next(row["id"] for row in emulator.truth("documents") if row["checkout"])
    emulator.change(values="strings")
    row = call("GET", f"/documents/{number}").json()
    assert (row["creator"], row["owner"], row["author"]) == ("2", "2", "2")
    assert (row["checkout"], row["checkout_user"]) == ("true", "3")
    assert row in emulator.truth("documents")


def test_languages_may_be_text(emulator, call):
    number = emulator.truth("documents")[0]["id"]
    emulator.change(languages="text")
    assert json.loads(call("GET", f"/documents/{number}").json()["languages"]) == ["en", "sv"]


def test_the_user_of_a_checkout_may_be_text(emulator, call):
    locked = next(row["id"] for row in emulator.truth("documents") if row["checkout"])
    free = emulator.truth("documents")[0]["id"]
    assert call("GET", f"/documents/{locked}").json()["checkout_user"] == 3
    emulator.change(checkout_user_type="string")
    assert call("GET", f"/documents/{locked}").json()["checkout_user"] == "3"
    assert call("GET", f"/documents/{free}").json()["checkout_user"] == ""


def test_retry_after_may_come_with_success(emulator, call):
    assert "Retry-After" not in call("GET", "/groups").headers
    emulator.change(retry_after_on_success=2)
    assert call("GET", "/groups").headers["Retry-After"] == "2"
    assert "Retry-After" not in call("GET", "/groups/77").headers


def test_429_may_come_for_no_reason(emulator, call):
    emulator.change(spurious_429=3)
    got = [call("GET", "/groups") for _ in range(6)]
    assert sorted(answer.status_code for answer in got) == [200] * 4 + [429] * 2
    assert {answer.headers.get("Retry-After") for answer in got} == {None, "1"}


@pytest.mark.parametrize("status", [401, 403])
def test_the_account_may_be_no_admin(emulator, call, status):
    emulator.change(non_admin=status)
    assert call("GET", "/groups").status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status", "location"),
    [
        ("GET", "/documents/?page=2", 301, "/documents?page=2"),
        ("GET", "/users", 301, "/users/"),
        ("POST", "/search", 308, "/search/"),
        ("GET", "/users/", 200, None),
        ("GET", "/documents", 200, None),
    ],
)
def test_the_other_slash_form_may_redirect(emulator, call, method, path, status, location):
    emulator.change(slash="redirect")
    answer = call(method, path)
    assert answer.status_code == status
    assert answer.headers.get("Location") == (location and f"{emulator.url}/api/v2{location}")


@pytest.mark.parametrize(
    ("text", "kind"), [("Sorry!", "text/plain"), ('{"error": 1}', "application/json"), ("", "text/plain")]
)
def test_the_error_body_can_be_chosen(emulator, call, text, kind):
    emulator.change(error_body=text)
    answer = call("GET", "/documents/1")
    assert answer.text == text
    assert answer.headers["Content-Type"].startswith(kind)


def test_search_may_lag_behind(emulator, call, clock):
    emulator.change(search_lag=30)
    before = emulator.truth("documents")
    emulator.account.edit_document(before[0]["id"], name="Renamed")
    emulator.account.edit_document(before[0]["id"], name="Renamed again")
    emulator.account.delete_document(before[1]["id"])
    emulator.account.add_document("Added")

    def found():
        return [{**row, "content": ""} for row in search(call, per_page=100).json()["items"]]

    assert found() == [{**row, "content": ""} for row in before]
    clock.time += 31
    assert found() == [{**row, "content": ""} for row in emulator.truth("documents")]


class TestBudgets:
    @pytest.mark.parametrize(
        ("plan", "reads", "updates", "folders"), [("business", 50, 10, 10), ("enterprise", 250, 20, 100)]
    )
    def test_each_group_and_operation_has_its_own(self, emulator, call, plan, reads, updates, folders):
        emulator.change(plan=plan)
        number = emulator.truth("documents")[0]["id"]

        def allowed(*calls):
            before = emulator.count(status=429)
            for _ in range(-(-251 // len(calls))):
                for method, path, body in calls:
                    call(method, path, json=body)
            served = emulator.count() - emulator.count(status=429)
            assert emulator.count(status=429) > before
            emulator.reset_log()
            return served

        assert allowed(("GET", f"/documents/{number}", None), ("GET", "/documents", None)) == reads
        assert allowed(("PUT", f"/documents/{number}", {})) == updates
        assert allowed(("POST", "/documents", {})) == updates
        assert allowed(("GET", "/folders/0", None)) == reads
        assert allowed(("POST", "/folders", {"title": "x"})) == folders
        assert allowed(("POST", "/search", {"resource": "taxonomies"})) == reads
        assert allowed(("GET", "/groups", None)) == reads

    def test_without_a_plan_there_is_none(self, emulator, call):
        assert {call("GET", "/groups").status_code for _ in range(260)} == {200}
        assert emulator.count(status=429) == 0

    @pytest.mark.parametrize(("window", "wait"), [("fixed", 5), ("sliding", 55)])
    def test_retry_after_says_when_there_is_room_again(self, emulator, call, clock, window, wait):
        emulator.change(plan="business", window=window)
        clock.time -= clock.time % 60
        clock.time += 50
        for _ in range(50):
            assert call("GET", "/groups").status_code == 200
        clock.time += 5
        refused = call("GET", "/groups")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, str(wait))
        clock.time += wait - 0.5
        assert call("GET", "/groups").status_code == 429
        clock.time += 0.5
        assert call("GET", "/groups").status_code == 200

    def test_the_window_can_be_short(self, emulator, call, clock):
        emulator.change(plan="business", window="sliding", window_seconds="0.5")
        assert [call("GET", "/groups").status_code for _ in range(51)][-1] == 429
        clock.time += 0.5
        assert call("GET", "/groups").status_code == 200

    def test_what_is_refused_for_credentials_spends_nothing(self, emulator, call):
        emulator.change(plan="business")
        for _ in range(60):
            requests.get(f"{emulator.url}/api/v2/groups", timeout=20)
        assert call("GET", "/groups").status_code == 200


class TestEdits:
    def test_an_edit_moves_modified_at_to_now_and_always_on(self, emulator, clock):
        number = emulator.truth("documents")[4]["id"]
        first = emulator.account.edit_document(number, content="<section/>")
        assert first["modified_at"] == clock.time
        assert emulator.account.edit_document(number, name="x")["modified_at"] == clock.time + 1

    def test_what_is_added_has_content_and_is_found(self, emulator, call):
        made = emulator.account.add_document("Safety & <care>", parent=0)
        assert "Safety &amp; &lt;care&gt;" in call("GET", f"/documents/{made['id']}").json()["content"]

    def test_the_truth_is_a_copy(self, emulator):
        emulator.truth("documents")[0]["taxonomies"].append("spoiled")
        assert "spoiled" not in emulator.truth("documents")[0]["taxonomies"]

    def test_unknown_ids_are_an_error(self, emulator):
        with pytest.raises(InputError, match="holds no 1"):
            emulator.account.edit_document(1, name="x")


class TestSwitches:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"scope": "some"}, {"search": 500}, {"search": True}, {"search_content": 1}, {"search_lag": -1},
            {"default_per_page": 0}, {"max_per_page": "many"}, {"window_seconds": float("nan")}, {"window_seconds": 0},
            {"spurious_429": 1.5}, {"retry_after_on_success": True}, {"non_admin": 404}, {"error_body": 3},
            {"plan": None},
        ],
        ids=str,
    )  # fmt: skip
    def test_a_wrong_value_is_refused_by_name(self, wrong):
        with pytest.raises(InputError, match=next(iter(wrong))):
            Switches(**wrong)

    def test_text_is_understood(self):
        given = {
            "search": "404",
            "search_content": "true",
            "non_admin": "403",
            "window_seconds": "2",
            "spurious_429": "3",
        }
        assert Switches().changed(given) == Switches(
            search=404, search_content=True, non_admin=403, window_seconds=2.0, spurious_429=3
        )
        back = {"search": "on", "search_content": "false", "non_admin": "none", "retry_after_on_success": "none"}
        assert Switches(search=422, non_admin=401, retry_after_on_success=1).changed(back) == Switches()

    def test_an_unknown_name_is_refused_with_the_known_ones(self):
        with pytest.raises(InputError, match="speed") as caught:
            Switches().changed({"speed": 1})
        assert "window_seconds" in caught.value.next_step

    def test_each_is_explained(self):
        rows = Switches.explain()
        assert len(rows) == len(vars(Switches()))
        assert all(says for _, _, says in rows)
        assert ("search", "on | 404 | 422") in [row[:2] for row in rows]


def test_counts_of_an_account_have_to_make_sense():
    with pytest.raises(InputError):
        Account.generate(documents=1, publications=2)
    assert Account.generate(documents=0, folders=0, publications=0).truth("documents") == []
