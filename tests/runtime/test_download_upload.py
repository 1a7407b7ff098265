import io
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import CallError, ConnectionLost, FilePart, InputError, NotFoundError, TooLarge
from connectors.runtime.files import filename_of


def test_a_download_arrives_whole_with_its_facts(server, client_to, replies, tmp_path):
    headers = {"content-type": "application/zip", "content-disposition": 'attachment; filename="out.zip"'}
    server.script = [replies(body=b"z" * 200_000, headers=headers)]
    got = client_to().download("/x", tmp_path / "a.zip")
    assert (got.bytes, got.content_type, got.filename) == (200_000, "application/zip", "out.zip")
    assert (tmp_path / "a.zip").read_bytes() == b"z" * 200_000
    assert [file.name for file in tmp_path.iterdir()] == ["a.zip"]


def test_a_download_into_something_open(server, client_to, replies):
    server.script = [replies(body=b"abc")]
    target = io.BytesIO(b"before and after")
    target.seek(7)
    client_to().download("/x", target)
    assert target.getvalue() == b"before abc"


@pytest.mark.parametrize("as_text", [True, False])
def test_a_failed_download_leaves_the_old_file_and_no_other(server, client_to, replies, tmp_path, as_text):
    target = tmp_path / "a.zip"
    target.write_bytes(b"old")
    server.script = [replies(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab")]
    with pytest.raises(ConnectionLost):
        client_to().download("/x", str(target) if as_text else target)
    server.script = [replies(status=404)]
    with pytest.raises(NotFoundError):
        client_to().download("/x", target)
    assert target.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.zip"]


def test_a_download_that_breaks_off_begins_again(server, client_to, replies, tmp_path):
    server.script = [replies(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabcd"), replies(body=b"xyz")]
    got = client_to().download("/x", tmp_path / "a")
    assert (got.bytes, (tmp_path / "a").read_bytes()) == (3, b"xyz")


class Pipe(io.RawIOBase):
    def __init__(self):
        self.got = b""

    def writable(self):
        return True

    def write(self, data):
        self.got += bytes(data)
        return len(data)


def test_what_cannot_be_rewound_is_never_written_twice(server, client_to, replies):
    server.script = [
        replies(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n" + b"a" * 70_000),
        replies(body=b"xyz"),
    ]
    pipe = Pipe()
    with pytest.raises(CallError, match="rewound"):
        client_to().download("/x", pipe)
    assert len(server.seen) == 1
    assert set(pipe.got) == {ord("a")}


def test_a_download_has_a_ceiling(server, client_to, replies, tmp_path):
    server.script = [replies(body=b"a" * 100_000)]
    with pytest.raises(TooLarge):
        client_to().download("/x", tmp_path / "a", max_bytes=1000)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a\0b", "a\ud800", "a" * 5000, "no/such/folder"])
def test_a_target_that_is_no_file_name_is_an_error_of_ours(client_to, tmp_path, name):
    with pytest.raises(InputError):
        client_to().download("/x", f"{tmp_path}/{name}")


@pytest.mark.parametrize("target", [5, None, b"a"])
def test_what_is_no_target_is_refused(client_to, target):
    with pytest.raises(InputError):
        client_to().download("/x", target)


def test_a_pipe_is_written_to_and_stays(server, client_to, replies, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    server.script = [replies(body=b"abc")]
    client_to().download("/x", pipe)
    reader.join(5)
    assert got == [b"abc"]
    assert pipe.is_fifo()


def test_a_device_is_written_to(server, client_to, replies):
    server.script = [replies(body=b"abc")]
    assert client_to().download("/x", "/dev/null").bytes == 3
    assert Path("/dev/null").is_char_device()


def test_a_target_that_cannot_be_written_is_said_before_anything_is_sent(server, client_to, tmp_path):
    for target in (tmp_path, tmp_path / "missing" / "a"):
        with pytest.raises(InputError, match="folder"):
            client_to().download("/x", target)
    assert server.seen == []


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (None, None),
        ("inline", None),
        ("attachment; filename=a.zip", "a.zip"),
        ('attachment; filename="a b;c.zip"', "a b;c.zip"),
        ("attachment; filename=\"x.zip\"; filename*=UTF-8''%e2%82%ac.zip", "€.zip"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="..\\\\..\\\\evil.exe"', "evil.exe"),
        ("attachment; filename*=UTF-8''..%2F..%2Fevil", "evil"),
        ('attachment; filename=".."', None),
        ('attachment; filename="a\x00b"', "a_b"),
    ],
)
def test_the_providers_name_for_a_file_is_one_harmless_name(header, name):
    assert filename_of(header) == name


@given(st.text())
def test_no_header_gives_a_name_that_leaves_its_folder(text):
    name = filename_of(f'attachment; filename="{text}"')
    assert name is None or (Path("folder") / name).parent == Path("folder")
    assert name not in (".", "..", "")


def test_an_upload_is_streamed_in_a_fixed_order_with_its_length(server, client_to, tmp_path):
    (tmp_path / "big.bin").write_bytes(b"b" * 150_000)
    files = {
        "archive": tmp_path / "big.bin",
        "note": ("note.txt", b"hi"),
        "pic": FilePart("p.png", io.BytesIO(b"png"), "image/png"),
    }
    client_to().upload("/x", files=files, data={"parent": 7})
    seen = server.seen[0]
    assert seen.method == "POST"
    assert seen.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert seen.headers["content-length"] == str(len(seen.body))
    marks = [
        b'name="parent"',
        b'name="archive"; filename="big.bin"',
        b"b" * 150_000,
        b'filename="note.txt"',
        b"image/png",
    ]
    positions = [seen.body.index(mark) for mark in marks]
    assert positions == sorted(positions)


def test_an_upload_that_is_repeated_sends_everything_again(server, client_to, replies):
    server.script = [replies(status=429), replies()]
    client_to().upload("/x", files={"a": ("a.bin", io.BytesIO(b"abc" * 1000))})
    assert len(server.seen) == 2
    assert all(b"abc" * 1000 in seen.body for seen in server.seen)


@pytest.mark.parametrize("value", ["/etc/passwd", b"bytes", 5, ("only-name",), (1, b"x")])
def test_what_is_no_file_is_refused(client_to, value):
    with pytest.raises(InputError, match="no file"):
        client_to().upload("/x", files={"a": value})
