import io
import json
from email.parser import BytesParser
from email.policy import HTTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import InputError
from connectors.runtime.catalog import Provider
from connectors.runtime.connection import Connection
from connectors.runtime.multipart import FilePart, Multipart
from connectors.runtime.request import Call, build

FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
MULTIPART = {"content-type": "multipart/form-data"}


def sent(method="POST", body=None, **call):
    definition = {"auth_mode": "API_KEY", "proxy": {"base_url": "https://api.example.com", "body": body or {}}}
    connection = Connection(Provider("p", definition, "test"), {"region": "eu", "empty": ""}, {"apiKey": "k3y-value"})
    return build(connection, Call(method=method, endpoint="/x", **call), boundary="B")


def octets(request):
    return request.body if isinstance(request.body, bytes) else b"".join(request.body)


@pytest.mark.parametrize(
    ("data", "headers", "body", "content_type"),
    [
        ({"a": 1, "ü": None}, {}, '{"a":1,"ü":null}', "application/json"),
        ([1, {"a": 2}], {}, '[1,{"a":2}]', "application/json"),
        ({}, {}, "{}", "application/json"),
        ({"a": 1}, {"content-type": "application/vnd.api+json"}, '{"a":1}', "application/vnd.api+json"),
        ("a=1", {}, "a=1", FORM["content-type"]),
        ('{"a": 1}', JSON, '{"a": 1}', "application/json"),
        ("no json", JSON, '"no json"', "application/json"),
        ("NaN", JSON, '"NaN"', "application/json"),
        (5, JSON, "5", "application/json"),
        (True, JSON, "true", "application/json"),
        ("<a/>", {"content-type": "text/xml"}, "<a/>", "text/xml"),
        (b"\x00\xff".decode("latin-1").encode("latin-1"), {}, "\x00\xff", "application/octet-stream"),
        ({"a": "1 2", "b": ["x", "y"], "c": {"e": [1]}, "n": None, "t": True}, FORM,
         "a=1+2&b%5B%5D=x&b%5B%5D=y&c%5Be%5D%5B0%5D=1&t=true", FORM["content-type"]),
        (None, {}, "", FORM["content-type"]),
        ("", {}, "", FORM["content-type"]),
        (None, JSON, "", "application/json"),
    ],
)  # fmt: skip
def test_a_body_is_written_as_its_content_type_asks(data, headers, body, content_type):
    request = sent(data=data, headers=headers)
    expected = body.encode("latin-1") if isinstance(data, bytes) else body.encode()
    assert octets(request) == expected
    assert request.headers["content-type"] == content_type
    assert request.headers["content-length"] == str(len(expected))


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_methods_without_a_body_send_none(method):
    request = sent(method, body={"key": "${apiKey}"}, data={"a": 1})
    assert request.body is None
    assert "content-length" not in request.headers
    assert "content-type" not in request.headers


def test_a_delete_sends_data_and_no_length_without():
    assert octets(sent("DELETE", data={"a": 1})) == b'{"a":1}'
    assert sent("DELETE").body is None
    assert "content-length" not in sent("DELETE").headers


@pytest.mark.parametrize("data", [5, 1.5, True, object(), {"a": float("nan")}, {"a": {1, 2}}, {"a": object()}])
def test_what_has_no_written_form_is_refused(data):
    with pytest.raises(InputError):
        sent(data=data)


def test_data_without_end_is_refused():
    loop: dict = {}
    loop["a"] = loop
    for headers in ({}, FORM, MULTIPART):
        with pytest.raises(InputError):
            sent(data=loop, headers=headers)


def test_half_a_surrogate_pair_does_not_break_json():
    assert json.loads(octets(sent(data={"a": "\ud800"}))) == {"a": "\ufffd"}


BODY = {
    "key": "${apiKey}",
    "lit": "v",
    "miss": "${nope}",
    "auth": {"r": "${connectionConfig.region}"},
    "gone": {"m": "${nope}"},
    "n": 5,
}
FILLED = {"key": "k3y-value", "lit": "v", "auth": {"r": "eu"}, "n": 5}


class TestDefinitionsBody:
    def test_it_is_merged_over_mappings_and_stands_alone_without_data(self):
        assert json.loads(octets(sent(body=BODY))) == FILLED
        assert json.loads(octets(sent(body=BODY, data={"a": 1, "auth": {"x": 1}}))) == {"a": 1, **FILLED}

    @pytest.mark.parametrize("data", ["a=1", b"a=1", [1, 2]])
    def test_other_data_is_left_alone(self, data):
        assert b"k3y-value" not in octets(sent(body=BODY, data=data))

    def test_it_joins_forms(self):
        assert octets(sent(body={"k": "v", "a": {"b": {"c": "d"}}}, data={"x": 1}, headers=FORM)) == (
            b"x=1&k=v&a%5Bb%5D%5Bc%5D=d"
        )


