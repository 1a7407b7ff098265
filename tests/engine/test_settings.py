import base64
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.engine.dotenv import read_dotenv
from connectors.engine.settings import MASK, SETTINGS, Settings
from connectors.errors import SettingError

KEY = base64.b64encode(b"k" * 32).decode()
POSTGRES = "postgresql://admin:pa55word@db.example/connectors"


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


def load(home, dotenv=None, **environ):
    if dotenv is not None:
        home.mkdir(exist_ok=True)
        (home / ".env").write_text(dotenv)
    return Settings.load({"CONNECTORS_HOME": str(home), **environ})


def test_without_anything_set_the_defaults_hold_and_nothing_is_created(home):
    settings = load(home)
    assert settings.home == home
    assert settings.database == home / "connectors.db"
    assert settings.value("CONNECTORS_ENCRYPTION_KEY") == ()
    assert settings.value("CONNECTORS_PROVIDERS") == ()
    assert settings.value("CONNECTORS_ALLOW_PRIVATE_HOSTS") is False
    assert settings.value("CONNECTORS_BASE_URL_OVERRIDE") == "listed"
    assert settings.value("CONNECTORS_ENVIRONMENT") == "dev"
    assert settings.source("CONNECTORS_ENVIRONMENT") == "default"
    assert not home.exists()


