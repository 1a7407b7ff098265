"""Files that actions take and give: kept for a day, known to one environment, and nothing left lying about."""

from __future__ import annotations

import base64
import io
import os
import stat
from contextlib import nullcontext

import pytest

from connectors.authoring import FileRef
from connectors.engine.copying import copy_out
from connectors.engine.files import LIFETIME
from connectors.errors import ActionError, FileExists, InputError, InvalidInput, StoreError, UnknownFile


def hand_over(desk, content=b"hello", name="a.txt", environment="dev"):
    key = desk.host.connections.get(environment, "acme").key
    return desk.host.files.add(environment, key, name, io.BytesIO(content))


def read(desk, **options):
    def read_file(call, given):
        file = call.file(given["f"])
        with file.open() as content:
            return {"name": file.name, "size": file.size, "text": content.read().decode()}

    desk.declare(read_file, **options)


def test_an_action_reads_a_file_that_was_handed_over(desk):
    read(desk)
    ref = hand_over(desk)
    assert desk.call("read-file", {"f": ref}).output == {"name": "a.txt", "size": 5, "text": "hello"}
    assert desk.call("read-file", {"f": {"file": ref.id}}).output["text"] == "hello"


def test_a_small_file_may_stand_in_the_input(desk):
    read(desk)
    given = {"name": "b.txt", "base64": base64.encodebytes(b"hello").decode()}
    assert desk.call("read-file", {"f": given}).output == {"name": "b.txt", "size": 5, "text": "hello"}
    assert desk.on_disk() == []


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"name": "a"},
        {"name": "a", "base64": "***"},
        {"name": "../a", "base64": ""},
        {"name": 1, "base64": ""},
        {"file": 7},
        {"path": "/etc/passwd"},
    ],
)
def test_what_is_no_file_is_refused(desk, given):
    read(desk)
    with pytest.raises(InvalidInput):
        desk.call("read-file", {"f": given})


@pytest.mark.parametrize("id_", ["", "x", "../../connectors.db", "/etc/passwd", "0" * 40])
def test_an_unknown_id_is_a_clear_error(desk, id_):
    read(desk)
    with pytest.raises(UnknownFile):
        desk.call("read-file", {"f": {"file": id_}})


def test_another_environments_file_is_answered_like_one_that_does_not_exist(desk):
    read(desk)
    ref = hand_over(desk, environment="other")
    with pytest.raises(UnknownFile) as other:
        desk.call("read-file", {"f": {"file": ref.id}})
    assert other.value.message == f"there is no file {ref.id!r}, or it expired"
    assert desk.call("read-file", {"f": {"file": ref.id}}, environment="other").output["text"] == "hello"


def test_a_file_is_kept_for_a_day_and_then_removed(desk):
    read(desk)
    ref = hand_over(desk)
    desk.clock.advance(LIFETIME - 1)
    assert desk.call("read-file", {"f": {"file": ref.id}}).output["text"] == "hello"
    desk.clock.advance(2)
    with pytest.raises(UnknownFile):
        desk.call("read-file", {"f": {"file": ref.id}})
    assert desk.on_disk() == []


def test_what_a_crash_left_behind_is_removed_after_a_day_and_not_before(desk):
    ref = hand_over(desk)
    orphan = desk.host.files.folder / ("f" * 40)
    orphan.write_bytes(b"half")
    now = desk.clock.now()
    os.utime(orphan, (now, now))
    desk.host.files.prune()
    assert orphan.exists()
    os.utime(orphan, (now - LIFETIME - 1, now - LIFETIME - 1))
    os.utime(desk.host.files.path(ref.id), (now - LIFETIME - 1, now - LIFETIME - 1))
    desk.host.files.prune()
    assert desk.on_disk() == [ref.id]


def test_only_the_owner_can_read_files(desk):
    ref = hand_over(desk)
    assert stat.S_IMODE(desk.host.files.path(ref.id).stat().st_mode) == 0o600
    assert stat.S_IMODE(desk.host.files.folder.stat().st_mode) == 0o700


