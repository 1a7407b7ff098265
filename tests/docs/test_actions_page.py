from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

PAGE = "docs/actions.md"
DEFINITION = """
helpdesk:
  display_name: Help Desk
  auth_mode: NONE
  docs: https://docs.helpdesk.example
  proxy: {base_url: URL}
"""


class Exporting(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Desk

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.calls.append(f"{self.command} {self.path}")
        content = self.server.answer(self.path)
        self.send_response(200)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer  # noqa: N815

    def log_message(self, *_: Any) -> None: ...


class Desk(ThreadingHTTPServer):
    daemon_threads = True
    state = "done"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Exporting)
        self.calls: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, path: str) -> bytes:
        if path != "/files/1":
            return json.dumps({"id": 1, "state": self.state, "percent": 100, "url": f"{self.url}/files/1"}).encode()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("html/1.html", "<p>One</p>")
            archive.writestr("html/2.html", "<p>Two</p>")
        return packed.getvalue()


@pytest.fixture
def desk(clean_environment, tmp_path, page) -> Iterator[Desk]:
    clean_environment.setenv("CONNECTORS_ALLOW_PRIVATE_HOSTS", "on")
    clean_environment.setenv("CONNECTORS_PATH", str(tmp_path / "helpdesk"))
    with Desk() as server:
        for name, text in page(PAGE).files():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        (tmp_path / "helpdesk" / "providers.yaml").write_text(DEFINITION.replace("URL", server.url))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_commands_and_the_snippet_of_the_page_do_what_it_says(desk, page, typed, tmp_path):
    typed(["connectors", "connect", "helpdesk", "--id", "acme"], tmp_path)
    listing, command = page(PAGE).commands("connectors")
    assert "export-articles" in typed(listing, tmp_path).stdout
    assert "2 files (20 bytes)" in typed(command, tmp_path).stdout
    assert (tmp_path / "out" / "html" / "2.html").read_text() == "<p>Two</p>"
    assert desk.calls == ["POST /exports", "GET /exports/1", "GET /files/1"]
    shown = typed(["python", "-c", page(PAGE).blocks("python")[0]], tmp_path).stdout
    assert shown.splitlines() == ["2", "html/1.html 10", "html/2.html 10"]


def test_the_example_fails_as_the_page_says(desk, page, typed, tmp_path):
    typed(["connectors", "connect", "helpdesk", "--id", "acme"], tmp_path)
    desk.state = "cancelled"
    done = typed(page(PAGE).commands("connectors")[1], tmp_path, fails=True)
    assert done.returncode == 1
    assert "error [job_failed]" in done.stderr
    assert "had changed something: POST /exports" in done.stderr
    bad = [*page(PAGE).commands("connectors action ")[0][:5], "--set", "format=docx", "--json"]
    refused = json.loads(typed(bad, tmp_path, fails=True).stdout)["error"]
    assert (refused["code"], len(refused["problems"])) == ("invalid_action_input", 1)


def test_every_member_of_a_call_is_on_the_page(page):
    from connectors.authoring import Call

    members = {name for name in vars(Call) if not name.startswith("_")}
    text = page(PAGE).text
    assert {name for name in members if f"call.{name}" not in text and f"`{name}`" not in text} == set()
