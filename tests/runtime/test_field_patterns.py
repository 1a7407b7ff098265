import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.runtime.field_rules import accepts
from connectors.runtime.pattern import PatternError, compiled, portable


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("[0-9]", "a1b"),
        (r"^[\w-a]+$", "w-a"),
        ("^[[a]+$", "[a"),
        ("^[a&&b||c]+$", "&|"),
        ("^[A-Za-z0-9-_]+$", "a-_"),
        ("^a{,5}$", "a{,5}"),
        (r"^\e\:\-$", "e:-"),
        ("[^]", "\n"),
        (r"^(?<n>a)\1$", "aa"),
        (r"^\s$", "\ufeff"),
        (r"^[\d.-]+$", "1.-"),
        (r"^[\x41\u0042]+$", "AB"),
        ("^x{2}?$", "xx"),
        ("(?<=a)b", "ab"),
        (r"^https?:\/\/$", "https://"),
        ("^$", ""),
    ],
)
def test_a_pattern_matches_as_in_javascript(pattern, value):
    assert compiled(pattern).search(value)


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ("^a$", "a\n"),
        (r"^\d$", "٣"),
        (r"^\w$", "é"),
        ("^.$", "\u2028"),
        ("^.$", "\r"),
        ("[]", "a"),
        ("^[a-z]$", "A"),
        (r"^\S$", "\u00a0"),
    ],
)
def test_a_pattern_matches_no_more_than_in_javascript(pattern, value):
    assert not compiled(pattern).search(value)


@pytest.mark.parametrize(
    "pattern",
    [
        "a++",
        "a**",
        "(?i)a",
        "(?P<n>a)",
        "(?#x)",
        "(?>a)",
        "(",
        ")",
        "[z-a]",
        "[a",
        "\\",
        "*a",
        "^*",
        r"[a\-+-=\d-\-+]]*++",
    ],
)
def test_what_javascript_does_not_compile_is_refused(pattern):
    with pytest.raises(PatternError):
        compiled(pattern)


@settings(deadline=None)
@given(st.lists(st.sampled_from(list(r"[](){}^$*+?.\|-ab0,:=!<>&~" + "\n")), max_size=15).map("".join))
def test_any_pattern_compiles_or_is_refused(pattern):
    try:
        assert isinstance(compiled(pattern), re.Pattern)
    except PatternError:
        pass
    else:
        re.compile(portable(pattern))


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("hostname", ["example.com", "a", "."], ["x.com:80", "ü.com", "https://x", "", "a_b"]),
        ("email", ["a@b.co", "A+tag@ex.com"], ["a@b", ".a@b.co", "a..b@c.co", "a b@c.com", "a@b@c.com", ""]),
        (
            "uri",
            ["https://x.com", "javascript:alert(1)", "HTTPS://X.COM/a?b#c", "ftp://x"],
            ["x.com", "https://", "https://x y", "https://x:99999", ""],
        ),
        (
            "uuid",
            ["99999999-8888-4777-8666-555555555555", "00000000-0000-0000-0000-000000000000"],
            ["x", "99999999-8888-4777-C666-555555555555", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
        ),
    ],
)
def test_formats(kind, good, bad):
    assert all(accepts({"format": kind}, value) is True for value in good)
    assert all(accepts({"format": kind}, value) is False for value in bad)