def test_deleting_a_connection_deletes_its_files(desk):
    hand_over(desk)
    kept = hand_over(desk, environment="other")
    desk.host.connections.delete("dev", "acme")
    assert desk.on_disk() == [kept.id]


def test_an_action_never_sees_where_files_lie(desk):
    def look(call, given):
        file = call.file(given["f"])
        with file.open() as content:
            return {"name": str(content.name), "shown": repr(file)}

    desk.declare(look)
    output = desk.call("look", {"f": hand_over(desk)}).output
    assert str(desk.folder) not in str(output)


@pytest.mark.parametrize("end", [None, RuntimeError, KeyboardInterrupt])
def test_open_files_are_closed_however_an_action_ends(desk, end):
    opened = []

    def leave(call, given):
        opened.append(call.file(given["f"]).open())
        if end:
            raise end
        return {}

    desk.declare(leave)
    with nullcontext() if end is None else pytest.raises((ActionError, KeyboardInterrupt)):
        desk.call("leave", {"f": hand_over(desk)})
    assert opened[0].closed


def test_what_an_action_made_is_kept_only_if_its_output_has_it(desk):
    def make(call, given):
        call.file({"name": "in.txt", "base64": "aGk="})
        if given.get("fail"):
            call.give("lost.txt", "x")
            raise RuntimeError
        return {"deep": [{"one": call.give("one.txt", "1")}], "two": call.give("d/two.txt", b"2").to_dict()}

    desk.declare(make)
    files = desk.call("make").files
    assert [(file.name, file.size, file.content_type) for file in files] == [
        ("one.txt", 1, "text/plain"),
        ("d/two.txt", 1, "text/plain"),
    ]
    assert desk.on_disk() == sorted(file.id for file in files)
    with pytest.raises(Exception, match="RuntimeError"):
        desk.call("make", {"fail": True})
    assert len(desk.on_disk()) == 2


def test_an_input_file_that_is_named_in_the_output_is_not_made_twice(desk):
    desk.declare(lambda call, given: {"f": call.file(given["f"])}, name="echo")
    ref = hand_over(desk)
    result = desk.call("echo", {"f": ref})
    assert (result.files, result.output["f"]["file"]) == ([], ref.id)


@pytest.mark.parametrize("name", ["../x", "/x", "a\\b", "C:x", "", ".", "a\0", "con", "a."])
def test_a_file_of_an_unsafe_name_cannot_be_made(desk, name):
    desk.declare(lambda call, given: {"f": call.give(given["name"], "x")}, name="make")
    desk.declare(lambda call, given: {"f": call.download("/x", name=given["name"])}, name="fetch")
    for which in ("make", "fetch"):
        with pytest.raises(InputError, match="cannot be called"):
            desk.call(which, {"name": name})
    assert (desk.on_disk(), desk.seen) == ([], [])


def test_a_download_that_breaks_off_leaves_nothing(desk):
    desk.routes["GET", "/x"] = lambda path, body: (200, b"x" * 100)
    desk.declare(lambda call, given: {"f": call.download("/x", max_bytes=10)}, name="fetch")
    with pytest.raises(Exception, match="10"):
        desk.call("fetch")
    assert desk.on_disk() == []


def test_a_data_folder_that_cannot_be_written_is_a_clear_error(desk):
    desk.declare(lambda call, given: {"f": call.give("a", "x")}, name="make")
    desk.host.settings.home.joinpath("files").write_text("in the way")
    with pytest.raises(StoreError, match="data folder"):
        desk.call("make")


def ref(name, content=b"new"):
    return FileRef("1", name, len(content), opener=lambda: io.BytesIO(content))