class TestMultipart:
    def test_fields_come_first_then_files_in_the_order_given(self, tmp_path):
        path = tmp_path / "über.xml"
        path.write_bytes(b"<a/>")
        files = {
            "second": FilePart("b.txt", io.BytesIO(b"from a file"), "text/plain"),
            "first": FilePart('we"ird\r\n.bin', b"\x00\r\n--B\x01"),
            "third": FilePart(path.name, path),
        }
        request = sent(data={"z": "1", "a": {"b": [1, None]}, "none": None}, files=files)
        body = octets(request)
        assert request.headers["content-type"] == "multipart/form-data; boundary=B"
        assert request.headers["content-length"] == str(len(body))
        names = [line for line in body.split(b"\r\n") if line.startswith(b"Content-Disposition")]
        assert [name.decode() for name in names] == [
            'Content-Disposition: form-data; name="z"',
            'Content-Disposition: form-data; name="a[b]"',
            'Content-Disposition: form-data; name="second"; filename="b.txt"',
            'Content-Disposition: form-data; name="first"; filename="we%22ird%0D%0A.bin"',
            'Content-Disposition: form-data; name="third"; filename="über.xml"',
        ]
        assert body.endswith(b"<a/>\r\n--B--\r\n")
        assert b"\x00\r\n--B\x01" in body

    def test_the_body_can_be_sent_again(self):
        file = io.BytesIO(b"skipped, sent")
        file.seek(9)
        body = sent(files={"f": FilePart("f.txt", file)}).body
        assert b"".join(body) == b"".join(body)
        assert b"skipped" not in b"".join(body)
        assert b"sent" in b"".join(body)
        assert not file.closed

    def test_a_field_given_as_pairs_may_come_several_times(self):
        pairs = [("target", "sv"), ("target", "de"), ("force", True), ("none", None)]
        body = octets(sent(data=pairs, files={"f": FilePart("f.txt", b"x")}))
        heads = [line for line in body.split(b"\r\n") if line.startswith(b"Content-Disposition")]
        assert [head.split(b'"')[1] for head in heads] == [b"target", b"target", b"force", b"f"]
        assert body.count(b"\r\n\r\nsv\r\n") == body.count(b"\r\n\r\nde\r\n") == body.count(b"\r\n\r\ntrue\r\n") == 1

    def test_a_list_that_holds_no_pairs_cannot_be_a_form(self):
        for junk in ([1], [("a",)], [("a", [1])], [(1, "a")]):
            with pytest.raises(InputError, match="as pairs"):
                sent(data=junk, files={"f": FilePart("f.txt", b"x")})

    def test_files_are_read_in_pieces(self, tmp_path):
        path = tmp_path / "large.bin"
        with path.open("wb") as file:
            file.truncate(5_000_000)
        body = sent(files={"f": FilePart("large.bin", path)}).body
        assert max(map(len, body)) <= 64 * 1024
        assert sum(map(len, body)) == body.length

    def test_each_form_has_its_own_boundary_unless_told(self):
        assert Multipart([], []).boundary != Multipart([], []).boundary
        with pytest.raises(InputError):
            Multipart([], [], boundary="x\r\ny")

    def test_a_file_that_cannot_be_read_is_an_error_before_anything_is_sent(self, tmp_path):
        class Stream(io.RawIOBase):
            def readable(self):
                return True

        for content in (tmp_path / "missing.txt", tmp_path, Stream(), object()):
            with pytest.raises(InputError, match=r"f\.txt"):
                sent(files={"f": FilePart("f.txt", content)})

    def test_a_file_that_shrinks_meanwhile_is_an_error(self, tmp_path):
        path = tmp_path / "f.txt"
        path.write_bytes(b"12345")
        body = sent(files={"f": FilePart("f.txt", path)}).body
        path.write_bytes(b"123")
        with pytest.raises(InputError, match="shorter"):
            list(body)

    def test_files_need_a_method_with_a_body_and_fields_in_a_mapping(self):
        with pytest.raises(InputError):
            sent("GET", files={"f": FilePart("f.txt", b"x")})
        with pytest.raises(InputError):
            sent(data="text", files={"f": FilePart("f.txt", b"x")})
        with pytest.raises(InputError):
            sent(files={"f": FilePart("f.txt", b"x", "text/plain\r\nX-Evil: 1")})

    def test_a_body_with_its_own_boundary_is_left_alone(self):
        given = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'
        request = sent(data=given, headers={"content-type": "multipart/form-data; boundary=b"})
        assert octets(request) == given.encode()

    @given(
        st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text(max_size=20), max_size=3),
        st.binary(max_size=200),
    )
    def test_a_parser_reads_back_what_went_in(self, fields, content):
        body = Multipart(list(fields.items()), [("file", FilePart("f.bin", content))], "BOUND")
        raw = b"".join(body)
        assert len(raw) == body.length
        if b"BOUND" in content or any("BOUND" in value for value in fields.values()):
            return
        pieces = raw.removesuffix(b"\r\n--BOUND--\r\n").split(b"--BOUND\r\n")[1:]
        parts = [piece.partition(b"\r\n\r\n") for piece in pieces]
        assert parts[-1][2] == content
        message = BytesParser(policy=HTTP).parsebytes(parts[-1][0] + b"\r\n\r\n")
        assert message.get_filename() == "f.bin"
        values = [value.removesuffix(b"\r\n").decode("utf-8", "replace") for _, _, value in parts[:-1]]
        assert values == [value.encode("utf-8", "replace").decode() for value in fields.values()]
