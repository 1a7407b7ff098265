import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import data
from connectors.errors import ConfigError, DefinitionError
from connectors.runtime.catalog import Catalog, Provider
from connectors.runtime.fields import Input, check_input, fields_of, schema_of, secret_names

PALIGO = Catalog([data.root() / "providers.yaml"]).get("paligo")
KEY = {"apiKey": "74E12F9C5D6F"}
USER = {"username": "me@acme.example"}


def text(title="T", **more):
    return {"type": "string", "title": title, "description": "d", **more}


def provider(mode="API_KEY", base_url="https://api.example.com", credentials=None, **config):
    definition = {"display_name": "Shop", "auth_mode": mode, "proxy": {"base_url": base_url}}
    if config:
        definition["connection_config"] = config
    if credentials:
        definition["credentials"] = credentials
    return Provider("shop", definition, "shop.yaml")


def problems(of, config, credentials=KEY):
    with pytest.raises(ConfigError) as caught:
        check_input(of, config, credentials)
    return {problem.field: problem for problem in caught.value.problems}


def test_a_part_of_an_input_is_checked_without_what_is_missing():
    assert check_input(PALIGO, {"instance": "acme"}, {}, partial=True) == Input({"instance": "acme"}, {})
    with pytest.raises(ConfigError) as caught:
        check_input(PALIGO, {"instanse": "acme", "username": "me"}, {}, partial=True)
    assert [problem.field for problem in caught.value.problems] == ["instanse", "username"]


# --- Which fields --------------------------------------------------------------------------------


def test_paligo_asks_for_three_fields_in_order():
    asked = [(field.group, field.name, field.title, field.required, field.secret) for field in fields_of(PALIGO)]
    assert asked == [
        ("connection_config", "instance", "Paligo Instance Name", True, False),
        ("connection_config", "username", "Username", True, False),
        ("credentials", "apiKey", "API Key", True, True),
    ]


def test_a_form_asks_for_ordered_config_then_credentials_then_the_rest():
    shop = provider(
        "BASIC",
        credentials={"token": text(), "password": text()},
        c=text(),
        b=text(order=2),
        a=text(order=1),
    )
    assert [field.name for field in fields_of(shop)] == ["a", "b", "username", "password", "token", "c"]


@pytest.mark.parametrize(
    ("mode", "names"), [("API_KEY", ["apiKey"]), ("BASIC", ["username", "password"]), ("NONE", []), ("TWO_STEP", [])]
)
def test_a_mode_asks_for_its_usual_credentials(mode, names):
    assert [field.name for field in fields_of(provider(mode))] == names


def test_what_is_secret():
    shop = provider(
        "BASIC",
        credentials={
            "username": text(),
            "password": text(),
            "mail": text(format="email"),
            "shop": text(secret=False),
            "pin": text(),
        },
        code=text(secret=True),
        region=text(),
    )
    assert secret_names(shop) == ({"code"}, {"password", "pin"})


@pytest.mark.parametrize(
    ("descriptor", "expected"),
    [
        (
            text(pattern="^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", example="mycompany"),
            "lower-case letters, digits and hyphens, such as mycompany",
        ),
        (text(pattern="^[A-F0-9]{64}$"), "letters A to F and digits, 64 characters"),
        (text(pattern="^[a-zA-Z0-9_.-]+$"), "letters, digits, underscores, dots and hyphens"),
        (text(pattern="^(a|b)$"), "text that matches ^(a|b)$"),
        (text(format="email", example="me@acme.example"), "an e-mail address, such as me@acme.example"),
        (text(format="hostname"), "a host name without https://"),
        (text(enum=["eu", "us"], example="eu"), "one of eu, us"),
        (text(example="74E1***", pattern="^[A-F0-9]+$"), "letters A to F and digits"),
        (text(), "text"),
    ],
)
def test_what_is_expected_is_said_in_words(descriptor, expected):
    (field,) = fields_of(provider("NONE", x=descriptor))
    assert field.expected == expected


# --- Good input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given_value",
    [
        "mycompany",
        "  mycompany\n",
        "mycompany.paligoapp.com",
        "https://mycompany.paligoapp.com",
        "https://mycompany.paligoapp.com/",
        "https://mycompany.paligoapp.com/some/page?x#y",
        "https://mycompany.paligoapp.com:443/document/edit/1",
        "HTTPS://MyCompany.PaligoApp.com/",
        "http://mycompany.paligoapp.com",
        "https://mycompany",
    ],
)
def test_a_pasted_address_keeps_the_instance(given_value):
    assert check_input(PALIGO, {"instance": given_value, **USER}, KEY).config["instance"] == "mycompany"


