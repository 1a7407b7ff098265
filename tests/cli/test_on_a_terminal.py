"""What a person at a terminal sees: real processes on pseudo terminals."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest

PATIENCE = 30.0  # seconds


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, *arguments, columns=100):
        self.leader, follower = pty.openpty()
        # The shell opens the terminal itself, so that it becomes the one it is controlled by: passwords are read there.
        command = ["sh", "-c", 'exec "$@" <"$TTY" >"$TTY" 2>&1', "sh", sys.executable, "-m", "connectors", *arguments]
        given = {**os.environ, "TTY": os.ttyname(follower), "TERM": "xterm", "COLUMNS": str(columns)}
        self.process = subprocess.Popen(command, env=given, start_new_session=True)
        os.close(follower)
        self.seen = ""

    def expect(self, text):
        """Wait until it is there; what came up to it is cut off."""
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            assert time.monotonic() < end, f"no {text!r} in {self.seen!r}"
            if not self._read(0.2) and self.process.poll() is not None and not self._read(0.2):
                raise AssertionError(f"it ended without {text!r}: {self.seen!r}")
        before, _, self.seen = self.seen.partition(text)
        return before

    def answer(self, text):
        os.write(self.leader, text.encode() + b"\n")

    def end(self, press=b""):
        """Wait for the end, pressing a key now and then; the exit code, and everything that was not cut off yet."""
        end = time.monotonic() + PATIENCE
        again = 0.0
        while self.process.poll() is None:
            if press and time.monotonic() > again:
                os.write(self.leader, press)
                again = time.monotonic() + 3
            self._read(0.2)
            assert time.monotonic() < end, self.seen
        while self._read(0.2):
            pass
        os.close(self.leader)
        return self.process.returncode, self.seen

    def _read(self, seconds):
        if not select.select([self.leader], [], [], seconds)[0]:
            return False
        try:
            chunk = os.read(self.leader, 65_536)
        except OSError:  # the other side is closed
            return False
        self.seen += chunk.decode(errors="replace")
        return bool(chunk)


@pytest.fixture
def on_terminal(home):
    opened = []

    def start(*arguments, **options):
        opened.append(Terminal(*arguments, **options))
        return opened[-1]

    yield start
    for terminal in opened:
        if terminal.process.poll() is None:
            terminal.process.kill()
            terminal.process.wait()


def test_connect_asks_field_by_field_and_checks_each_answer_at_once(on_terminal, run, emulator):
    terminal = on_terminal("connect", "paligo")
    assert "https://…" in terminal.expect("Paligo Instance Name:")
    terminal.answer("not a name")
    assert "is not what is expected: lower-case letters" in terminal.expect("Paligo Instance Name:")
    terminal.answer(f"https://{emulator.instance}.paligoapp.com/x")
    terminal.expect("Username:")
    terminal.answer("me")
    assert "e-mail" in terminal.expect("Username:")
    terminal.answer(emulator.username)
    assert "shows it only once" in terminal.expect("API Key:")
    terminal.answer(emulator.api_key)
    terminal.expect("Name of this connection [paligo]:")
    terminal.answer("acme")
    code, rest = terminal.end()
    assert code == 0
    assert "Connected: acme" in rest
    assert emulator.api_key not in rest
    assert json.loads(run("connections", "list", "--json").stdout)[0]["id"] == "acme"


def test_only_what_is_missing_is_asked(on_terminal, emulator, key_file):
    given = ("--id", "acme", "--config", f"instance={emulator.instance}", "--credential", f"apiKey=@{key_file}")
    terminal = on_terminal("connect", "paligo", *given)
    assert "Instance" not in terminal.expect("Username:")
    terminal.answer(emulator.username)
    code, rest = terminal.end()
    assert (code, "API Key" in rest) == (0, False)


def test_ctrl_c_at_a_question_ends_with_130(on_terminal, emulator):
    terminal = on_terminal("connect", "paligo")
    terminal.expect("Paligo Instance Name:")
    code, rest = terminal.end(press=b"\x03")  # Python misses one that comes just before it waits for a key
    assert code == 130
    assert "Traceback" not in rest


def test_deleting_asks(on_terminal, run, connected):
    terminal = on_terminal("connections", "delete", "acme")
    terminal.expect("Delete acme (paligo) with 0 records?")
    terminal.answer("n")
    code, shown = terminal.end()
    assert (code, "error" in shown) == (3, False)
    assert "Nothing was deleted." in shown
    terminal = on_terminal("connections", "delete", "acme")
    terminal.expect("Delete acme")
    terminal.answer("y")
    assert terminal.end()[0] == 0
    assert run("connections", "list", "--json").stdout.strip() == "[]"


def test_json_is_indented_for_people(on_terminal, connected):
    code, shown = on_terminal("proxy", "GET", "/api/v2/groups", "--connection", "acme").end()
    assert code == 0
    assert '\r\n  "page": 1,' in shown


def test_binary_data_stays_away(on_terminal, connected):
    connected.fault("html", body="\x00\x01\x02")
    code, shown = on_terminal("proxy", "GET", "/api/v2/groups", "--connection", "acme").end()
    assert code == 2
    assert "--output FILE" in shown
    assert "\x00" not in shown


def test_data_cannot_drive_the_terminal(on_terminal, run, connected):
    attack = "\x1b]0;owned\x07\x1b[2Jname\u202e"
    number = connected.truth("documents")[5]["id"]
    connected.account.edit_document(number, name=attack, content=f"<section>{attack}</section>")
    run("sync", "documents", "--connection", "acme")
    for form in ("table", "jsonl", "csv"):
        code, shown = on_terminal("records", "Document", "--connection", "acme", "--format", form).end()
        assert code == 0
        assert not re.search("\x1b|\x07|\u202e", shown), form
    code, shown = on_terminal("proxy", "GET", f"/api/v2/documents/{number}", "--connection", "acme").end()
    assert (code, "\x1b" in shown) == (0, False)


def test_a_sync_is_drawn_and_summed_up(on_terminal, connected):
    code, shown = on_terminal("sync", "documents", "--connection", "acme").end()
    assert code == 0
    assert "\x1b[" in shown  # it was drawn
    assert "documents of acme: done, run 1" in shown


def test_an_error_that_comes_at_once_is_not_preceded_by_a_drawing(on_terminal, run, connected):
    code, shown = on_terminal("sync", "pictures", "--connection", "acme").end()
    assert code == 2
    assert "\x1b[?25l" not in shown  # hides the cursor: drawing begins


def test_the_list_of_runs_fits_and_keeps_the_time_whole(on_terminal, run, connected):
    run("sync", "documents", "--connection", "acme")
    connected.change(non_admin=403)
    run("sync", "documents", "--connection", "acme", code=4)
    lines = on_terminal("runs", columns=80).end()[1].splitlines()
    assert len(lines) == 4
    assert all(re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d ", line) for line in (lines[1], lines[3]))
    assert "+24 ~0 -0" in lines[3]
    assert "not_allowed" in lines[2]
    assert max(map(len, (lines[0], lines[1], lines[3]))) <= 80


def under_way(connected):
    """Wait until a call hangs and the ones around it have been answered."""
    end = time.monotonic() + PATIENCE
    while connected.count(path_prefix="/api/v2/documents/") < 15:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_ctrl_c_once_saves_what_a_sync_has(on_terminal, run, connected):
    connected.fault("hang", "GET", f"/api/v2/documents/{connected.truth('documents')[15]['id']}", seconds=2)
    terminal = on_terminal("sync", "documents", "--connection", "acme")
    under_way(connected)
    os.write(terminal.leader, b"\x03")
    code, shown = terminal.end()
    assert code == 130
    assert "documents of acme: interrupted, run 1" in shown
    assert "Traceback" not in shown
    report = json.loads(run("sync", "documents", "--connection", "acme", "--json").stdout)
    saved = int(re.findall(r"(\d+) added", shown)[-1])
    assert saved > 0
    assert (saved + report["added"], report["updated"]) == (24, 0)


def test_ctrl_c_twice_ends_a_sync_at_once(on_terminal, run, connected):
    connected.fault("hang", "GET", f"/api/v2/documents/{connected.truth('documents')[15]['id']}", seconds=300)
    terminal = on_terminal("sync", "documents", "--connection", "acme")
    under_way(connected)
    os.write(terminal.leader, b"\x03")
    terminal.expect("Once more ends at once")
    os.write(terminal.leader, b"\x03")
    assert terminal.end()[0] == 130
    connected.clear_faults()
    result = run("sync", "documents", "--connection", "acme")
    assert "run 1 was interrupted" in result.stdout
    rows = json.loads(run("syncs", "--json").stdout)
    assert [row["records"] for row in rows if row["sync"] == "documents"] == [24]


def test_creating_an_integration_asks_for_the_client_and_the_secret_does_not_show(on_terminal, run, tmp_path):
    file = tmp_path / "more.yaml"
    file.write_text(
        "crm:\n  display_name: CRM\n  auth_mode: OAUTH2\n  authorization_url: https://crm.example/authorize\n"
        "  token_url: https://crm.example/token\n  proxy: {base_url: https://api.crm.example}\n"
    )
    terminal = on_terminal("--providers", str(file), "integrations", "create", "mine", "--provider", "crm")
    terminal.expect("Client ID:")
    terminal.answer("id-1")
    terminal.expect("Client secret (may stay empty):")
    terminal.answer("typed-Secret/9+")
    code, rest = terminal.end()
    assert (code, "typed-Secret/9+" in rest) == (0, False)
    shown = json.loads(run("integrations", "show", "mine", "--json").stdout)
    assert (shown["client_id"], shown["secrets"]) == ("id-1", ["client_secret"])


def test_a_key_of_many_lines_is_read_from_the_file_that_is_named(on_terminal, run, tmp_path):
    (tmp_path / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\nTUlJ\n-----END PRIVATE KEY-----\n")
    file = tmp_path / "more.yaml"
    file.write_text(
        "keyed:\n  display_name: Keyed\n  auth_mode: API_KEY\n  proxy: {base_url: https://api.keyed.example}\n"
        "  credentials:\n"
        "    apiKey: {type: string, title: API Key, description: The key.}\n"
        "    privateKey: {type: string, title: Private Key, description: PEM., secret: true}\n"
    )
    terminal = on_terminal("--providers", str(file), "connect", "keyed", "--id", "acme")
    terminal.expect("API Key:")
    terminal.answer("k")
    assert "@FILE reads it from a file" in terminal.expect("Private Key:")
    terminal.answer(f"@{tmp_path / 'key.pem'}")
    assert terminal.end()[0] == 0
    from connectors.engine.host import Host
    from connectors.engine.settings import Settings

    with Host.open(Settings.load({}, home=tmp_path / "home"), providers=[file]) as host:
        opened = host.connections.open(host.connections.get("dev", "acme"))
    assert opened.credentials["privateKey"].splitlines()[1] == "TUlJ"
