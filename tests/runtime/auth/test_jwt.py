"""JWT: what the token says, what signs it, and what is stored."""

import base64

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors.errors import DefinitionError, KeyMaterialInvalid, UnresolvedPlaceholder
from connectors.runtime.integration import Integration

from .mode_world import SECRET, acquired, ask, refreshed, rsa_keys

HEX = "00112233445566778899aabbccddeeff" * 2
ISSUED, MINUTES = 1709971507, 5


def definition(*, payload=None, header=None, key="${credentials.secret}", **signature):
    token = {"signing_key": key, "expires_in_ms": MINUTES * 60_000, "header": {"alg": "HS256", **(header or {})}}
    return {"signature": {"protocol": "HMAC", **signature}, "token": {**token, "payload": payload or {}}}


def token_of(credentials=None, config=None, **parts):
    question = ask("JWT", definition(**parts), credentials={"secret": HEX, **(credentials or {})}, config=config)
    return acquired(question).credentials["token"]


def read(token, key=bytes.fromhex(HEX), algorithm="HS256"):
    return jwt.decode(token, key, algorithms=[algorithm], options={"verify_exp": False, "verify_aud": False})


class TestClaims:
    def test_issue_and_expiry_stand_behind_the_definitions_own(self):
        claims = read(token_of(payload={"iss": "${credentials.id}", "aud": "x"}, credentials={"id": "me"}))
        assert list(claims.items()) == [("iss", "me"), ("aud", "x"), ("iat", ISSUED), ("exp", ISSUED + MINUTES * 60)]

    def test_values_come_from_the_connections_configuration_too(self):
        assert read(token_of(payload={"aud": "${connectionConfig.host}"}, config={"host": "h"}))["aud"] == "h"

    def test_a_text_whose_value_is_missing_is_left_out(self):
        assert "sub" not in read(token_of(payload={"sub": "x-${connectionConfig.nope}"}))

    def test_a_text_in_a_list_stands_for_several(self):
        claims = read(token_of(payload={"scope": ["${connectionConfig.scope}", 7]}, config={"scope": "a, b ,,c"}))
        assert claims["scope"] == ["a", "b", "c", 7]

    @pytest.mark.parametrize("config", [{}, {"scope": ""}, {"scope": " , "}])
    def test_a_list_that_comes_out_empty_is_left_out(self, config):
        assert "scope" not in read(token_of(payload={"scope": ["${connectionConfig.scope}"]}, config=config))

    def test_mappings_are_filled_at_any_depth_and_other_values_stay(self):
        payload = {"deep": {"list": ["${credentials.id}"], "n": 1, "flag": True}, "n": 1.5}
        claims = read(token_of(payload=payload, credentials={"id": "me"}))
        assert (claims["deep"], claims["n"]) == ({"list": ["me"], "n": 1, "flag": True}, 1.5)

    def test_a_value_that_is_missing_deep_inside_is_an_error(self):
        with pytest.raises(UnresolvedPlaceholder, match="id"):
            token_of(payload={"deep": {"a": "${credentials.id}"}})

    def test_a_value_is_never_read_as_a_template(self):
        claims = read(token_of(payload={"a": "${credentials.id}"}, credentials={"id": "${credentials.secret}||b"}))
        assert claims["a"] == "${credentials.secret}||b"


class TestHeader:
    def test_algorithm_and_type_come_first_and_a_missing_value_is_left_out(self):
        token = token_of(header={"kid": "${credentials.kid}", "x5t": "${credentials.nope}"}, credentials={"kid": "k"})
        octets = base64.urlsafe_b64decode(token.split(".")[0] + "==")
        assert octets == b'{"alg":"HS256","typ":"JWT","kid":"k"}'

    @pytest.mark.parametrize("algorithm", ["none", "NONE", None, "HS1", ""])
    def test_no_token_goes_unsigned(self, algorithm):
        with pytest.raises(KeyMaterialInvalid):
            token_of(header={"alg": algorithm})


class TestKeys:
    def test_a_shared_secret_is_hexadecimal_digits(self):
        assert read(token_of(), bytes.fromhex(HEX))

    @pytest.mark.parametrize("secret", ["abc", "zz" * 32, SECRET, ""])
    def test_another_text_is_refused_without_being_shown(self, secret):
        with pytest.raises(KeyMaterialInvalid) as caught:
            token_of(credentials={"secret": secret})
        assert caught.value.facts["reference_code"] == "failed_to_sign"
        assert SECRET not in f"{caught.value!r} {caught.value.to_dict()}"

    def test_a_definition_may_take_the_secret_as_text(self):
        token = token_of(hmac_secret_encoding="utf8", credentials={"secret": SECRET * 2})
        assert read(token, (SECRET * 2).encode())

    @pytest.mark.filterwarnings("error")
    def test_a_short_secret_signs_without_a_warning(self):
        assert token_of(credentials={"secret": "00ff"}).count(".") == 2

    def test_an_rsa_key_signs_in_whatever_shape_it_was_pasted(self):
        private, public = rsa_keys()
        for pasted in (private, private.replace("\n", "\\n"), "".join(private.splitlines()[1:-1])):
            token = token_of(protocol="RSA", header={"alg": "RS256"}, credentials={"secret": pasted})
            assert read(token, public, "RS256")["iat"] == ISSUED

    def test_an_elliptic_key_signs(self):
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        token = token_of(protocol="EC", header={"alg": "ES256"}, credentials={"secret": pem})
        assert read(token, key.public_key(), "ES256")["iat"] == ISSUED

    def test_a_key_of_another_kind_is_refused(self):
        private, _ = rsa_keys()
        with pytest.raises(KeyMaterialInvalid, match="ES256"):
            token_of(protocol="EC", header={"alg": "ES256"}, credentials={"secret": private})

    def test_a_missing_key_is_an_error_that_names_it(self):
        with pytest.raises(UnresolvedPlaceholder, match="other"):
            token_of(key="${credentials.other}")


class TestStored:
    def test_everything_submitted_is_kept_and_makes_the_next_token(self):
        question = ask("JWT", definition(), credentials={"secret": HEX, "extra": "e"})
        first = acquired(question).credentials
        assert first | {"token": ""} == {
            "type": "JWT",
            "secret": HEX,
            "extra": "e",
            "token": "",
            "expires_at": "2024-03-09T08:10:07.123Z",
        }
        assert refreshed(ask("JWT", definition(), credentials=first)).credentials == first

    @pytest.mark.parametrize(
        ("key", "name"), [("ghost-admin", "acme"), ("my-ghost-admin-2", "x"), ("a", "ghost-admin")]
    )
    def test_ghosts_key_is_split_into_its_halves_once(self, key, name):
        parts = definition(key="${credentials.privateKey.secret}", header={"kid": "${credentials.privateKey.id}"})
        question = ask("JWT", parts, credentials={"privateKey": f"k1:{HEX}"}, integration=Integration(key), name=name)
        first = acquired(question).credentials
        assert first["privateKey"] == {"id": "k1", "secret": HEX}
        assert jwt.get_unverified_header(first["token"])["kid"] == "k1"
        again = ask("JWT", parts, credentials=first, integration=Integration(key), name=name)
        assert refreshed(again).credentials == first

    @pytest.mark.parametrize("lasts", [None, 0, -1, "300000", True, float("inf")])
    def test_a_definition_has_to_say_how_long_a_token_lasts(self, lasts):
        parts = definition()
        parts["token"]["expires_in_ms"] = lasts
        with pytest.raises(DefinitionError, match="expires_in_ms"):
            acquired(ask("JWT", parts, credentials={"secret": HEX}))
