from __future__ import annotations

import json
import time
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from connectors import (
    ActionError,
    BudgetExhausted,
    ConnectionLost,
    ForbiddenError,
    HostRefused,
    InvalidInput,
    JobFailed,
    JobNeverEnded,
    NotFoundError,
    OutcomeUnknown,
    RejectedError,
    UnexpectedAnswer,
    UnsafeArchive,
)
from connectors.engine.invoke import invoke
from connectors.paligo.emulator import API_KEY
from connectors.paligo.emulator.archives import ARCHIVES

PATH = "/api/v2/productions/"
DAMAGED = ["corrupt", "not_a_zip", "truncated"]
ATTACKS = sorted(set(ARCHIVES) - {"good", *DAMAGED})


@pytest.fixture
def setting(actor):
    """A publish setting for HTML."""
    return next(row["id"] for row in actor.emulator.truth("publishsettings") if row["format"] == "html5")


def _job(actor):
    return actor.emulator.account.rows("productions")[-1]["id"]


def test_a_setting_becomes_files(actor, setting):
    result = actor.call("publish", publishsetting=setting)
    assert result.output["production"]["status"] == "done"
    assert result.output["resumed"] is False
    assert [file["name"] for file in result.output["files"]] == [
        "pub/out/css/style.css",
        "pub/out/en/index-en.html",
        "pub/out/sv/index-sv.html",
        "pub/out/transformation.log",
    ]
    assert [file.to_dict() for file in result.files] == result.output["files"]
    assert actor.content_of(result.output["files"][1]).startswith(b"<!DOCTYPE html><title>Guide 1")
    assert len(actor.kept()) == 4


@pytest.mark.parametrize("wrong", ["x", "0", "12.", "-1", "12-a", 0, True])
def test_a_setting_is_an_id_or_uuid(actor, wrong):
    with pytest.raises(InvalidInput, match=r"\$\.publishsetting: expected an id or UUID"):
        actor.do("publish", publishsetting=wrong)
    assert actor.emulator.log == []


def test_a_refused_body_is_to_be_compared_with_the_input(actor):
    with pytest.raises(RejectedError, match="422") as caught:
        actor.do("publish", publishsetting=999_999)
    assert "the input of publish" in caught.value.next_step


@pytest.mark.parametrize("kind", ["number", "text"])
def test_a_setting_is_named_by_number_or_text(actor, setting, kind):
    output = actor.do("publish", publishsetting=setting if kind == "number" else str(setting))
    assert output["production"]["status"] == "done"


def test_the_archive_itself_can_be_taken(actor, setting):
    output = actor.do("publish", publishsetting=setting, unpack=False)
    assert [file["name"].endswith(".zip") for file in output["files"]] == [True]
    with zipfile.ZipFile(BytesIO(actor.content_of(output["files"][0]))) as archive:
        assert "pub/out/en/index-en.html" in archive.namelist()


@pytest.mark.parametrize("form", ["api", "file", "relative"])
def test_the_result_is_fetched_wherever_on_the_host_it_lies(actor, setting, form):
    actor.emulator.change(url_form=form)
    assert len(actor.do("publish", publishsetting=setting)["files"]) == 4


def test_a_result_on_another_host_is_not_fetched(actor, setting):
    actor.emulator.change(url_form="elsewhere")
    with pytest.raises(HostRefused):
        actor.do("publish", publishsetting=setting)
    assert actor.kept() == []


@pytest.mark.parametrize("start", ["running", "pending"])
@pytest.mark.parametrize("steps", ["exact", "over", "missing"])
def test_progress_is_told_and_never_passes_its_whole(actor, setting, start, steps):
    actor.emulator.change(job_start=start, steps=steps, polls=3)

    class Told:
        def __init__(self):
            self.lines = []

        def update(self, done, of, message):
            self.lines.append((done, of, message))

        def waiting(self, waiting):
            """Not looked at."""

    told = Told()
    invoke(actor.host, "dev", "acme", "publish", {"publishsetting": setting}, progress=told)
    assert len(told.lines) == 4
    assert all(of is None or done <= of for done, of, _ in told.lines)
    assert told.lines[-1][2] == "Done."
    assert all((of is None) == (steps == "missing") for _, of, _ in told.lines)


def test_it_is_looked_at_every_five_seconds(actor, setting):
    actor.emulator.change(polls=10)
    actor.do("publish", publishsetting=setting)
    assert actor.clock.slept == [5.0] * 10
    assert len(actor.sent("GET", PATH)) == 11


