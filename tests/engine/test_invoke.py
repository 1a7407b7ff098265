"""One call of an action: input, output, what it changed, what it remembers, and how long it waits."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from connectors.errors import (
    ActionError,
    BudgetExhausted,
    Conflict,
    DefinitionError,
    HostRefused,
    InvalidInput,
    InvalidOutput,
    InvalidUrl,
    JobNeverEnded,
    OutcomeUnknown,
    RejectedError,
    UnexpectedAnswer,
    UnknownConnection,
    UnknownFunction,
)

THING = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
    "additionalProperties": False,
}


def test_an_action_calls_the_provider_and_gives_back_its_output(desk):
    desk.routes["GET", "/things/7"] = lambda path, body: {"id": 7}

    def get_thing(call, given):
        return call.get(f"/things/{given['id']}").json()

    desk.declare(get_thing, input=THING, output=THING)
    result = desk.call("get-thing", {"id": 7})
    assert (result.output, result.files, result.requests) == ({"id": 7}, [], 1)
    assert desk.seen[0][2]["x-api-key"] == "s3cr3t-Key"


def test_every_problem_of_the_input_is_told_and_nothing_is_sent(desk):
    desk.declare(lambda call, given: call.get("/").json(), name="never", input=THING)
    with pytest.raises(InvalidInput) as caught:
        desk.call("never", {"id": "7", "name": 1, "colour": "red"})
    assert len(caught.value.problems) == 3
    assert "$.id: expected a whole number" in caught.value.message
    assert desk.seen == []


@pytest.mark.parametrize("given", [[], "x", 7, {"id": {1}}, {"id": float("nan")}])
def test_an_input_that_is_no_json_object_is_refused(desk, given):
    desk.declare(lambda call, given: {}, name="never")
    with pytest.raises(InvalidInput):
        desk.call("never", given or [0])


def test_a_secret_in_the_input_is_in_no_message(desk):
    desk.declare(lambda call, given: {}, name="never", input=THING)
    with pytest.raises(InvalidInput) as caught:
        desk.call("never", {"id": "s3cr3t-Key"})
    assert "s3cr3t" not in json.dumps(caught.value.to_dict())


def test_unknown_names_are_told_apart(desk):
    desk.declare(lambda call, given: {}, name="get-thing")
    with pytest.raises(UnknownFunction, match="get-thing"):
        desk.call("get-thingy")
    with pytest.raises(UnknownConnection):
        desk.call("get-thing", environment="nowhere")


def test_a_model_of_the_provider_can_be_an_output(desk):
    desk.declare(lambda call, given: {"id": given["id"]}, name="echo", output={"$ref": "../Thing.json"})
    (desk.folder / "schemas" / "desk" / "Thing.json").write_text(
        json.dumps({"$defs": {"id": {"type": "integer"}}, "properties": {"id": {"$ref": "#/$defs/id"}}})
    )
    assert desk.call("echo", {"id": 7}).output == {"id": 7}
    with pytest.raises(InvalidOutput, match=r"\$\.id: expected a whole number"):
        desk.call("echo", {"id": "7"})


@pytest.mark.parametrize("reference", ["../../providers.yaml", "/etc/passwd", "../../other.json", "Missing.json"])
def test_a_reference_cannot_leave_the_providers_schemas(desk, reference):
    desk.declare(lambda call, given: {}, name="echo", output={"$ref": reference})
    (desk.folder / "schemas" / "other.json").write_text("{}")
    with pytest.raises(DefinitionError):
        desk.call("echo")


def test_a_reference_to_an_address_is_never_fetched(desk):
    desk.declare(lambda call, given: {"id": 1}, name="echo", output={"$ref": f"{desk.url}/schema.json"})
    with pytest.raises(DefinitionError):
        desk.call("echo")
    assert desk.seen == []


def test_an_output_that_breaks_its_schema_names_the_place(desk):
    desk.declare(lambda call, given: {"id": "x"}, name="wrong", output=THING)
    with pytest.raises(InvalidOutput, match=r"\$\.id: expected a whole number") as caught:
        desk.call("wrong")
    assert caught.value.changed is None


def test_an_output_that_breaks_its_schema_after_a_write_says_that_it_was_written(desk):
    desk.routes["POST", "/things"] = lambda path, body: (201, {"id": "x"})
    desk.declare(lambda call, given: call.post("/things", data=given).json(), name="create-thing", output=THING)
    with pytest.raises(InvalidOutput, match="had changed something: POST /things") as caught:
        desk.call("create-thing")
    assert caught.value.to_dict()["changed"] == ["POST /things"]


@pytest.mark.parametrize("answer", [None, [1], "x", {"a": object()}])
def test_an_output_that_is_no_json_object_is_the_actions_mistake(desk, answer):
    desk.declare(lambda call, given: answer, name="odd")
    with pytest.raises(InvalidOutput):
        desk.call("odd")


def test_a_failure_after_a_write_says_what_was_changed(desk):
    desk.routes["PUT", "/things/7"] = lambda path, body: {"id": 7}

    def update(call, given):
        call.put("/things/7", data={"name": "x"})
        return call.get("/things/8").json()

    desk.declare(update)
    with pytest.raises(Exception, match="PUT /things/7") as caught:
        desk.call("update")
    assert caught.value.code == "not_found"
    assert caught.value.changed == ("PUT /things/7",)


def test_reads_and_refused_writes_change_nothing(desk):
    desk.routes["POST", "/search"] = lambda path, body: {"items": []}
    desk.routes["POST", "/things"] = lambda path, body: (422, {"error": "no"})

    def create(call, given):
        call.post("/search", reads=True)
        call.post("/things", data={"a": 1}, raise_for_status=False)
        return call.post("/things", data={"a": 1}).json()

    desk.declare(create)
    with pytest.raises(RejectedError) as caught:
        desk.call("create")
    assert "had changed" not in caught.value.message


def test_an_action_that_promised_to_read_only_cannot_write(desk):
    desk.routes["POST", "/search"] = lambda path, body: {}
    desk.declare(lambda call, given: call.post("/search", reads=True).json(), name="search", reads=True)
    desk.declare(lambda call, given: call.delete("/things/7"), name="tidy", reads=True)
    assert desk.call("search").output == {}
    desk.seen.clear()
    with pytest.raises(ActionError, match="declared to change nothing"):
        desk.call("tidy")
    assert desk.seen == []


def test_an_output_keeps_its_order(desk):
    desk.declare(lambda call, given: {"b": given, "a": (1, 2)}, name="echo")
    output = desk.call("echo", {"z": 1, "y": 2}).output
    assert (list(output), list(output["b"]), output["a"]) == (["b", "a"], ["z", "y"], [1, 2])


def test_a_write_of_unknown_outcome_passes_through_as_it_is(desk, monkeypatch):
    def lost(path, body):
        raise ConnectionResetError

    monkeypatch.setattr(desk._server, "handle_error", lambda *_: None)
    desk.routes["POST", "/things"] = lost
    desk.declare(lambda call, given: call.post("/things", data={"a": 1}).json(), name="create")
    with pytest.raises(OutcomeUnknown) as caught:
        desk.call("create")
    assert "had changed" not in caught.value.message
    assert len(desk.seen) == 1


def test_whatever_an_action_raises_comes_out_as_our_error_without_secrets(desk):
    def broken(call, given):
        raise KeyError("s3cr3t-Key")

    desk.declare(broken)
    with pytest.raises(ActionError, match="KeyError") as caught:
        desk.call("broken")
    assert "s3cr3t" not in caught.value.message


def test_memory_lasts_from_call_to_call_and_belongs_to_one_action_and_connection(desk):
    def count(call, given):
        call.memory["count"] = call.memory.get("count", 0) + 1
        return dict(call.memory)

    desk.declare(count)
    desk.declare(count, name="other")
    assert [desk.call("count").output["count"] for _ in range(3)] == [1, 2, 3]
    assert desk.call("other").output == {"count": 1}
    assert desk.call("count", environment="other").output == {"count": 1}


@pytest.mark.parametrize("end", [RuntimeError, KeyboardInterrupt])
def test_memory_is_saved_also_when_the_action_ends_badly(desk, end):
    def remember(call, given):
        if not given.get("fail"):
            return dict(call.memory)
        call.memory["list"] = [1]
        call.memory["list"].append(2)
        call.memory["gone"] = 1
        del call.memory["gone"]
        raise end

    desk.declare(remember)
    with pytest.raises((ActionError, KeyboardInterrupt)):
        desk.call("remember", {"fail": True})
    assert desk.call("remember").output == {"list": [1, 2]}


def test_memory_is_saved_at_once_and_keeps_what_another_call_set(desk):
    def outer(call, given):
        call.memory["outer"] = 1
        return {"seen": desk.host.store.memories.get("dev", desk.host.connections.get("dev", "acme").key, "outer")}

    def nested(call, given):
        if not given.get("inner"):
            desk.call("nested", {"inner": True})
            call.memory["mine"] = 1
        else:
            call.memory["inner"] = 1
        return {}

    desk.declare(outer)
    desk.declare(nested)
    assert desk.call("outer").output == {"seen": {"outer": 1}}
    desk.call("nested")
    key = desk.host.connections.get("dev", "acme").key
    assert desk.host.store.memories.get("dev", key, "nested") == {"inner": 1, "mine": 1}


@pytest.mark.parametrize("value", [object(), {1, 2}, "x" * 70_000])
def test_what_cannot_be_remembered_is_a_clear_error(desk, value):
    def remember(call, given):
        call.memory["x"] = value
        return {}

    desk.declare(remember)
    with pytest.raises(ActionError, match="remembers"):
        desk.call("remember")


def job(states):
    left = iter(states)

    def answer(path, body):
        state = next(left)
        return state if isinstance(state, tuple) else {"status": state}

    return answer


def poll(call, given):
    return call.poll("/jobs/1", until=lambda job: job["status"] == "done", **given)


def test_a_job_is_asked_for_until_it_is_done(desk):
    desk.routes["GET", "/jobs/1"] = job(["running", "running", "done"])
    desk.declare(poll)
    assert desk.call("poll", {"every": 31}).output == {"status": "done"}
    assert desk.clock.slept == [31, 31]


def test_a_job_waits_for_its_budget_as_long_as_a_sync_would(desk):
    desk.routes["GET", "/jobs/1"] = job(["running"] * 5 + ["done"])
    desk.declare(poll)
    result = desk.call("poll")
    assert result.requests == 6
    assert result.waited > 60
    assert "--metadata plan=large" in result.notes[0]


def test_a_job_that_never_ends_is_an_error_with_its_last_answer(desk):
    desk.routes["GET", "/jobs/1"] = lambda path, body: {"status": "running"}
    desk.declare(poll)
    with pytest.raises(JobNeverEnded) as caught:
        desk.call("poll", {"every": 60, "at_most": 300})
    assert caught.value.last == {"status": "running"}
    assert caught.value.code == "job_never_ended"
    assert sum(desk.clock.slept) == pytest.approx(300)


def test_a_provider_that_fails_for_a_moment_does_not_end_the_waiting(desk):
    desk.routes["GET", "/jobs/1"] = job(["running", *[(502, {})] * 4, "done"])
    desk.declare(poll)
    assert desk.call("poll").output == {"status": "done"}


def test_a_provider_that_stays_down_ends_the_waiting(desk):
    desk.routes["GET", "/jobs/1"] = lambda path, body: (502, {})
    desk.declare(poll)
    with pytest.raises(Exception, match="502"):
        desk.call("poll")


def test_a_job_that_is_no_object_is_unexpected(desk):
    desk.routes["GET", "/jobs/1"] = lambda path, body: [1]
    desk.declare(poll)
    with pytest.raises(UnexpectedAnswer):
        desk.call("poll")


def test_a_person_is_told_soon_that_the_budget_is_spent(desk):
    desk.routes["GET", "/jobs/1"] = lambda path, body: {}
    desk.declare(lambda call, given: [call.get("/jobs/1") for _ in range(3)], name="look")
    with pytest.raises(BudgetExhausted) as caught:
        desk.call("look")
    assert caught.value.retry_after > 10
    assert sum(desk.clock.slept) <= 10


def test_once_something_was_changed_calls_wait_rather_than_fail(desk):
    desk.routes["GET", "/jobs/1"] = lambda path, body: {}
    desk.routes["PUT", "/things/7"] = lambda path, body: {}

    def update(call, given):
        call.put("/things/7", data={"a": 1})
        for _ in range(3):
            call.get("/jobs/1")
        return {}

    desk.declare(update)
    assert desk.call("update").waited > 50


def test_progress_and_waits_are_told(desk):
    told = []

    class Watcher:
        def update(self, done, of, message):
            told.append((done, of, message))

        def waiting(self, waiting):
            told.append(waiting.reason)

    desk.routes["GET", "/jobs/1"] = job(["running", "running", "done"])

    def work(call, given):
        call.progress(0, 3)

        def done(job):
            return job["status"] == "done"

        call.poll("/jobs/1", until=done, progress=lambda job: call.progress(1, 3, "busy"))
        return {}

    desk.declare(work)
    desk.call("work", progress=Watcher())
    assert told[:2] == [(0, 3, None), (1, 3, "busy")]
    assert "budget" in told


def test_ctrl_c_after_a_write_tells_what_was_changed(desk):
    desk.routes["PUT", "/things/7"] = lambda path, body: {}

    def stopped(call, given):
        call.put("/things/7", data={"a": 1})
        call.give("half.txt", "x")
        raise KeyboardInterrupt

    desk.declare(stopped)
    with pytest.raises(KeyboardInterrupt) as caught:
        desk.call("stopped")
    assert "PUT /things/7" in caught.value.__notes__[0]
    assert desk.on_disk() == []


def test_a_file_is_downloaded_unpacked_given_and_sent(desk):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("pub/out/index.html", "<p>Hi</p>")
        archive.writestr("pub/out/css/main.css", "p {}")
    headers = {"content-type": "application/zip", "content-disposition": 'attachment; filename="../x y.zip"'}
    desk.routes["GET", "/outputs/1"] = lambda path, body: (200, packed.getvalue(), headers)
    desk.routes["POST", "/images"] = lambda path, body: {"size": len(body)}

    def publish(call, given):
        archive = call.download(f"{desk.url}/outputs/1?x=1")
        assert (archive.name, archive.content_type) == ("x y.zip", "application/zip")
        files = call.unpack(archive)
        assert [file.open().read() for file in files] == [b"<p>Hi</p>", b"p {}"]
        sent = call.upload("/images", files={"image": files[0]}, data={"name": "i"}).json()
        return {"files": files, "sent": sent["size"] > 0, "log": call.give("log.txt", "done")}

    desk.declare(publish)
    result = desk.call("publish")
    assert [file.name for file in result.files] == ["log.txt", "pub/out/index.html", "pub/out/css/main.css"]
    assert result.output["files"][0] == {"file": result.files[1].id, "name": "pub/out/index.html", "size": 9}
    assert result.files[1].content_type == "text/html"
    with result.files[1].open() as file:
        assert file.read() == b"<p>Hi</p>"
    assert len(desk.on_disk()) == 3, "the archive itself is not kept"
    posted = next(body for method, _, _, body in desk.seen if method == "POST")
    assert b'filename="index.html"' in posted
    assert posted.index(b'name="name"') < posted.index(b'name="image"')


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/x",
        "//evil.example/x",
        " HTTP://evil.example/x",
        "http://127.0.0.1.evil.example/x",
        "http://127.0.0.1:1/x",
        "file:///etc/passwd",
    ],
)
def test_a_download_stays_on_the_connections_host(desk, address):
    desk.declare(lambda call, given: {"file": call.download(address)}, name="fetch")
    with pytest.raises((HostRefused, InvalidUrl)):
        desk.call("fetch")
    assert (desk.seen, desk.on_disk()) == ([], [])


def test_a_file_may_lie_beside_the_base_urls_path(desk, monkeypatch):
    desk.routes["GET", "/files/a.txt"] = lambda path, body: b"here"
    desk.declare(lambda call, given: {"file": call.download(f"{desk.url}/files/a.txt")}, name="fetch")
    monkeypatch.setattr(desk, "url", f"{desk.url}/api")
    assert desk.host.catalog.get("desk").base_url.endswith("/api")
    monkeypatch.setattr(desk, "url", desk.url.removesuffix("/api"))
    assert [file.name for file in desk.call("fetch").files] == ["a.txt"]


def test_a_secret_in_what_an_action_tells_is_masked(desk):
    told = []

    class Watcher:
        def update(self, done, of, message):
            told.append(message)

        def waiting(self, waiting): ...

    def tell(call, given):
        call.progress(1, 2, "the provider says s3cr3t-Key")
        raise Conflict("no", next_step="Set s3cr3t-Key.")

    desk.declare(tell)
    with pytest.raises(Conflict) as caught:
        desk.call("tell", progress=Watcher())
    assert told == ["the provider says [secret]"]
    assert caught.value.next_step == "Set [secret]."