def test_the_data_folder_is_in_the_users_home_unless_said_otherwise(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings.load({}).home == tmp_path / ".connectors"
    assert Settings.load({"CONNECTORS_HOME": ""}).home == tmp_path / ".connectors"
    assert Settings.load({"CONNECTORS_HOME": "~/elsewhere"}).home == tmp_path / "elsewhere"
    given_home = Settings.load({"CONNECTORS_HOME": "~/elsewhere"}, home="~/here")
    assert given_home.home == tmp_path / "here"
    assert given_home.source("CONNECTORS_HOME") == "given"


def test_a_relative_data_folder_is_made_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert Settings.load({"CONNECTORS_HOME": "data"}).home == tmp_path / "data"


def test_the_real_environment_is_read_by_default(monkeypatch, home):
    monkeypatch.setenv("CONNECTORS_HOME", str(home))
    monkeypatch.setenv("CONNECTORS_ENVIRONMENT", "prod")
    settings = Settings.load()
    assert (settings.home, settings.value("CONNECTORS_ENVIRONMENT")) == (home, "prod")


def test_the_process_environment_wins_over_the_env_file(home):
    settings = load(
        home, "CONNECTORS_ENVIRONMENT=file\nCONNECTORS_BASE_URL_OVERRIDE=any\n", CONNECTORS_ENVIRONMENT="os"
    )
    assert settings.value("CONNECTORS_ENVIRONMENT") == "os"
    assert settings.source("CONNECTORS_ENVIRONMENT") == "environment"
    assert settings.value("CONNECTORS_BASE_URL_OVERRIDE") == "any"
    assert settings.source("CONNECTORS_BASE_URL_OVERRIDE") == ".env"


def test_an_empty_value_counts_as_not_set(home):
    settings = load(home, "CONNECTORS_ENVIRONMENT=file", CONNECTORS_ENVIRONMENT="", CONNECTORS_BASE_URL_OVERRIDE="")
    assert settings.value("CONNECTORS_ENVIRONMENT") == "file"
    assert settings.value("CONNECTORS_BASE_URL_OVERRIDE") == "listed"


@pytest.mark.parametrize(
    ("text", "value"), [("on", True), ("True", True), ("1", True), ("yes", True), ("off", False), ("0", False)]
)
def test_a_switch_has_the_usual_words(home, text, value):
    assert load(home, CONNECTORS_ALLOW_PRIVATE_HOSTS=text).value("CONNECTORS_ALLOW_PRIVATE_HOSTS") is value


def test_lists_of_paths_are_separated_like_the_systems_own(home, tmp_path):
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.touch()
    two.touch()
    settings = load(home, CONNECTORS_PROVIDERS=os.pathsep.join((str(one), "", str(two))))
    assert settings.value("CONNECTORS_PROVIDERS") == (one, two)


def test_relative_paths_start_where_they_were_written(home, monkeypatch, tmp_path):
    home.mkdir()
    (home / "mine.yaml").touch()
    (tmp_path / "mine.yaml").touch()
    monkeypatch.chdir(tmp_path)
    assert load(home, CONNECTORS_PROVIDERS="mine.yaml").value("CONNECTORS_PROVIDERS") == (tmp_path / "mine.yaml",)
    dotenv = "CONNECTORS_PROVIDERS=mine.yaml\nDATABASE_URL=sqlite:///mine.db"
    assert load(home, dotenv).value("CONNECTORS_PROVIDERS") == (home / "mine.yaml",)
    assert load(home, dotenv).database == home / "mine.db"


def test_keys_are_read_newest_first(home):
    other = base64.urlsafe_b64encode(b"\xff" * 32).decode().rstrip("=")
    settings = load(home, CONNECTORS_ENCRYPTION_KEY=f"{KEY}, {other}\n{KEY}")
    assert settings.value("CONNECTORS_ENCRYPTION_KEY") == (b"k" * 32, b"\xff" * 32)


@pytest.mark.parametrize(
    ("url", "file"),
    [("sqlite:////data/c.db", "/data/c.db"), ("sqlite:///c.db", "{cwd}/c.db"), ("sqlite:///~/c.db", "{home}/c.db")],
)
def test_a_database_is_a_file(home, monkeypatch, tmp_path, url, file):
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    monkeypatch.chdir(tmp_path)
    assert load(home, DATABASE_URL=url).database == Path(file.format(cwd=tmp_path, home=tmp_path / "me"))


@pytest.mark.parametrize("url", [POSTGRES, POSTGRES.replace("postgresql", "postgres")])
def test_postgresql_is_used_without_showing_its_password(home, url):
    pytest.importorskip("psycopg")
    settings = load(home, DATABASE_URL=url)
    assert settings.database.reveal() == POSTGRES
    assert str(settings.database) == "postgresql://admin@db.example/connectors"
    assert "pa55word" not in repr(settings) + repr(settings.rows()) + repr(settings.database)


@pytest.mark.parametrize(
    "url", [POSTGRES.replace("postgresql", "postgresql+psycopg"), POSTGRES + " x", POSTGRES.replace("/conn", ":x/conn")]
)
def test_a_postgresql_url_that_cannot_be_one_is_refused_without_showing_its_password(home, url):
    settings = load(home, DATABASE_URL=url)
    with pytest.raises(SettingError, match="expected postgresql://USER") as caught:
        _ = settings.database
    assert "pa55word" not in str(caught.value.to_dict())
    assert "pa55word" not in repr(settings) + repr(settings.rows())


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("CONNECTORS_ALLOW_PRIVATE_HOSTS", "maybe", "on or off"),
        ("CONNECTORS_BASE_URL_OVERRIDE", "all", "off, listed or any"),
        ("CONNECTORS_ENVIRONMENT", " dev", "plain text"),
        ("CONNECTORS_ENVIRONMENT", "de\nv", "plain text"),
        ("CONNECTORS_ENVIRONMENT", "x" * 201, "200 characters"),
        ("CONNECTORS_PROVIDERS", "/nowhere/x.yaml", "there is no /nowhere/x.yaml"),
        ("CONNECTORS_ENVIRONMENT", "\udcff", "plain text"),
        ("CONNECTORS_PROVIDERS", "/" + "x" * 5000, "name too long"),
        ("CONNECTORS_PROVIDERS", "/x\x00y", "there is no"),
        ("CONNECTORS_PATH", "~nobody-of-that-name/x", "no such home folder"),
        ("DATABASE_URL", "sqlite://", "sqlite:///FILE"),
        ("DATABASE_URL", "sqlite:///", "sqlite:///FILE"),
        ("DATABASE_URL", "sqlite:///:memory:", "sqlite:///FILE"),
        ("DATABASE_URL", "sqlite:///x.db?mode=ro", "sqlite:///FILE"),
        ("DATABASE_URL", "sqlite:////", "not a folder"),
        ("DATABASE_URL", "mysql://x/y", "sqlite:///FILE"),
        ("CONNECTORS_ENCRYPTION_KEY", "not-base64!", "key 1 is not Base64"),
        ("CONNECTORS_ENCRYPTION_KEY", KEY + " " + KEY[:20], "key 2 has 15 bytes instead of 32"),
    ],
)
def test_a_value_that_cannot_be_used_says_what_is_expected_and_where_it_came_from(home, name, text, expected):
    settings = load(home, **{name: text})
    with pytest.raises(SettingError) as caught:
        settings.value(name)
    assert name in caught.value.message
    assert "from the environment" in caught.value.message
    assert expected in caught.value.message
    row = next(row for row in settings.rows() if row.name == name)
    assert row.problem == caught.value.message