@pytest.mark.parametrize("end", ["cancelled", "failed"])
def test_a_job_that_ends_badly_is_an_error_with_its_log(actor, setting, end):
    actor.emulator.change(job_end=end)
    with pytest.raises(JobFailed, match=f"ended as {end}") as caught:
        actor.do("publish", publishsetting=setting)
    assert caught.value.state == end
    assert caught.value.job == _job(actor)
    assert str(caught.value.log).startswith(f"{_job(actor)}: {end}")
    assert caught.value.changed == (f"POST {PATH}",)
    assert actor.kept() == []


def test_a_done_job_without_an_address_is_an_error(actor, setting):
    actor.emulator.change(job_end="done_without_url")
    with pytest.raises(JobFailed, match="no address to fetch it from") as caught:
        actor.do("publish", publishsetting=setting)
    assert (caught.value.state, bool(caught.value.log)) == ("done", True)


@pytest.mark.parametrize("missing", ["switched off", "404", "html"])
def test_without_a_log_the_error_is_the_jobs_own(actor, setting, missing):
    actor.emulator.change(job_end="failed", log_url="missing" if missing == "switched off" else "present")
    if missing == "404":
        actor.emulator.fault("status", "GET", "/production.", status=404, times=None)
    if missing == "html":
        actor.emulator.fault("reset", "GET", "/production.", times=None)
    with pytest.raises(JobFailed, match="ended as failed") as caught:
        actor.do("publish", publishsetting=setting)
    assert caught.value.log is None


def test_a_secret_in_a_jobs_message_is_not_told(actor, setting):
    body = f'{{"id": "production.1-1", "status": "failed", "message": "key {API_KEY}", "url": ""}}'
    actor.emulator.fault("status", "GET", PATH, status=200, body=body)
    with pytest.raises(JobFailed, match=r"key \[secret\]") as caught:
        actor.do("publish", publishsetting=setting)
    assert API_KEY not in str(caught.value.to_dict())


def test_a_job_that_never_ends_is_given_up_at_the_ceiling(actor, setting):
    actor.emulator.change(job_end="never")
    with pytest.raises(JobNeverEnded, match="within 60 seconds") as caught:
        actor.do("publish", publishsetting=setting, at_most=60)
    assert sum(actor.clock.slept) == 60
    assert caught.value.last["status"] == "running"
    assert caught.value.log


def test_the_ceiling_is_half_an_hour_if_none_is_given(actor, setting):
    actor.emulator.change(job_end="never")
    with pytest.raises(JobNeverEnded):
        actor.do("publish", publishsetting=setting)
    assert sum(actor.clock.slept) == 1800


def test_another_call_goes_on_with_a_job_that_was_given_up(actor, setting):
    actor.emulator.change(job_end="never")
    with pytest.raises(JobNeverEnded):
        actor.do("publish", publishsetting=setting, at_most=10)
    job = _job(actor)
    actor.emulator.change(job_end="done")
    output = actor.do("publish", publishsetting=setting)
    assert (output["resumed"], output["production"]["id"]) == (True, job)
    assert len(output["files"]) == 4
    assert actor.sent("POST") == []


def test_a_call_that_was_killed_is_gone_on_with(actor, setting):
    class Killed(BaseException):
        pass

    class Progress:
        def update(self, done, of, message):
            raise Killed

        def waiting(self, waiting):
            """Not looked at."""

    with pytest.raises(Killed):
        invoke(actor.host, "dev", "acme", "publish", {"publishsetting": setting}, progress=Progress())
    output = actor.do("publish", publishsetting=setting)
    assert (output["resumed"], output["production"]["id"]) == (True, _job(actor))
    assert len(actor.emulator.account.rows("productions")) == 1


def test_what_was_fetched_is_not_fetched_again(actor, setting):
    first, second = (actor.do("publish", publishsetting=setting) for _ in range(2))
    assert second["resumed"] is False
    assert first["production"]["id"] != second["production"]["id"]


def test_each_setting_has_its_own_job(actor):
    one, two = (row["id"] for row in actor.emulator.truth("publishsettings"))
    actor.do("publish", publishsetting=one, wait=False)
    assert actor.do("publish", publishsetting=two)["resumed"] is False
    assert actor.do("publish", publishsetting=one)["resumed"] is True


def test_a_job_is_started_without_waiting_and_fetched_later(actor, setting):
    output = actor.do("publish", publishsetting=setting, wait=False)
    assert (output["files"], output["production"]["status"]) == ([], "running")
    assert actor.clock.slept == []
    again = actor.do("publish", publishsetting=setting, wait=False)
    assert (again["resumed"], again["production"]["id"]) == (True, output["production"]["id"])
    assert len(actor.do("publish", publishsetting=setting)["files"]) == 4


def test_a_fresh_one_leaves_the_old_one_alone(actor, setting):
    old = actor.do("publish", publishsetting=setting, wait=False)["production"]["id"]
    output = actor.do("publish", publishsetting=setting, fresh=True)
    assert output["resumed"] is False
    assert output["production"]["id"] != old


