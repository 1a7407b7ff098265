"""How the emulator is reached, by the plain port or under the real host name, and how it fails on request."""

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from connectors.errors import InputError
from connectors.paligo.emulator import API_KEY, INSTANCE, USERNAME, Account, Emulator, Switches
from connectors.paligo.emulator.command import run

HOST = f"https://{INSTANCE}.paligoapp.com"


@pytest.fixture
def emulator():
    with Emulator(Account.generate(documents=30)) as running:
        yield running


@pytest.fixture
def session():
    with requests.Session() as made:
        made.trust_env = False
        made.auth = (USERNAME, API_KEY)
        yield made


@pytest.fixture
def get(emulator, session):
    """A GET both ways: straight, or under the real host name."""
    session.proxies = {"https": emulator.url}
    session.verify = str(emulator.ca_file)

    def send(origin, path="/api/v2/groups", **options):
        return session.get(
            f"{origin or emulator.url}{path}", allow_redirects=False, timeout=options.pop("timeout", 20), **options
        )

    return send


class TestHost:
    def test_it_is_met_under_the_real_name_with_a_certificate_of_its_own_authority(self, get):
        page = get(HOST, "/api/v2/documents?per_page=1").json()
        assert page["next_page"] == f"{HOST}/api/v2/documents?page=2"

    def test_connections_stay_open(self, get):
        assert get(HOST).status_code == 200
        threads = threading.active_count()
        assert [get(HOST).status_code for _ in range(3)] == [200] * 3
        assert threading.active_count() == threads

    def test_its_certificate_stands_strict_checks(self, emulator):
        context = ssl.create_default_context(cafile=emulator.ca_file)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        with socket.create_connection(("127.0.0.1", emulator.port), timeout=20) as plain:
            plain.sendall(f"CONNECT {INSTANCE}.paligoapp.com:443 HTTP/1.1\r\n\r\n".encode())
            assert plain.recv(100).startswith(b"HTTP/1.1 200")
            with context.wrap_socket(plain, server_hostname=f"{INSTANCE}.paligoapp.com") as secure:
                assert secure.version()

    def test_without_its_authority_nobody_trusts_it(self, emulator, session):
        session.proxies = {"https": emulator.url}
        with pytest.raises(requests.exceptions.SSLError):
            session.get(HOST, timeout=20)

    @pytest.mark.parametrize(
        "host", ["https://evil.example", "https://paligoapp.com", "https://a.b.paligoapp.com",
                 "https://connectors-emulator.paligoapp.com.evil.example", f"{HOST}:8443"],
    )  # fmt: skip
    def test_any_other_host_is_refused_and_logged(self, emulator, get, host):
        with pytest.raises(requests.exceptions.ProxyError, match="403"):
            get(host)
        assert emulator.count(status=403, method="CONNECT") == len(emulator.log) == 1

    def test_requests_for_a_plain_proxy_are_refused(self, emulator, session):
        session.proxies = {"http": emulator.url}
        assert session.get("http://evil.example/", timeout=20).status_code == 403

    def test_an_unknown_instance_answers_a_page(self, get):
        answer = get("https://other.paligoapp.com")
        assert answer.status_code == 404
        assert answer.headers["Content-Type"].startswith("text/html")

    def test_an_unknown_instance_may_be_unreachable(self, emulator, get):
        emulator.change(unknown_instance="refuse")
        with pytest.raises(requests.exceptions.ProxyError, match="502"):
            get("https://other.paligoapp.com")
        assert get(HOST).status_code == 200

    def test_the_authority_can_be_kept_in_a_given_file(self, tmp_path):
        with Emulator(Account(), ca_file=tmp_path / "ca.pem") as emulator:
            assert emulator.environment()["REQUESTS_CA_BUNDLE"] == str(tmp_path / "ca.pem")
        assert "PRIVATE" not in (tmp_path / "ca.pem").read_text()

    def test_several_processes_and_threads_at_once(self, emulator):
        code = (
            "import requests, sys, concurrent.futures as f\n"
            f"get = lambda n: requests.get('{HOST}/api/v2/documents', auth=('{USERNAME}', '{API_KEY}'), timeout=30)\n"
            "with f.ThreadPoolExecutor(6) as pool: print({a.status_code for a in pool.map(get, range(24))})"
        )
        environment = {**os.environ, **emulator.environment()}
        command = [sys.executable, "-c", code]
        children = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(3)]
        assert [child.communicate(timeout=60)[0].strip() for child in children] == ["{200}"] * 3
        assert emulator.count(status=200) == 72


