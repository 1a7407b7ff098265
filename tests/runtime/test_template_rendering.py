from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import ConnectorError
from connectors.runtime.template import Moment, functions, placeholders, render, render_if_needed, render_s

MOMENT = Moment(datetime(2024, 3, 9, 8, 5, 7, 123000, tzinfo=UTC), lambda: "drawn")
VALUES = {
    "apiKey": "ak_1",
    "username": "us:er",
    "password": "p||w",
    "n": 5,
    "t": True,
    "empty": "",
    "nul": None,
    "dotted.key": "dk",
    "o": {"list": ["x", {"y": 1}]},
    "connectionConfig": {"sub": "acme", "a.b": "flat", "a": {"b": "nested"}},
}
ENGINES = [render, render_s, render_if_needed]


def text(template, variables=VALUES, engine=render):
    return engine(template, variables, moment=MOMENT).text


def missing(template, variables=VALUES, engine=render):
    return engine(template, variables, moment=MOMENT).missing


# --- Values and placeholders ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("plain", "plain"),
        ("a${apiKey}b${apiKey}", "aak_1bak_1"),
        ("${n}", "5"),
        ("${empty}", ""),
        ("${connectionConfig.a.b}", "nested"),
        ("${dotted.key}", "dk"),
        ("${o.list.0}${o.list.1.y}${o.list.length}", "x12"),
        ("${apiKey.length}${apiKey.0}", "4a"),
        ("$${apiKey}", "$ak_1"),
        ("\\${apiKey}", "\\ak_1"),
        ("${endpoint}", ""),
    ],
)
def test_a_placeholder_becomes_its_value(template, result):
    assert text(template) == result
    assert missing(template) == ()


@pytest.mark.parametrize(
    "name", ["missing", " apiKey ", "APIKEY", "t", "nul", "o", "o.list", "connectionConfig.x", "apiKey.9"]
)
def test_a_placeholder_without_a_value_stays_and_is_named(name):
    template = f"x${{{name}}}y"
    assert text(template) == template
    assert missing(template) == (name,)


@pytest.mark.parametrize(
    "template", ["${apiKey", "${${apiKey}}", "${a{b}}", "${}", "${base64(a\nb)}", "${awsSigV4(a, ${apiKey})}"]
)
def test_whatever_still_opens_a_placeholder_counts_as_missing(template):
    assert missing(template)


def test_missing_names_come_once_and_in_order():
    assert missing("${b}${a}${b}${base64(${c})}") == ("b", "a", "c")


def test_a_missing_name_inside_a_function_is_named_although_the_text_hides_it():
    rendered = render("${base64(${missing})}", VALUES)
    assert rendered.text == "JHttaXNzaW5nfQ=="
    assert rendered.missing == ("missing",)


def test_engine_s_takes_flags_and_lists_by_their_own_name_only():
    assert text("${t}", engine=render_s) == "true"
    assert text("${o}", engine=render_s) == "[object Object]"
    assert text("${l}", {"l": ["a", None, 2]}, engine=render_s) == "a,,2"
    assert missing("${c.flag}", {"c": {"flag": True}}, engine=render_s) == ("c.flag",)


def test_engine_s_prefers_the_key_with_the_dots():
    both = {"a.b": "flat", "a": {"b": "nested"}}
    assert (text("${a.b}", both, engine=render_s), text("${a.b}", both)) == ("flat", "nested")


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (5.0, "5"),
        (0.0, "0"),
        (-0.0, "0"),
        (1.5, "1.5"),
        (1e-5, "0.00001"),
        (1e-7, "1e-7"),
        (1e21, "1e+21"),
        (10**400, "Infinity"),
    ],
)
def test_numbers_are_written_as_javascript_does(number, written):
    assert text("${n}", {"n": number}) == written