@pytest.mark.parametrize("end", ["cancelled", "failed", "done_without_url"])
def test_a_job_that_ended_badly_while_nobody_looked_is_started_anew(actor, setting, end):
    actor.do("publish", publishsetting=setting, wait=False)
    actor.emulator.account.edit("productions", _job(actor), status=end.partition("_")[0])
    assert actor.do("publish", publishsetting=setting)["resumed"] is False


def test_a_job_that_paligo_forgot_is_started_anew(actor, setting):
    actor.do("publish", publishsetting=setting, wait=False)
    actor.emulator.account.delete("productions", _job(actor))
    assert actor.do("publish", publishsetting=setting)["resumed"] is False


def test_a_result_that_nobody_fetched_for_an_hour_is_out_of_date(actor, setting, monkeypatch):
    actor.do("publish", publishsetting=setting, wait=False)
    _end(actor, setting)
    later = time.time() + 3601
    monkeypatch.setattr("connectors.paligo.actions.jobs.time.time", lambda: later)
    assert actor.do("publish", publishsetting=setting)["resumed"] is False


@pytest.mark.parametrize(("hours", "resumed"), [(23, True), (25, False)])
def test_a_result_that_ended_unseen_is_out_of_date_after_a_day(actor, setting, monkeypatch, hours, resumed):
    actor.do("publish", publishsetting=setting, wait=False)
    actor.emulator.account.edit("productions", _job(actor), polls=99)  # the next look sees its end
    later = time.time() + hours * 3600
    monkeypatch.setattr("connectors.paligo.actions.jobs.time.time", lambda: later)
    assert actor.do("publish", publishsetting=setting)["resumed"] is resumed


def test_the_hour_counts_from_when_the_end_was_seen(actor, setting, monkeypatch):
    began = time.time()
    actor.do("publish", publishsetting=setting, wait=False)
    monkeypatch.setattr("connectors.paligo.actions.jobs.time.time", lambda: began + 7200)
    _end(actor, setting)
    monkeypatch.setattr("connectors.paligo.actions.jobs.time.time", lambda: began + 7200 + 3500)
    output = actor.do("publish", publishsetting=setting)
    assert (output["resumed"], len(output["files"])) == (True, 4)


def _end(actor, setting):
    """A call sees the job's end, but does not get what came out."""
    actor.emulator.fault("status", "GET", "/api/v2/outputs/", status=403)
    with pytest.raises(ForbiddenError):
        actor.do("publish", publishsetting=setting)
    actor.emulator.clear_faults()


def test_a_download_that_breaks_off_is_fetched_by_the_next_call(actor, setting):
    actor.emulator.fault("truncated", "GET", "/api/v2/outputs/", times=None)
    with pytest.raises((ConnectionLost, ActionError)):
        actor.do("publish", publishsetting=setting)
    assert actor.kept() == []
    actor.emulator.clear_faults()
    output = actor.do("publish", publishsetting=setting)
    assert (output["resumed"], len(output["files"])) == (True, 4)


def test_a_result_that_is_not_there_any_more_is_made_anew_by_the_next_call(actor, setting):
    actor.emulator.fault("status", "GET", "/api/v2/outputs/", status=404)
    with pytest.raises(NotFoundError):
        actor.do("publish", publishsetting=setting)
    assert actor.do("publish", publishsetting=setting)["resumed"] is False


def test_a_second_start_in_a_minute_waits_for_nothing_and_says_how_long(actor):
    actor.host.connections.set_metadata("dev", "acme", {"plan": "business"})
    one, two = (row["id"] for row in actor.emulator.truth("publishsettings"))
    actor.do("publish", publishsetting=one)
    with pytest.raises(BudgetExhausted) as caught:
        actor.do("publish", publishsetting=two)
    assert 10 < caught.value.retry_after <= 60
    assert actor.emulator.log == []
    actor.clock.advance(caught.value.retry_after)
    assert len(actor.do("publish", publishsetting=two)["files"]) > 0


@pytest.mark.parametrize("kind", DAMAGED)
def test_what_gave_a_damaged_archive_is_published_anew(actor, setting, kind):
    actor.emulator.change(zip_kind=kind)
    with pytest.raises(UnsafeArchive) as caught:
        actor.do("publish", publishsetting=setting)
    assert "publishes anew" in caught.value.next_step
    actor.emulator.change(zip_kind="good")
    output = actor.do("publish", publishsetting=setting)
    assert (output["resumed"], len(output["files"])) == (False, 4)