def test_a_pasted_address_works_without_a_pattern_too():
    shop = provider("NONE", "https://${connectionConfig.sub}.shop.com", sub=text(prefix="https://", suffix=".shop.com"))
    assert check_input(shop, {"sub": "https://acme.shop.com/x"}, {}).config == {"sub": "acme"}


def test_an_address_stays_whole_where_the_definition_takes_the_whole_host():
    shop = provider("NONE", "https://${connectionConfig.host}/api", host=text(prefix="https://", suffix=".shop.com"))
    assert check_input(shop, {"host": "acme.shop.com"}, {}).config == {"host": "acme.shop.com"}


def test_a_suffix_without_its_dot_leaves_none_behind():
    shop = provider("NONE", "https://${connectionConfig.sub}.shop.com", sub=text(prefix="https://", suffix="shop.com"))
    assert check_input(shop, {"sub": "https://acme.shop.com/"}, {}).config == {"sub": "acme"}


def test_what_is_left_out_takes_its_default():
    shop = provider(
        "BASIC",
        credentials={"username": text(), "password": text(default_value="")},
        region=text(default_value="eu"),
        kind=text(hidden=True, default_value="k"),
        note=text(optional=True),
        found=text(automated=True),
    )
    assert check_input(shop, {}, {"username": "u"}) == Input(
        {"region": "eu", "kind": "k"}, {"username": "u", "password": ""}
    )


def test_an_optional_field_may_be_empty():
    shop = provider("NONE", note=text(optional=True, pattern="^x$"))
    assert check_input(shop, {"note": ""}, {}).config == {"note": ""}


def test_a_password_keeps_its_blanks():
    assert check_input(provider("BASIC"), {}, {"username": " u ", "password": " p "}).credentials == {
        "username": "u",
        "password": " p ",
    }


def test_a_key_in_lines_keeps_them():
    pem = "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"
    shop = provider("TWO_STEP", credentials={"privateKey": text()})
    assert check_input(shop, {}, {"privateKey": pem + "\n"}).credentials == {"privateKey": pem}


def test_a_name_that_only_a_template_knows_is_taken():
    shop = provider("NONE", "https://${connectionConfig.region}.example.com")
    assert check_input(shop, {"region": "eu"}, {}).config == {"region": "eu"}


def test_an_input_does_not_show_its_values():
    assert "74E12F" not in repr(check_input(PALIGO, {"instance": "a", **USER}, KEY))


# --- Problems ------------------------------------------------------------------------------------


def test_all_problems_come_at_once_with_titles_and_what_is_expected():
    found = problems(PALIGO, {"instanse": "acme", "username": "me"}, {"apiKey": "a b", "password": "x"})
    assert set(found) == {"instanse", "instance", "username", "apiKey", "password"}
    assert str(found["instance"]) == (
        "Paligo Instance Name (connection_config.instance): is missing. "
        "Expected: lower-case letters, digits and hyphens, such as mycompany."
    )
    assert "did you mean instance?" in found["instanse"].message
    assert "Paligo takes apiKey" in found["password"].message
    assert found["username"].message == "is not what is expected: an e-mail address, such as name@example.com."


@pytest.mark.parametrize(
    "value",
    [
        *(
            "evil.com/#",
            "a@b",
            "a\nb",
            "a\0",
            "a\u3002b",
            "a．b",
            "ａ",
            "x" * 64,
            "x" * 10_001,
            "-a",
            "a-",
            "a.b",
            "a:1",
        ),
        *(
            "",
            " ",
            "${apiKey}",
            "a || b",
            "A",
            "ü",
            "\ud800",
            "a\u2028b",
            "https://evil.com/.paligoapp.com",
            "//evil.com",
        ),
        *(
            "mycompany.paligoapp.com.evil.com",
            "https://mycompany.paligoapp.com@evil.com",
            "https://a.paligoapp.com:8443/",
        ),
        *(7, True, None, ["a"], {"a": 1}, b"a"),
    ],
)
def test_a_hostile_instance_is_refused_by_name(value):
    found = problems(PALIGO, {"instance": value, **USER})
    assert list(found) == ["instance"]
    assert found["instance"].title == "Paligo Instance Name"


@pytest.mark.parametrize(
    ("base_url", "value"),
    [
        ("https://${connectionConfig.x}.example.com", "evil.com/#"),
        ("https://${connectionConfig.x}.example.com", "a@b"),
        ("https://${connectionConfig.x}", "host/../x?y"),
        ("${connectionConfig.x}", "https://user@host"),
        ("https://y.com || https://${connectionConfig.x}.example.com", "a/b"),
    ],
)
def test_a_field_without_a_pattern_is_held_to_its_place_in_the_address(base_url, value):
    found = problems(provider("NONE", base_url, x=text("Shop")), {"x": value}, {})
    assert "cannot stand in the provider's address" in found["x"].message


