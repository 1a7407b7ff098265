import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import InvalidUrl
from connectors.runtime.address import form, parse, parse_form


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("https://API.Example.com:443/V2/a/../b", "https://api.example.com/V2/b"),
        ("http://a.example:80", "http://a.example/"),
        ("http://a.example:8080/x", "http://a.example:8080/x"),
        (" \thttps://a.exa\nmple/x ", "https://a.example/x"),
        ("https:\\\\a.example\\b\\c", "https://a.example/b/c"),
        ("https://a.example/a b/ü?q=a b'\"<>&r=ü", "https://a.example/a%20b/%C3%BC?q=a%20b%27%22%3C%3E&r=%C3%BC"),
        ("https://a.example/%7Ex?q=a%20b+c", "https://a.example/%7Ex?q=a%20b+c"),
        ("https://a.example/x?y={1}|2#f g", "https://a.example/x?y={1}|2#f%20g"),
        ("https://a.example/{x}", "https://a.example/%7Bx%7D"),
        ("https://a.example/a/%2e%2E/b/./c/.", "https://a.example/b/c/"),
        ("https://a.example/../../..", "https://a.example/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://[::0001]:443/x", "https://[::1]/x"),
        ("https://0x7f.1/", "https://127.0.0.1/"),
        ("https://2130706433/", "https://127.0.0.1/"),
        ("https://a.example?x", "https://a.example/?x"),
        ("https://a.example/x?", "https://a.example/x?"),
    ],
)
def test_an_address_is_read_as_browsers_read_it(text, normal):
    assert str(parse(text)) == normal
    assert str(parse(normal)) == normal


@pytest.mark.parametrize(
    "text",
    [
        *("", "a.example/x", "//a.example", "ftp://a.example", "javascript:alert(1)", "https://", "https:///?x"),
        *("https://a b/", "https://a.example:port/", "https://a.example:65536/", "https://a.example:" + "9" * 5000),
        *(
            "https://a%00b/",
            "https://a%2fb/",
            "https://[::1/",
            "https://[x]/",
            "https://1.2.3.256/",
            "https://1.2.3.4.5/",
        ),
        *("https://a^b/", "https://a|b/", "https://a<b/", "https://:80/", "https://\ud800\ud800:x/"),
    ],
)
def test_what_is_no_address_is_refused_without_quoting_it(text):
    with pytest.raises(InvalidUrl) as caught:
        parse(text)
    assert not text or text not in str(caught.value)


def test_user_info_is_kept_apart():
    address = parse("https://me:pw@a.example/x")
    assert (str(address), address.user_info) == ("https://a.example/x", "me:pw")
    assert parse("https://@a.example/").user_info == ""
    assert parse("https://a.example/@x").user_info is None


@given(st.text(max_size=60))
def test_the_normal_form_is_stable_whatever_the_text(text):
    try:
        address = parse(f"https://a.example/{text}")
    except InvalidUrl:
        pytest.fail("anything is a path, a query or a fragment")
    assert address.netloc == "a.example"
    assert str(parse(str(address))) == str(address)
    assert str(address).isascii()


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text):
    try:
        address = parse(f"https://{text}")
    except InvalidUrl:
        return
    assert address.host == address.host.lower()
    assert parse(str(address)) == address.__class__(**{**address.__dict__, "user_info": None})


@given(st.lists(st.tuples(st.text(max_size=10), st.text(max_size=10))))
def test_form_encoding_gives_back_what_went_in(pairs):
    whole = [
        (name.encode("utf-8", "replace").decode(), value.encode("utf-8", "replace").decode()) for name, value in pairs
    ]
    assert parse_form(form(whole)) == whole
    assert form(whole).isascii()