# --- Functions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("${base64(${username}:pw)}", "dXM6ZXI6cHc="),
        ("${base64(${username}:${password})}", "dXM6ZXI6cHx8dw=="),
        ("${base64(a)b)}", "YSli"),
        ("${base64(${base64(x)})}", "JHtiYXNlNjQoeA==)}"),
        ("${sha256Hex(${base64(x)})}", "5e21d86b709b6aa2d5fff6d7cfed56ab73bf002020a6399a955c0b09791d4613"),
        ("${sha256Base64(x)}", "LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE="),
        ("${hmacSha1Hex(m, )}", "43ed51772ea70e3c39579fcaa84cb160697c2aad"),
        ("${base64(a||b)}", "Yg=="),
    ],
)
def test_functions_work_in_the_order_that_definitions_rely_on(template, result):
    assert text(template) == result


def test_an_hmac_may_stand_inside_base64():
    signed = text("${hmacSha1Hex(m, ${apiKey})}")
    assert text("${base64(${username}:${hmacSha1Hex(m, ${apiKey})})}") == text("${base64(${username}:" + signed + ")}")


def test_a_value_with_half_a_character_is_still_encoded():
    assert text("${base64(${v})}", {"v": "\ud800"}) == "77+9"


# --- Alternatives --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("${missing} || x", "x"),
        ("${apiKey} || x", "ak_1"),
        ("${empty} || x", "x"),
        ("pre-${apiKey}-${missing} || x", "pre-ak_1-${missing}"),
        ("literal || ${apiKey}", "ak_1"),
        ("${missing} || a || b", "a"),
        ("${base64(${missing})} || d", "d"),
        ("${base64(${apiKey})} || d", "d"),
        ("${n} || d", "5"),
    ],
)
def test_the_left_side_wins_if_a_placeholder_of_it_has_a_value(template, result):
    assert text(template) == result


def test_only_the_side_that_was_chosen_can_miss_something():
    assert missing("${missing} || x") == ()
    assert missing("pre-${apiKey}-${missing} || x") == ("missing",)


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("a||b", "a||b"),
        ("${base64(${missing})} || d", "JHttaXNzaW5nfQ=="),
        ("${base64(a||b)}", "b)}"),
        ("${missing}||", ""),
    ],
)
def test_texts_without_a_placeholder_are_left_alone_and_others_are_split_first(template, result):
    assert text(template, engine=render_if_needed) == result


def test_engine_s_knows_no_alternatives():
    assert text("${missing} || x", engine=render_s) == "${missing} || x"


# --- Now and random ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("${now}", "2024-03-09T08:05:07.123Z"),
        ("${now:X}", "1709971507"),
        ("${now:x}", "1709971507123"),
        ("${now:YYYYMMDDTHHmmss[Z]}", "20240309T080507Z"),
        ("${now:ddd, DD MMM YYYY HH:mm:ss ZZ}", "Sat, 09 Mar 2024 08:05:07 +0000"),
        ("${now:dddd D MMMM YY h:m:s a A SSS Z}", "Saturday 9 March 24 8:5:7 am AM 123 +00:00"),
        ("${now+7:days:YYYY-MM-DD}", "2024-03-16"),
        ("${now-30:minutes:HH:mm}", "07:35"),
        ("${now+2:h:HH}", "10"),
        ("${now-1:M:YYYY-MM-DD}", "2024-02-09"),
        ("${now+1:years:YYYY}", "2025"),
        ("${now+1:weeks:DD}", "16"),
        ("${now+500:ms:SSS}", "623"),
        ("${now+1:bogus:X}", "1709971507"),
        ("${random}-${random}", "drawn-drawn"),
    ],
)
def test_now_and_random_come_from_the_moment(template, result):
    assert text(template) == result


@pytest.mark.parametrize(
    "form",
    ["now:", "now+1:days", "nowish", "now +1:days:X", "now+99999999999:years:X", "now+" + "9" * 5000 + ":days:X"],
)
def test_what_is_no_form_of_now_stays(form):
    assert missing(f"${{{form}}}") == (form,)