@pytest.mark.parametrize("value", ["a b", "ключ", "k😀", "", "a\nb", "k" * 1025, 5])
def test_a_key_that_cannot_be_one_is_refused_without_showing_it(value):
    found = problems(PALIGO, {"instance": "acme", **USER}, {"apiKey": value})
    assert list(found) == ["apiKey"]
    assert not value or str(value) not in str(found["apiKey"])


@pytest.mark.parametrize("key", ["a||b", "${x}", "a:b", "%41", "=+/"])
def test_any_printable_key_is_taken(key):
    assert check_input(PALIGO, {"instance": "acme", **USER}, {"apiKey": key}).credentials == {"apiKey": key}


def test_choices_are_named():
    found = problems(provider("NONE", region=text(enum=["eu", "us"])), {"region": "cn"}, {})
    assert found["region"].message == "is not what is expected: one of eu, us."


def test_a_pattern_that_does_not_compile_is_not_held_against_a_value():
    shop = provider("NONE", x=text(pattern="[z-a]"))
    assert check_input(shop, {"x": "a"}, {}).config == {"x": "a"}
    assert "is empty" in problems(shop, {"x": ""}, {})["x"].message


def test_broken_descriptors_are_the_definitions_fault():
    with pytest.raises(DefinitionError):
        check_input(provider("NONE", x="text"), {"x": "a"}, {})


# --- Any input -----------------------------------------------------------------------------------

anything = st.one_of(st.text(), st.integers(), st.none(), st.lists(st.text()), st.binary())


@settings(deadline=None)
@given(
    config=st.dictionaries(st.one_of(st.sampled_from(["instance", "username"]), st.text()), anything),
    credentials=st.dictionaries(st.one_of(st.just("apiKey"), st.text()), anything),
)
def test_any_input_is_taken_or_refused_in_words(config, credentials):
    try:
        checked = check_input(PALIGO, config, credentials)
    except ConfigError as error:
        outcome = bool(error.problems)
    else:
        outcome = set(checked.config) == {"instance", "username"}
    assert outcome


@settings(deadline=None)
@given(
    label=st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True),
    before=st.sampled_from(["", "https://", "http://", " https://", "HTTPS://"]),
    after=st.sampled_from(["", "/", ":443", ":443/x"]) | st.text(max_size=20).map(lambda rest: f"/{rest}"),
)
def test_any_pasted_address_keeps_its_label_or_is_refused(label, before, after):
    try:
        checked = check_input(PALIGO, {"instance": f"{before}{label}.paligoapp.com{after}", **USER}, KEY)
    except ConfigError:
        assert any(ord(sign) < 32 or 126 < ord(sign) < 160 or ord(sign) in (0x2028, 0x2029) for sign in after.strip())
        return
    assert checked.config["instance"] == label


# --- The schema ----------------------------------------------------------------------------------


def test_the_schema_describes_the_fields():
    schema = schema_of(PALIGO, "credentials")
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["required"] == ["apiKey"]
    assert schema["properties"]["apiKey"]["writeOnly"] is True
    assert schema_of(PALIGO, "connection_config")["properties"]["instance"]["examples"] == ["mycompany"]


DESCRIPTORS = [
    text(),
    text(optional=True),
    text(default_value=""),
    text(hidden=True, pattern="^x$"),
    text(enum=["a", "b"], pattern="^z$"),
    text(enum=["a"], optional=True),
    text(pattern="[0-9]"),
    text(pattern=r"^[\w-]+\.\d$", optional=True),
    text(pattern="^(?<word>[a-z]+)$"),
]


@pytest.mark.parametrize("descriptor", DESCRIPTORS, ids=str)
@pytest.mark.parametrize("value", ["", "a", "b", "z", "a1b", "a-b.4", "ab.٣", "x"])
def test_the_schema_takes_what_the_form_takes(descriptor, value):
    shop = provider("NONE", x=descriptor)
    valid = jsonschema.Draft202012Validator(schema_of(shop, "connection_config")).is_valid({"x": value})
    try:
        check_input(shop, {"x": value}, {})
    except ConfigError:
        assert not valid
    else:
        assert valid


def test_a_schema_pattern_is_anchored_at_the_very_end():
    validator = jsonschema.Draft202012Validator(schema_of(PALIGO, "connection_config"))
    assert validator.is_valid({"instance": "acme", **USER})
    assert not validator.is_valid({"instance": "acme\n", **USER})


def test_choices_that_are_no_list_are_a_broken_definition():
    provider = Provider("acme", {"connection_config": {"region": {"enum": 5}}}, "acme.yaml")
    with pytest.raises(DefinitionError, match="region: enum"):
        fields_of(provider)