class TestWire:
    def talk(self, emulator, sent):
        connection = socket.create_connection(("127.0.0.1", emulator.port), timeout=20)
        with connection, contextlib.suppress(OSError):  # it may hang up before all is sent
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass

    @pytest.mark.parametrize(
        "sent",
        [
            b"nonsense\r\n\r\n",
            b"GET /\r\n\r\n" * 3,
            b"GET /" + b"x" * 99_999,
            b"\x16\x03\x01",
            b"",
            b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"CONNECT connectors-emulator.paligoapp.com:443 HTTP/1.1\r\n\r\nno TLS",
        ],
    )
    def test_what_is_no_request_ends_the_connection_only(self, emulator, get, sent):
        self.talk(emulator, sent)
        assert get(None).status_code == 200

    def test_who_asks_before_sending_a_body_is_told_to_go_on(self, get, session):
        get(HOST)
        body, headers = b'{"resource": "taxonomies"}', {"Expect": "100-continue"}
        answer = session.post(f"{HOST}/api/v2/search/", data=body, headers=headers, timeout=20)
        assert len(answer.json()["items"]) == 2

    def test_a_body_of_unknown_length_is_refused(self, emulator, session):
        answer = session.post(f"{emulator.url}/api/v2/search", data=iter([b"{}"]), timeout=20)
        assert answer.status_code == 411
        assert session.get(f"{emulator.url}/api/v2/groups", timeout=20).status_code == 200

    def test_stopping_hangs_up_and_leaves_no_thread(self, session):
        before = threading.active_count()
        with Emulator(Account()) as emulator:
            assert session.get(f"{emulator.url}/api/v2/groups", timeout=20).status_code == 200
            emulator.fault("hang")
            with ThreadPoolExecutor(1) as pool:
                waiting = pool.submit(session.get, f"{emulator.url}/api/v2/groups", timeout=20)
                while emulator._faults[0].left:
                    pass
                emulator.stop()
                assert waiting.exception() or waiting.result()
        assert threading.active_count() == before

    def test_it_can_start_again_on_its_port(self, emulator, get):
        port = emulator.port
        emulator.stop()
        emulator.start()
        assert emulator.port == port


@pytest.mark.parametrize("origin", [None, HOST], ids=["plain", "TLS"])
class TestFaults:
    def test_status(self, emulator, get, origin):
        emulator.fault("status", status=429, headers={"Retry-After": "7"}, body={"no": "more"}, times=2)
        for _ in range(2):
            answer = get(origin)
            assert (answer.status_code, answer.headers["Retry-After"], answer.json()) == (429, "7", {"no": "more"})
        assert get(origin).status_code == 200
        assert emulator.count(status=429) == 2

    def test_html(self, emulator, get, origin):
        emulator.fault("html")
        answer = get(origin)
        assert (answer.status_code, answer.headers["Content-Type"][:9]) == (200, "text/html")

    def test_truncated(self, emulator, get, origin):
        emulator.fault("truncated")
        with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
            get(origin)
        assert get(origin).status_code == 200

    def test_invalid_json(self, emulator, get, origin):
        emulator.fault("invalid_json")
        answer = get(origin)
        assert answer.status_code == 200
        with pytest.raises(json.JSONDecodeError):
            answer.json()

    def test_reset(self, emulator, get, origin):
        emulator.fault("reset")
        with pytest.raises(requests.exceptions.ConnectionError, match=None if origin else "reset by peer"):
            get(origin)  # OpenSSL calls it an end of file
        assert emulator.log[-1].status == 0

    def test_hang(self, emulator, get, origin):
        emulator.fault("hang", seconds=30)
        with pytest.raises(requests.exceptions.ReadTimeout):
            get(origin, timeout=0.2)
        emulator.fault("hang", seconds=0.01)
        assert get(origin).status_code == 200

    def test_repeat_next_page(self, emulator, get, origin):
        emulator.fault("repeat_next_page", times=None)
        page = get(origin, "/api/v2/users?page=3&per_page=1").json()
        assert page["next_page"] == f"{origin or emulator.url}/api/v2/users?page=3&per_page=1"
        emulator.clear_faults()
        assert get(origin, "/api/v2/users?page=3&per_page=1").json()["next_page"] == ""

    def test_empty_list(self, emulator, get, origin):
        emulator.fault("empty_list")
        assert get(origin, "/api/v2/users").json() == {"page": 1, "next_page": "", "total_pages": 0, "users": []}

    def test_redirect(self, emulator, get, origin):
        emulator.fault("redirect", location="https://evil.example/x", status=307)
        answer = get(origin)
        assert (answer.status_code, answer.headers["Location"]) == (307, "https://evil.example/x")

    def test_only_what_fits_goes_wrong(self, emulator, get, origin):
        emulator.fault("status", method="POST")
        emulator.fault("status", path_prefix="/api/v2/documents")
        assert get(origin).status_code == 200
        assert get(origin, "/api/v2/documents").status_code == 500


@pytest.mark.parametrize(("kind", "options"), [("fire", {}), ("html", {"seconds": 1})])
def test_a_fault_that_is_none_is_refused(emulator, kind, options):
    with pytest.raises(InputError):
        emulator.fault(kind, **options)