def test_months_end_on_their_last_day():
    moment = Moment(datetime(2024, 1, 31, tzinfo=UTC), lambda: "")
    assert render("${now+1:month:YYYY-MM-DD}", {}, moment=moment).text == "2024-02-29"


def test_a_held_moment_draws_once():
    moment = Moment.current()
    assert render("${random}", {}, moment=moment).text != render("${random}", {}, moment=moment).text
    held = moment.held()
    assert render("${random}", {}, moment=held).text == render("${random}", {}, moment=held).text


# --- What a template names -----------------------------------------------------------------------


def test_every_variable_is_named_wherever_it_stands():
    template = "${base64(${connectionConfig.user}:${apiKey})} || ${now:X}${random}${apiKey}${base64(x)}"
    assert placeholders(template) == ("connectionConfig.user", "apiKey")


def test_every_function_is_named_known_or_not():
    assert functions("${base64(${x})}${nope(${base64(y)})}${now}") == ("base64", "nope")


# --- Values are never templates ------------------------------------------------------------------

PIECES = [
    *("${", "}", "(", ")", ")}", "||", "a", "b", ".", ",", " ", "\n", "$", "{", "now", "random", ":", "+1"),
    *("${awsSigV4(", "${ed25519Sign(", "${fingerprint(", "x, y, z, ", ")} || "),
    *("${a}", "${b.c}", "${base64(", "${sha256Hex(", "${hmacSha1Hex(", "${now:", "\U000f0000", "ü", "\ud800"),
]
templates = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
scalars = st.one_of(st.text(max_size=20), st.integers(), st.floats(), st.booleans(), st.none())
variables = st.dictionaries(
    st.sampled_from(["a", "b", "b.c", "now"]), st.one_of(scalars, st.dictionaries(st.just("c"), scalars))
)


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.__name__)
@settings(deadline=None)
@given(template=templates, variables=variables)
def test_any_template_gives_a_text_or_a_clear_error(engine, template, variables):
    try:
        rendered = engine(template, variables, moment=MOMENT)
    except ConnectorError:
        return
    assert isinstance(rendered.text, str)
    assert all(isinstance(name, str) for name in rendered.missing)


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.__name__)
@settings(deadline=None)
@given(template=templates, value=st.text(min_size=1, max_size=30).filter(str.strip))
def test_a_value_never_changes_how_anything_else_is_read(engine, template, value):
    """Two runs whose values are equally empty, or blank, differ in nothing but the values themselves."""
    mark = "MARK"
    plain = engine(template, {"a": mark}, moment=MOMENT)
    hostile = engine(template, {"a": value}, moment=MOMENT)
    assert hostile.missing == plain.missing
    if "(" not in template and mark not in template:
        assert hostile.text == plain.text.replace(mark, value)


@settings(deadline=None)
@given(value=st.text(max_size=50), other=st.text(max_size=50))
def test_values_arrive_as_they_are(value, other):
    assert text("<${a}|${b}>", {"a": value, "b": other}) == f"<{value}|{other}>"


@pytest.mark.parametrize("value", ["${apiKey}", "a || b", "${now}", "${base64(x)}", ")}", "\U000f0000"])
def test_a_value_that_looks_like_a_template_stays_text(value):
    given_values = {"v": value, "apiKey": "SECRET"}
    for engine in ENGINES:
        assert text("${v}", given_values, engine) == value
    assert text("${v} || x", given_values, render_if_needed) == value


@pytest.mark.parametrize(
    "piece", ["${base64(", "${base64(\n", "${hmacSha1Hex(", "${awsSigV4(a,", "${", "${a", "||", "\n)}", "${a}"]
)
def test_a_long_template_is_read_in_one_go(piece):
    for engine in ENGINES:
        assert isinstance(engine(piece * 20_000, {"a": "x"}, moment=MOMENT).text, str)
