"""Archives made by an enemy: nothing is written outside, and nothing of them is kept."""

from __future__ import annotations

import io
import os
import random
import stat
import struct
import tracemalloc
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connectors.authoring import FileRef
from connectors.engine.safe_names import folded, harmless, problem_of
from connectors.engine.unpack import Ceilings, unpack
from connectors.errors import UnsafeArchive

KIB = 1024
MIB = 1024 * KIB


@dataclass
class Entry:
    """One entry of a zip archive, every figure of which can be a lie."""

    name: str | bytes
    content: bytes = b"x"
    mode: int = stat.S_IFREG | 0o644
    flags: int = 0x800  # names are UTF-8
    method: int = zipfile.ZIP_DEFLATED
    extra: bytes = b""
    local_name: bytes | None = None
    crc: int | None = None
    size: int | None = None
    packed_size: int | None = None
    at: int | None = None  # offset of the local header that the directory tells
    packed: bytes = field(init=False)

    def __post_init__(self) -> None:
        if self.method == zipfile.ZIP_DEFLATED:
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            self.packed = packer.compress(self.content) + packer.flush()
        else:
            self.packed = self.content
        self.crc = zlib.crc32(self.content) if self.crc is None else self.crc

    @property
    def octets(self) -> bytes:
        return self.name.encode("utf-8", "surrogatepass") if isinstance(self.name, str) else self.name

    @property
    def figures(self) -> tuple[int, ...]:
        size = len(self.content) if self.size is None else self.size
        packed = len(self.packed) if self.packed_size is None else self.packed_size
        return (self.crc or 0, packed, size)


def pack(*entries: Entry, comment: bytes = b"") -> bytes:
    """The archive that the entries describe."""
    out, directory = io.BytesIO(), b""
    for entry in entries:
        local = entry.octets if entry.local_name is None else entry.local_name
        at = out.tell() if entry.at is None else entry.at
        head = struct.pack("<HHHHHIII", 20, entry.flags, entry.method, 0, 0x21, *entry.figures)
        if entry.at is None:
            out.write(b"PK\3\4" + head + struct.pack("<HH", len(local), len(entry.extra)) + local + entry.extra)
            out.write(entry.packed)
        directory += b"PK\1\2" + struct.pack("<H", 0x0314) + head
        directory += struct.pack("<HHHHHII", len(entry.octets), len(entry.extra), 0, 0, 0, entry.mode << 16, at)
        directory += entry.octets + entry.extra
    where, count = out.tell(), min(len(entries), 0xFFFF)
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), where, len(comment))
    return out.getvalue() + directory + end + comment


GOOD = Entry("pub/out/index.html", b"<p>Hi</p>")
UNIX_LINK = struct.pack("<HHIIHH", 0x000D, 12 + 6, 0, 0, 0, 0) + b"target"