class TestControl:
    @pytest.fixture
    def control(self, emulator):
        with requests.Session() as session:
            session.trust_env = False

            def send(method, name, body=None):
                answer = session.request(method, f"{emulator.url}/_emulator/{name}", json=body, timeout=20)
                return answer.status_code, answer.json()

            yield send

    def test_faults(self, emulator, control, get):
        assert control("POST", "fault", {"kind": "status", "path_prefix": "/api/v2/groups", "status": 503}) == (200, {})
        assert get(None).status_code == 503
        control("POST", "fault", {"kind": "html", "times": None})
        control("DELETE", "fault")
        assert get(None).json()["groups"]

    def test_switches(self, emulator, control):
        status, switches = control("POST", "switches", {"plan": "enterprise", "search": "404"})
        assert (status, switches["plan"], switches["search"]) == (200, "enterprise", 404)
        assert emulator.switches == Switches(plan="enterprise", search=404)
        assert control("GET", "switches")[1] == switches

    def test_edits(self, emulator, control):
        made = control("POST", "edit", {"action": "add", "name": "New"})[1]
        assert control("POST", "edit", {"action": "edit", "id": made["id"], "name": "Newer"})[1]["name"] == "Newer"
        assert control("GET", "truth/documents")[1] == emulator.truth("documents")
        assert control("POST", "edit", {"action": "delete", "id": made["uuid"]}) == (200, {})
        assert made["id"] not in emulator.account.tables["documents"]

    def test_edits_of_other_tables(self, emulator, control):
        made = control("POST", "edit", {"action": "add", "table": "images", "name": "x.png"})[1]
        changed = control("POST", "edit", {"action": "edit", "table": "images", "id": made["id"], "name": "y.png"})[1]
        assert (made["name"], changed["name"]) == ("x.png", "y.png")
        assert control("GET", "truth/images")[1] == emulator.truth("images")
        assert control("POST", "edit", {"action": "delete", "table": "images", "id": made["id"]}) == (200, {})

    def test_log(self, emulator, control, get):
        get(None, "/api/v2/groups?page=1")
        assert control("GET", "log") == (200, [["GET", "/api/v2/groups?page=1", 200]])
        control("DELETE", "log")
        assert emulator.log == []

    @pytest.mark.parametrize(
        ("method", "name", "body", "status"),
        [
            ("GET", "nothing", None, 404), ("POST", "log", None, 404), ("POST", "fault", {"kind": "fire"}, 422),
            ("POST", "fault", {}, 422), ("POST", "switches", {"speed": 1}, 422), ("POST", "switches", [1], 422),
            ("POST", "edit", {"action": "burn"}, 422), ("POST", "edit", {"action": "delete", "id": 1}, 422),
            ("POST", "edit", {"action": "add"}, 422), ("POST", "edit", {"action": "add", "table": "stars"}, 422),
            ("POST", "edit", {"action": "add", "table": "variablevalues"}, 422), ("GET", "truth/stars", None, 404),
        ],
    )  # fmt: skip
    def test_what_it_does_not_understand(self, control, method, name, body, status):
        assert control(method, name, body)[0] == status

    def test_it_is_not_there_under_the_real_name(self, get):
        assert get(HOST, "/_emulator/log").status_code == 404


class TestCommand:
    def start(self, *options):
        code = (
            "from connectors.paligo.emulator.command import run\n"
            f"run(port=0, documents=5, echo=lambda line: print(line, flush=True), {', '.join(options)})"
        )
        return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    @pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
    def test_it_says_how_to_reach_it_serves_and_ends_quietly(self, ending, tmp_path):
        file = tmp_path / "ca.pem"
        child = self.start("plan='business'", f"ca_file=__import__('pathlib').Path({str(file)!r})")
        lines = []
        while not lines or "Ctrl-C" not in lines[-1]:
            lines.append(child.stdout.readline())
            assert lines[-1], child.stderr.read()
        said = dict(line.strip().removeprefix("export ").split("=", 1) for line in lines if "export" in line)
        proxies = {"https": said["HTTPS_PROXY"]}
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(
                f"{HOST}/api/v2/groups",
                auth=(USERNAME, API_KEY),
                proxies=proxies,
                verify=said["REQUESTS_CA_BUNDLE"],
                timeout=20,
            )
        assert answer.status_code == 200
        assert API_KEY in "".join(lines)
        child.send_signal(ending)
        out, err = child.communicate(timeout=20)
        assert (child.returncode, out, err) == (0, "", "")

    def test_a_taken_port_or_a_wrong_switch_is_a_clear_error(self, emulator):
        with pytest.raises(InputError, match="in use"):
            run(port=emulator.port, documents=5, echo=print)
        with pytest.raises(InputError, match="gold"):
            run(plan="gold", echo=print)