@pytest.mark.parametrize("kind", [*ATTACKS, *DAMAGED])
def test_nothing_of_an_unsafe_archive_is_written(actor, setting, kind, tmp_path):
    before = _outside(tmp_path)
    actor.emulator.change(zip_kind=kind)
    with pytest.raises(UnsafeArchive) as caught:
        actor.do("publish", publishsetting=setting)
    assert ("unpack: false" in caught.value.next_step) == (kind in ATTACKS)
    assert actor.kept() == []
    assert _outside(tmp_path) == before
    assert not Path("/tmp/escaped.txt").exists()


@pytest.mark.parametrize("kind", ATTACKS)
def test_an_archive_that_is_not_unpacked_can_still_be_had(actor, setting, kind):
    actor.emulator.change(zip_kind=kind)
    with pytest.raises(UnsafeArchive):
        actor.do("publish", publishsetting=setting)
    output = actor.do("publish", publishsetting=setting, unpack=False)
    assert (output["resumed"], len(output["files"])) == (True, 1)
    assert len(actor.kept()) == 1


def _outside(folder: Path) -> set[Path]:
    """Every file beside those that the store keeps for itself."""
    return {file for file in folder.rglob("*") if file.is_file() and ".db" not in file.name}


def test_a_start_whose_answer_is_lost_is_not_repeated(actor, setting):
    actor.emulator.fault("reset", "POST", PATH)
    with pytest.raises(OutcomeUnknown):
        actor.do("publish", publishsetting=setting)
    assert len(actor.sent("POST", PATH)) == 1


def test_polls_that_fail_in_between_do_not_lose_the_job(actor, setting):
    actor.emulator.fault("status", "GET", PATH, status=503, times=3)
    actor.emulator.fault("status", "GET", PATH, status=429, headers={"Retry-After": "2"}, times=2)
    assert len(actor.do("publish", publishsetting=setting)["files"]) == 4
    assert len(actor.sent("POST", PATH)) == 1


def test_a_spent_budget_is_waited_for(actor, setting):
    actor.emulator.fault("status", "POST", PATH, status=429, headers={"Retry-After": "9"})
    assert len(actor.do("publish", publishsetting=setting)["files"]) == 4
    assert 9.0 in actor.clock.slept


def test_an_unknown_setting_is_a_clear_error(actor):
    with pytest.raises(RejectedError) as caught:
        actor.do("publish", publishsetting=999_999)
    assert caught.value.status == 422
    assert actor.sent("GET") == []


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"publishsetting": 0},
        {"publishsetting": "../users"},
        {"publishsetting": None},
        {"publishsetting": 1, "at_most": 0},
        {"publishsetting": 1, "document": 2},
        {"publishsetting": 1, "wait": "no"},
    ],
)
def test_input_that_does_not_fit_is_refused_before_anything_is_sent(actor, given):
    with pytest.raises(InvalidInput):
        actor.do("publish", given)
    assert actor.emulator.log == []


@pytest.mark.parametrize("body", ["[]", '"done"', "{}", '{"id": ""}', '{"id": true}'])
def test_an_answer_that_is_no_job_says_that_something_was_started(actor, setting, body):
    actor.emulator.fault("status", "POST", PATH, status=200, body=body)
    with pytest.raises(Exception, match="had changed something") as caught:
        actor.do("publish", publishsetting=setting)
    assert caught.value.code == "unexpected_answer"


@pytest.mark.parametrize("url", ["5", '["x"]', "true"])
def test_an_address_that_is_no_text_is_none(actor, setting, url):
    actor.do("publish", publishsetting=setting, wait=False)
    body = f'{{"id": "{_job(actor)}", "status": "done", "url": {url}}}'
    for _ in range(2):
        actor.emulator.fault("status", "GET", PATH, status=200, body=body)
    with pytest.raises(JobFailed, match="no address"):
        actor.do("publish", publishsetting=setting)


def test_steps_beyond_numbers_and_a_status_beyond_words_do_no_harm(actor, setting):
    body = {"status": "x" * 100_000, "steps": {"count": "inf", "total": [1]}}
    actor.do("publish", publishsetting=setting, wait=False)
    for _ in range(2):
        actor.emulator.fault("status", "GET", PATH, status=200, body=json.dumps({"id": _job(actor), **body}))
    with pytest.raises(JobFailed) as caught:
        actor.do("publish", publishsetting=setting)
    assert len(caught.value.message) < 1000


@pytest.mark.parametrize("id_", ["x" * 100_000, "", True, None, [1]])
def test_a_production_without_a_usable_id_is_unexpected(actor, setting, id_):
    actor.emulator.fault("status", "POST", PATH, status=201, body=json.dumps({"id": id_, "status": "running"}))
    with pytest.raises(UnexpectedAnswer, match="id"):
        actor.do("publish", publishsetting=setting)