ATTACKS = {
    "traversal": [Entry("../evil")],
    "traversal further in": [Entry("pub/../../evil")],
    "traversal at the end": [Entry("pub/..")],
    "traversal with backslashes": [Entry("..\\evil")],
    "backslashes further in": [Entry("pub\\..\\..\\evil")],
    "here": [Entry("./evil")],
    "absolute": [Entry("/tmp/evil")],
    "absolute with backslash": [Entry("\\evil")],
    "of a server": [Entry("//server/share/evil")],
    "of a windows server": [Entry("\\\\server\\share\\evil")],
    "empty part": [Entry("pub//evil")],
    "drive letter": [Entry("C:/evil")],
    "drive letter without a slash": [Entry("C:evil")],
    "stream": [Entry("pub/file.txt:evil")],
    "symlink": [Entry("link", b"/etc/passwd", mode=stat.S_IFLNK | 0o777)],
    "symlink and a file behind it": [Entry("d", b"/tmp", mode=stat.S_IFLNK | 0o777), Entry("d/evil")],
    "link in an extra field": [Entry("hard", extra=UNIX_LINK)],
    "character device": [Entry("null", mode=stat.S_IFCHR | 0o666)],
    "block device": [Entry("disk", mode=stat.S_IFBLK | 0o666)],
    "pipe": [Entry("pipe", mode=stat.S_IFIFO | 0o666)],
    "socket": [Entry("socket", mode=stat.S_IFSOCK | 0o666)],
    "device of windows": [Entry("pub/NUL.txt")],
    "device of windows with a blank": [Entry("pub/NUL .txt")],
    "console of windows": [Entry("con")],
    "duplicate": [Entry("a", b"1"), Entry("a", b"2")],
    "names that differ in case": [Entry("Read.me"), Entry("rEAD.ME")],
    "names that fold alike": [Entry("straße"), Entry("STRASSE")],
    "names composed differently": [Entry("caf\u00e9"), Entry("cafe\u0301")],
    "file and folder": [Entry("a"), Entry("a/b")],
    "folder and file": [Entry("a/", b""), Entry("A")],
    "nul": [Entry("a\0.txt")],
    "nul hiding traversal": [Entry(b"fine.txt\0/../../evil")],
    "newline": [Entry("a\nb")],
    "escape": [Entry("a\x1b[31m")],
    "delete": [Entry("a\x7f")],
    "direction of writing": [Entry("a\u202egpj.exe")],
    "not utf-8": [Entry(b"\xff\xfe", flags=0x800)],
    "long part": [Entry("a" * 256)],
    "long part in utf-8": [Entry("é" * 128)],
    "long path": [Entry("/".join(["abcdefghi"] * 101))],
    "no name": [Entry("")],
    "only a slash": [Entry("/", b"")],
    "trailing dot": [Entry("pub./a")],
    "trailing blank": [Entry("a ")],
    "only dots": [Entry("...")],
    "bomb by ratio": [Entry("zeros", bytes(4 * MIB))],
    "bomb of small files": [Entry(f"z{n}", bytes(512 * KIB)) for n in range(4)],
    "bomb that says it is larger": [Entry("a", b"x" * KIB, size=2**31 - 1)],
    "too many files": [Entry(f"f{n}") for n in range(101)],
    "too many folders": [Entry(f"f{n}/", b"") for n in range(101)],
    "overlap": [GOOD, Entry("again", GOOD.content, local_name=b"", at=0)],
    "one file under many names": [Entry("a", bytes(KIB)), *[Entry(f"b{n}", bytes(KIB), at=0) for n in range(50)]],
    "runs into the next": [Entry("a", b"abc", method=0, packed_size=60, size=60), Entry("b", b"x" * 100, method=0)],
    "runs into the directory": [Entry("a", b"abc", method=0, packed_size=60, size=60)],
    "encrypted": [Entry("a", flags=0x801)],
    "strongly encrypted": [Entry("a", flags=0x841)],
    "masked directory": [Entry("a", flags=0x2800)],
    "wrong checksum": [Entry("a", b"abc", crc=1)],
    "longer than told": [Entry("a", b"x" * 1000, size=10)],
    "shorter than told": [Entry("a", b"x" * 10, size=1000)],
    "other name in its own header": [Entry("a", local_name=b"b")],
    "bzip2": [Entry("a", b"BZh9", method=zipfile.ZIP_BZIP2)],
    "lzma": [Entry("a", method=zipfile.ZIP_LZMA)],
    "unknown method": [Entry("a", method=97)],
    "header elsewhere": [Entry("a", at=5)],
    "header behind the end": [Entry("a", at=2**31)],
    "no deflate data": [Entry("a", b"\xff" * 50, method=0)],
}
ATTACKS["no deflate data"][0].method = zipfile.ZIP_DEFLATED
CEILINGS = Ceilings(files=100, bytes=64 * MIB, ratio=200)