def test_a_secret_is_never_shown(home):
    for text in (KEY, "S3cr3tButWrong", f"{KEY} S3cr3tButWrong"):
        settings = load(home, CONNECTORS_ENCRYPTION_KEY=text)
        shown = repr(settings) + repr(settings.rows())
        try:
            settings.value("CONNECTORS_ENCRYPTION_KEY")
        except SettingError as error:
            shown += str(error.to_dict())
        assert KEY not in shown
        assert "S3cr3t" not in shown
        assert next(row.value for row in settings.rows() if row.name == "CONNECTORS_ENCRYPTION_KEY") == MASK


def test_the_rows_name_every_setting_once(home):
    rows = load(home, CONNECTORS_ENVIRONMENT="prod").rows()
    assert [row.name for row in rows] == [setting.name for setting in SETTINGS]
    assert all(row.help.endswith(".") for row in rows)
    shown = {row.name: (row.value, row.source) for row in rows}
    assert shown["CONNECTORS_ENVIRONMENT"] == ("prod", "environment")
    assert shown["DATABASE_URL"] == (str(home / "connectors.db"), "default")
    assert shown["CONNECTORS_ENCRYPTION_KEY"] == ("", "default")


def test_the_data_folder_is_made_for_its_user_only(home):
    assert load(home / "deep").make_home() == home / "deep"
    assert stat.S_IMODE((home / "deep").stat().st_mode) == 0o700
    assert load(home / "deep").make_home().is_dir()


def test_a_data_folder_that_cannot_be_is_a_clear_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match="cannot be made"):
        load(tmp_path / "file" / "home").make_home()
    with pytest.raises(SettingError, match="expected a folder"):
        load(tmp_path / "file").value("CONNECTORS_HOME")


def test_a_data_folder_in_nobodys_home_is_a_clear_error():
    with pytest.raises(SettingError, match="no such home folder"):
        Settings.load({"CONNECTORS_HOME": "~nobody-of-that-name/x"})


def test_the_env_file_cannot_move_the_data_folder_it_lies_in(home):
    with pytest.raises(SettingError, match="only after the data folder is known"):
        load(home, "CONNECTORS_HOME=/elsewhere")


def test_an_unknown_setting_is_a_mistake_in_the_program(home):
    with pytest.raises(KeyError):
        load(home).value("CONNECTORS_TYPO")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("  A = b c  ", "b c"),
        ("export A=b", "b"),
        ("A=b # comment", "b"),
        ("A=b#c", "b#c"),
        ("A=", ""),
        ("A=#c", ""),
        ("A='b # \\n c'", "b # \\n c"),
        ('A="b # \\n \\"c\\" \\\\"  # comment', 'b # \n "c" \\'),
        ("A=one\nA=two", "two"),
        ("\ufeffA=b\r\n", "b"),
        ("# note\n\nA=b=c", "b=c"),
    ],
)
def test_env_files_are_read_as_people_write_them(tmp_path, line, value):
    (tmp_path / ".env").write_text(line, encoding="utf-8")
    assert read_dotenv(tmp_path / ".env") == {"A": value}


@pytest.mark.parametrize("line", ["A", "1A=b", "A B=c", "A='b", 'A="b', 'A="b" c', "=b"])
def test_a_line_that_cannot_be_read_is_named_without_its_value(tmp_path, line):
    (tmp_path / ".env").write_text(f"X=1\n{line}hunter2\n")
    with pytest.raises(SettingError, match="line 2") as caught:
        read_dotenv(tmp_path / ".env")
    assert "hunter2" not in str(caught.value.to_dict())


def test_an_env_file_that_is_no_text_is_a_clear_error(tmp_path):
    (tmp_path / ".env").write_bytes(b"A=\xff")
    with pytest.raises(SettingError, match="UTF-8"):
        read_dotenv(tmp_path / ".env")


@given(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))
)
def test_double_quotes_hold_any_text_of_a_line(tmp_path_factory, text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    file = tmp_path_factory.mktemp("env") / ".env"
    file.write_text(f'A="{escaped}"', encoding="utf-8")
    assert read_dotenv(file) == {"A": text}
