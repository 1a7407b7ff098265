"""Jobs on the emulator: how they run, how they end, where their results are, and what the archives hold."""

from __future__ import annotations

import io
import stat
import warnings
import zipfile
import zlib

import pytest
import requests

from connectors.paligo.emulator import API_KEY, USERNAME, Account, Emulator
from connectors.paligo.emulator.archives import ARCHIVES

TABLES = ("productions", "imports", "translationexports", "translationimports")


@pytest.fixture
def emulator():
    with Emulator(Account.generate(documents=30, publish_settings=4)) as running:
        yield running


@pytest.fixture
def call(emulator):
    with requests.Session() as session:
        session.trust_env = False
        session.auth = (USERNAME, API_KEY)

        def send(method, path, **options):
            address = path if path.startswith("http") else f"{emulator.url}/api/v2{path}"
            return session.request(method, address, allow_redirects=False, timeout=20, **options)

        yield send


def zipped(*names):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return target.getvalue()


@pytest.fixture
def start(call, emulator):
    def send(table, **more):
        document = emulator.truth("documents")[5]["id"]
        options = {
            "productions": {"json": {"publishsetting": emulator.truth("publishsettings")[0]["id"], **more}},
            "imports": {"files": {"archive": ("a.zip", zipped("a.xml", "b/c.html", "d.png"))}, "data": more},
            "translationexports": {
                "json": {
                    "document": document,
                    "source": "en",
                    "target": ["sv"],
                    "format": "xliff",
                    "force": True,
                    **more,
                }
            },
            "translationimports": {"files": {"translation": ("a.po", b"x")}, "data": {"force": "true", **more}},
        }
        return call("POST", f"/{table}/", **options[table])

    return send


@pytest.fixture
def poll(call):
    def send(table, key, times=10):
        states = [call("GET", f"/{table}/{key}").json() for _ in range(times)]
        return [state["status"] for state in states], states[-1]

    return send


@pytest.mark.parametrize("table", TABLES)
class TestEveryJob:
    def test_it_runs_over_some_polls_and_is_done(self, emulator, call, start, poll, table):
        answer = start(table)
        assert answer.status_code == (201 if table == "imports" else 200)
        job = answer.json()
        assert job["status"] == "running"
        assert isinstance(job["id"], str)
        assert poll(table, job["id"], 4)[0] == ["running", "running", "done", "done"]
        assert emulator.truth(table, emulator.url) == [call("GET", f"/{table}/{job['id']}").json()]

    def test_a_list_moves_nothing(self, call, start, table):
        job = start(table).json()
        assert [call("GET", f"/{table}/").json()[table] for _ in range(5)] == [[job]] * 5

    @pytest.mark.parametrize("polls", [0, 1, 5])
    def test_the_polls_can_be_chosen(self, emulator, start, poll, table, polls):
        emulator.change(polls=polls)
        assert poll(table, start(table).json()["id"], polls + 1)[0] == ["running"] * polls + ["done"]

    @pytest.mark.parametrize(
        ("end", "status"),
        [("cancelled", "cancelled"), ("failed", "failed"), ("never", "running"), ("done_without_url", "done")],
    )
    def test_its_end_can_be_chosen(self, emulator, start, poll, table, end, status):
        emulator.change(job_end=end)
        states, last = poll(table, start(table).json()["id"])
        assert states == ["running"] * 2 + [status] * 8
        assert last.get("url", "") == ""

    def test_it_may_be_pending_first(self, emulator, start, poll, table):
        emulator.change(job_start="pending", polls=1)
        job = start(table).json()
        assert job["status"] == "pending"
        assert poll(table, job["id"], 2)[0] == ["running", "done"]

    def test_tests_may_add_edit_and_delete_one(self, emulator, call, start, table):
        key = emulator.account.add(table)["id"]
        assert set(emulator.truth(table)[0]) == set(start(table).json())
        emulator.account.edit(table, key, status="done", message="Sent by mail.")
        assert call("GET", f"/{table}/{key}").json()["message"] == "Sent by mail."
        emulator.account.delete(table, key)
        assert call("GET", f"/{table}/{key}").status_code == 404