class Shelf:
    """Takes the files of an archive as the engine does: whatever they are called, into one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: list[str] = []

    def make(self, name, content):
        data = b"".join(content)
        (self.folder / str(len(self.names))).write_bytes(data)
        self.names.append(name)
        return FileRef(str(len(self.names)), name, len(data))


def attack(data: bytes, tmp_path: Path, ceilings: Ceilings = CEILINGS) -> Shelf:
    shelf = Shelf(tmp_path)
    unpack(io.BytesIO(data), shelf.make, ceilings)
    return shelf


@pytest.mark.parametrize("entries", ATTACKS.values(), ids=ATTACKS.keys())
@pytest.mark.parametrize("place", ["alone", "behind a good file"])
def test_an_unsafe_archive_is_refused(entries, place, tmp_path):
    if place == "alone" or any(entry.at is not None for entry in entries):
        data = pack(*entries)
    else:
        data = pack(GOOD, *entries)
    with pytest.raises(UnsafeArchive) as caught:
        attack(data, tmp_path)
    assert caught.value.code == "unsafe_archive"
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize("entries", ATTACKS.values(), ids=ATTACKS.keys())
def test_an_unsafe_archive_leaves_nothing_behind_anywhere(entries, desk, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    desk.routes["GET", "/z"] = lambda path, body: (200, pack(*entries), {"content-type": "application/zip"})
    desk.declare(lambda call, given: {"f": call.unpack(call.download("/z"), max_files=100)}, name="fetch")
    desk.host.files.prune()
    before = everything(tmp_path)
    with pytest.raises(UnsafeArchive):
        desk.call("fetch")
    assert desk.on_disk() == []
    assert everything(tmp_path) - before <= {str(tmp_path / "home" / "files")}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("traversal", "leads elsewhere"),
        ("absolute", "absolute path"),
        ("drive letter", "colon"),
        ("symlink", "link, device"),
        ("link in an extra field", "link or device"),
        ("duplicate", "one name"),
        ("nul hiding traversal", "control character"),
        ("bomb by ratio", "as a bomb would"),
        ("overlap", "overlap"),
        ("encrypted", "encrypted"),
        ("too many files", "more than 100"),
    ],
)
def test_the_error_says_what_is_wrong(name, reason, tmp_path):
    with pytest.raises(UnsafeArchive, match=reason):
        attack(pack(*ATTACKS[name]), tmp_path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packing_that_needs_unbounded_memory_is_refused_though_it_is_whole(method, tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(UnsafeArchive, match="bounded memory"):
        attack(packed.getvalue(), tmp_path)


def test_what_came_before_the_fault_is_removed_at_once_even_if_the_action_goes_on(desk):
    def fetch(call, given):
        archive = call.give("a.zip", pack(GOOD, Entry("a", b"abc", crc=1)))
        with pytest.raises(UnsafeArchive):
            call.unpack(archive)
        return {"left": len(desk.on_disk())}

    desk.declare(fetch)
    assert desk.call("fetch").output == {"left": 1}


def everything(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*") if "connectors.db" not in path.name}


def whole() -> bytes:
    return pack(GOOD, Entry("pub/out/a.bin", random.Random(1).randbytes(5000)), comment=b"hello")


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"<html>Log in</html>", b"\0" * 1000, b"PK\5\6", bytes(range(256)) * 50, b"%PDF-1.7" + b"x" * 500],
    ids=["empty", "letters", "web page", "zeros", "cut end", "bytes", "pdf"],
)
def test_what_is_no_archive_is_refused(data, tmp_path):
    with pytest.raises(UnsafeArchive, match="no whole zip"):
        attack(data, tmp_path)


@pytest.mark.parametrize("left", [1, 30, 100, 3000, 5000, -6, -30])
def test_a_truncated_archive_is_refused(left, tmp_path):
    with pytest.raises(UnsafeArchive):
        attack(whole()[:left], tmp_path)


@pytest.mark.parametrize("cut", [(40, 60), (1000, 3000)])
def test_an_archive_with_a_hole_is_refused(cut, tmp_path):
    data = whole()
    with pytest.raises(UnsafeArchive):
        attack(data[: cut[0]] + data[cut[1] :], tmp_path)


def test_a_good_archive_comes_out_as_it_went_in(tmp_path):
    files = {f"pub/out/{n}/Größe {n}.txt": os.urandom(n * 100) for n in range(40)}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("pub/empty")
        for name, content in files.items():
            archive.writestr(name, content)
    shelf = attack(packed.getvalue(), tmp_path)
    assert shelf.names == list(files)
    assert [(tmp_path / str(n)).read_bytes() for n in range(40)] == list(files.values())


def test_an_archive_written_as_a_stream_is_good_too(tmp_path):
    class Pipe(io.RawIOBase):
        def __init__(self):
            self.data = b""

        def writable(self):
            return True

        def write(self, data):
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "x" * 1000)
        archive.writestr("b.txt", "y")
    assert attack(pipe.data, tmp_path).names == ["a.txt", "b.txt"]


def test_something_in_front_of_an_archive_does_no_harm(tmp_path):
    packed = io.BytesIO(b"#!/bin/sh\n")
    packed.seek(0, io.SEEK_END)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("a.txt", "x")
        archive.writestr("b.txt", "y")
    assert attack(packed.getvalue(), tmp_path).names == ["a.txt", "b.txt"]


def test_an_archive_inside_an_archive_is_a_file_like_any_other(tmp_path):
    bomb = pack(Entry("zeros", bytes(4 * MIB)))
    shelf = attack(pack(Entry("inner.zip", bomb)), tmp_path)
    assert (tmp_path / "0").read_bytes() == bomb
    assert shelf.names == ["inner.zip"]


def test_more_bytes_than_allowed_are_refused_before_any_is_written(tmp_path):
    data = pack(*[Entry(f"f{n}", os.urandom(100 * KIB), method=0) for n in range(11)])
    with pytest.raises(UnsafeArchive, match="more than 1,048,576"):
        attack(data, tmp_path, Ceilings(bytes=MIB))
    assert list(tmp_path.iterdir()) == []


def test_a_directory_of_millions_does_not_fill_the_memory(tmp_path):
    entry = b"PK\1\2" + bytes(24) + struct.pack("<HHHHHII", 1, 0, 0, 0, 0, 0, 0) + b"a"
    directory = entry * 1_000_000
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, len(directory), 0, 0)
    file = tmp_path / "many.zip"
    file.write_bytes(directory + end)
    del directory
    (tmp_path / "out").mkdir()
    tracemalloc.start()
    try:
        with file.open("rb") as source, pytest.raises(UnsafeArchive, match="directory is larger"):
            unpack(source, Shelf(tmp_path / "out").make, Ceilings())
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_a_file(tmp_path):
    data = pack(Entry("big", os.urandom(MIB) * 40, method=0))
    seen = 0

    def make(name, content):
        nonlocal seen
        seen = sum(map(len, content))
        return FileRef("1", name, seen)

    source = io.BytesIO(data)
    tracemalloc.start()
    try:
        unpack(source, make, Ceilings())
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()
    assert seen == 40 * MIB


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_an_archive_with_changed_bytes_is_unpacked_or_refused_but_never_anything_else(data):
    octets = bytearray(whole())
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    made = []

    def make(name, content):
        assert problem_of(name) is None
        made.append(b"".join(content))
        return FileRef("1", name, len(made[-1]))

    try:
        unpack(io.BytesIO(bytes(octets)), make, Ceilings(bytes=MIB))
    except UnsafeArchive:
        return
    assert sum(map(len, made)) <= MIB


@given(st.text(max_size=300))
@settings(deadline=None)
def test_any_text_becomes_one_safe_file_name(text):
    name = harmless(text)
    assert problem_of(name) is None
    assert "/" not in name
    assert folded(folded(name)) == folded(name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (None, "file"),
        ("..", "file"),
        ("a/b/c.zip", "c.zip"),
        ("C:\\x\\report.pdf", "report.pdf"),
        ("con.txt", "_con.txt"),
        ("what?.txt", "what_.txt"),
        ("x" * 300 + ".zip", "x" * 251 + ".zip"),
    ],
)
def test_a_file_name_keeps_what_it_can(text, name):
    assert harmless(text) == name


def test_many_deep_folders_do_not_fill_the_memory():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for number in range(1000):
            file.writestr(f"{number}/{'a/' * 485}b", b"")
    tracemalloc.start()
    try:
        assert len(unpack(archive, lambda name, _: FileRef("1", name, 0), Ceilings())) == 1000
        assert tracemalloc.get_traced_memory()[1] < 64 * MIB
    finally:
        tracemalloc.stop()


@given(st.lists(st.text("aAb!/0", min_size=1, max_size=6), max_size=8))
def test_names_collide_if_they_cannot_lie_beside_each_other(names):
    names = [name.strip("/") + "/" * name.endswith("/") for name in names]
    assume(all(name.strip("/") and "//" not in name for name in names))
    files = [name.casefold() for name in names if not name.endswith("/")]
    folders = {name.casefold().rstrip("/") for name in names if name.endswith("/")}
    for name in [*files, *folders]:
        folders.update(str(folder) for folder in PurePosixPath(name).parents)
    good = len(set(files)) == len(files) and folders.isdisjoint(files)
    archive = io.BytesIO(pack(*[Entry(name, b"") for name in names]))
    try:
        unpack(archive, lambda name, _: FileRef("1", name, 0), Ceilings())
    except UnsafeArchive:
        assert not good
    else:
        assert good