def test_files_are_copied_into_a_folder_under_their_names(tmp_path):
    made = copy_out([ref("a.txt", b"1"), ref("d/e/b.txt", b"2")], tmp_path / "deep" / "out")
    assert [path.read_bytes() for path in made] == [b"1", b"2"]
    assert made[1] == tmp_path / "deep" / "out" / "d" / "e" / "b.txt"
    assert sorted(path.name for path in (tmp_path / "deep" / "out").rglob("*") if path.is_file()) == ["a.txt", "b.txt"]


def test_nothing_is_overwritten_and_nothing_copied_unless_all_can_be(tmp_path):
    (tmp_path / "b.txt").write_bytes(b"old")
    with pytest.raises(FileExists, match=r"b\.txt"):
        copy_out([ref("a.txt"), ref("b.txt")], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]
    copy_out([ref("a.txt"), ref("b.txt")], tmp_path, overwrite=True)
    assert (tmp_path / "b.txt").read_bytes() == b"new"


@pytest.mark.parametrize("name", ["../a", "/tmp/a", "a/../../b", "C:a", "a\\b"])
def test_a_copy_stays_in_its_folder(tmp_path, name):
    with pytest.raises(InputError, match="not safe"):
        copy_out([ref(name)], tmp_path / "out", overwrite=True)
    assert list(tmp_path.iterdir()) == []


def test_links_inside_the_folder_are_not_followed(tmp_path):
    out, outside = tmp_path / "out", tmp_path / "outside"
    out.mkdir()
    outside.mkdir()
    (outside / "a.txt").write_bytes(b"old")
    (out / "d").symlink_to(outside)
    (out / "a.txt").symlink_to(outside / "a.txt")
    (out / "gone.txt").symlink_to(outside / "gone.txt")
    with pytest.raises(InputError, match="no folder"):
        copy_out([ref("d/evil.txt")], out, overwrite=True)
    for name in ("a.txt", "gone.txt"):
        with pytest.raises(FileExists):
            copy_out([ref(name)], out)
    copy_out([ref("a.txt"), ref("gone.txt")], out, overwrite=True)
    assert (outside / "a.txt").read_bytes() == b"old"
    assert sorted(path.name for path in outside.iterdir()) == ["a.txt"]


@pytest.mark.parametrize("names", [["a", "a"], ["a", "A"], ["caf\u00e9", "cafe\u0301"]])
def test_two_files_of_one_name_are_not_copied_over_each_other(tmp_path, names):
    with pytest.raises(FileExists):
        copy_out([ref(name) for name in names], tmp_path, overwrite=True)


def test_a_folder_in_the_way_of_a_file_stays(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(FileExists, match="folder"):
        copy_out([ref("a")], tmp_path, overwrite=True)


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError):
        copy_out([ref("a")], tmp_path / "file" / "out")


def test_a_folder_that_becomes_a_link_while_files_are_copied_is_not_followed(tmp_path):
    out, outside = tmp_path / "out", tmp_path / "outside"
    outside.mkdir()

    def opener():
        (out / "d").symlink_to(outside)
        return io.BytesIO(b"1")

    with pytest.raises(StoreError):
        copy_out([FileRef("1", "a.txt", 1, opener=opener), ref("d/evil.txt")], out, overwrite=True)
    assert list(outside.iterdir()) == []


def test_a_file_that_appears_while_it_is_copied_is_not_overwritten(tmp_path):
    def opener():
        (tmp_path / "a.txt").write_bytes(b"theirs")
        return io.BytesIO(b"ours")

    with pytest.raises(FileExists, match=r"a\.txt"):
        copy_out([FileRef("1", "a.txt", 4, opener=opener)], tmp_path)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.txt", b"theirs")]


def test_files_are_copied_where_there_are_no_hard_links(tmp_path, monkeypatch):
    def refuse(*_args, **_options):
        raise PermissionError

    monkeypatch.setattr("os.link", refuse)
    copy_out([ref("d/a.txt")], tmp_path)
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["a.txt"]