class TestProductions:
    def test_steps_rise_to_the_total_or_beyond(self, emulator, start, poll):
        assert poll("productions", start("productions").json()["id"])[1]["steps"] == {"total": 20, "count": 20}
        emulator.change(steps="over")
        assert poll("productions", start("productions").json()["id"])[1]["steps"] == {"total": 20, "count": 21}
        emulator.change(steps="missing")
        assert "steps" not in start("productions").json()

    def test_the_log_is_text_or_not_there(self, emulator, call, start):
        job = start("productions").json()
        log = call("GET", job["log_url"])
        assert job["id"] in log.text
        assert log.headers["Content-Type"].startswith("text/plain")
        assert call("GET", job["log_url"].replace("/production.", "/production.9")).status_code == 404
        emulator.change(log_url="missing")
        assert "log_url" not in start("productions").json()

    @pytest.mark.parametrize(
        ("form", "address"),
        [
            ("api", "{url}/api/v2/outputs/{name}"), ("file", "{url}/{name}"), ("relative", "/api/v2/outputs/{name}"),
            ("elsewhere", "https://elsewhere.example/{name}"),
        ],
    )  # fmt: skip
    def test_the_address_of_the_result_can_be_chosen(self, emulator, call, start, poll, form, address):
        emulator.change(url_form=form)
        key = start("productions").json()["id"]
        url = poll("productions", key)[1]["url"]
        name = url.rpartition("/")[2]
        assert url == address.format(url=emulator.url, name=name)
        if form != "elsewhere":
            answer = call("GET", url if form != "relative" else url.removeprefix("/api/v2"))
            assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")

    def test_there_is_no_output_before_the_end(self, emulator, call, start):
        start("productions")
        name = next(iter(emulator.account.tables["productions"].values()))["name"]
        assert call("GET", f"/outputs/{name}").status_code == 404
        assert call("GET", f"{emulator.url}/{name}").status_code == 404

    @pytest.mark.parametrize("body", [{}, {"publishsetting": 1}, {"publishsetting": "publishsetting.1-2"}])
    def test_a_wrong_setting_is_422(self, call, body):
        assert call("POST", "/productions/", json=body).status_code == 422

    def test_the_publication_is_part_of_the_setting(self, start):
        assert start("productions", document=1).status_code == 422

    @pytest.mark.parametrize(
        ("n", "names"),
        [
            (0, {"out/css/style.css", "out/en/index-en.html", "out/sv/index-sv.html", "out/transformation.log"}),
            (1, {"out/Guide_2-en.pdf", "out/transformation.log"}),
            (2, {"out/image/figure.png", "out/publication-{}--en.xml", "out/publication-{}--sv.xml"}),
        ],
    )
    def test_the_archive_has_one_top_folder_and_out_in_it(self, emulator, call, start, poll, n, names):
        setting = emulator.truth("publishsettings")[n]
        url = poll("productions", start("productions", publishsetting=str(setting["id"])).json()["id"])[1]["url"]
        content = call("GET", url).content
        found = zipfile.ZipFile(io.BytesIO(content)).namelist()
        assert {f"pub/{name.format(setting['resource'])}" for name in names} <= set(found)
        assert call("GET", url).content == content

    def test_outputs_have_a_budget_of_their_own(self, emulator, call, start, poll):
        url = poll("productions", start("productions").json()["id"])[1]["url"]
        emulator.change(plan="business")
        assert [call("GET", url).status_code for _ in range(11)] == [200] * 10 + [429]
        assert [start("productions").status_code for _ in range(2)] == [200, 429]


class TestImports:
    def test_counters_are_texts_and_pages_become_documents(self, emulator, start, poll):
        folder = emulator.truth("folders")[0]["id"]
        job = start("imports", parent=str(folder), title_prefix="New ").json()
        assert (job["steps"], job["user"]) == ({"total": "2", "count": "0"}, 2)
        assert "url" not in job
        assert poll("imports", job["id"])[1]["steps"] == {"total": "2", "count": "2"}
        made = [row for row in emulator.truth("documents") if row["name"] in ("New a", "New c")]
        assert [row["parent_resource"] for row in made] == [folder, folder]

    @pytest.mark.parametrize("end", ["failed", "cancelled"])
    def test_where_it_fails_nothing_is_made(self, emulator, start, poll, end):
        emulator.change(job_end=end)
        poll("imports", start("imports").json()["id"])
        assert len(emulator.truth("documents")) == 30

    @pytest.mark.parametrize(
        "options",
        [
            {"files": {"archive": ("a.zip", b"no zip")}}, {"files": {"image": ("a.zip", zipped())}},
            {"files": {"archive": ("a.zip", zipped())}, "data": {"type": "word"}},
            {"files": {"archive": ("a.zip", zipped())}, "data": {"match_components": "perhaps"}}, {"json": {}},
        ],
        ids=str,
    )  # fmt: skip
    def test_another_form_is_422(self, call, options):
        assert call("POST", "/imports/", **options).status_code == 422


class TestTranslations:
    def test_without_force_the_document_is_to_be_in_translation(self, emulator, start):
        document = emulator.truth("documents")[5]["id"]
        assert start("translationexports", force=False).status_code == 422
        assert start("translationimports", document=document, force="false").status_code == 422
        emulator.account.edit_document(document, release_status="In translation")
        assert start("translationexports", force=False).status_code == 200
        assert start("translationimports", document=document, force="false").status_code == 200

    def test_several_documents_only_as_xliff(self, emulator, start):
        documents = [row["id"] for row in emulator.truth("documents")[5:7]]
        assert start("translationexports", document=documents, format="po").status_code == 422
        assert start("translationexports", document=documents).status_code == 200

    def test_the_package_holds_a_file_for_each_document_and_language(self, emulator, call, start, poll):
        document = emulator.truth("documents")[5]["id"]
        done = poll("translationexports", start("translationexports", target=["sv", "de"]).json()["id"])[1]
        found = zipfile.ZipFile(io.BytesIO(call("GET", done["url"]).content))
        assert found.namelist() == [f"{document}-de.xlf", f"{document}-sv.xlf"]

    @pytest.mark.parametrize("change", [{"target": "sv"}, {"target": []}, {"format": "docx"}, {"document": []}])
    def test_what_does_not_fit_is_422(self, start, change):
        assert start("translationexports", **change).status_code == 422

    def test_another_kind_of_file_is_422(self, call):
        assert call("POST", "/translationimports/", files={"translation": ("a.doc", b"x")}).status_code == 422


class TestArchives:
    @pytest.fixture
    def archive(self, emulator, call, start, poll):
        def read(kind):
            emulator.change(zip_kind=kind)
            return call("GET", poll("productions", start("productions").json()["id"])[1]["url"]).content

        return read

    @pytest.mark.parametrize(
        ("kind", "name"),
        [("traversal", "pub/out/../../../escaped.txt"), ("absolute", "/tmp/escaped.txt"), ("drive", "C:\\escaped.txt")],
    )
    def test_a_name_leads_outside(self, archive, kind, name):
        assert name in zipfile.ZipFile(io.BytesIO(archive(kind))).namelist()

    def test_a_link_is_written_through(self, archive):
        found = zipfile.ZipFile(io.BytesIO(archive("symlink")))
        link = next(info for info in found.infolist() if stat.S_ISLNK(info.external_attr >> 16))
        assert f"{link.filename}/passwd" in found.namelist()

    def test_a_name_comes_twice(self, archive):
        with warnings.catch_warnings(action="ignore"):
            names = zipfile.ZipFile(io.BytesIO(archive("duplicate"))).namelist()
        assert len(names) == len(set(names)) + 1

    def test_a_bomb_grows_a_thousandfold(self, archive):
        content = archive("bomb")
        infos = zipfile.ZipFile(io.BytesIO(content)).infolist()
        assert sum(info.file_size for info in infos) > 500 * len(content)

    @pytest.mark.parametrize("kind", ["truncated", "not_a_zip"])
    def test_it_cannot_be_opened(self, archive, kind):
        with pytest.raises(zipfile.BadZipFile):
            zipfile.ZipFile(io.BytesIO(archive(kind)))

    def test_it_cannot_be_read_without_a_password(self, archive):
        with pytest.raises(RuntimeError, match="password"):
            zipfile.ZipFile(io.BytesIO(archive("encrypted"))).read("pub/out/transformation.log")

    def test_a_bit_is_wrong(self, archive):
        with pytest.raises((zipfile.BadZipFile, zlib.error)):
            zipfile.ZipFile(io.BytesIO(archive("corrupt"))).read("pub/out/a.bin")

    def test_every_kind_is_tested_here(self):
        assert set(ARCHIVES) == {
            "good", "traversal", "absolute", "drive", "symlink", "duplicate", "bomb", "truncated", "corrupt",
            "encrypted", "not_a_zip",
        }  # fmt: skip
