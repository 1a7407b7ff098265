"""Assertions of TWO_STEP definitions: made when they are needed, kept while they are good, never the key with them."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import jwt
import pytest

from connectors.errors import KeyMaterialInvalid, UnresolvedPlaceholder
from connectors.runtime.auth import two_step
from connectors.runtime.auth.flow import drive

from .mode_world import MOMENT, NOW, Server, acquired, ask, refreshed, rsa_keys

TOKEN = {"access_token": "t-new", "expires_in": 3600}
ISSUED = 1709971507
BASE = {
    "token_url": "https://acme.example/token",
    "token_params": {"assertion": "${credentials.assertion}"},
    "token_response": {
        "token": "access_token",
        "token_expiration": "expires_in",
        "token_expiration_strategy": "expireIn",
    },
}
JWT = {
    "type": "jwt",
    "key": "${assertionOption.privateKey}",
    "header": {"alg": "RS256", "kid": "${credentials.keyId}"},
    "payload": {"iss": "${credentials.clientId}", "aud": "${connectionConfig.host}", "jti": "${random}"},
}
SAML = {
    "key": "${assertionOption.privateKey}",
    "issuer": "${credentials.clientId}",
    "audiences": "a, b",
    "nameIdentifier": "${assertionOption.user}",
    "attributes": {"flag": True, "id": "${credentials.clientId}"},
}
CREDENTIALS = {"clientId": "me", "keyId": "k-1"}


def question(rules, *, option=None, credentials=CREDENTIALS, later=0):
    given = {"privateKey": rsa_keys()[0], "user": "someone"} if option is None else option
    asked = ask("TWO_STEP", {**BASE, "assertion": rules}, credentials=credentials, config={"host": "h.example"})
    moment = replace(MOMENT, now=NOW + timedelta(seconds=later))
    return replace(asked, assertion_option=given, moment=moment)


def kept(rules, **changes):
    return acquired(question(rules, **changes), TOKEN).credentials


def read(token):
    options = {"verify_exp": False, "verify_aud": False, "verify_iat": False}
    return jwt.decode(token, rsa_keys()[1], algorithms=["RS256"], options=options)


class TestJwt:
    def test_issue_and_end_come_first_then_the_definitions_claims(self):
        token = kept(JWT)["assertion"]
        assert list(read(token).items()) == [
            ("iat", ISSUED),
            ("exp", ISSUED + 3600),
            ("iss", "me"),
            ("aud", "h.example"),
            ("jti", "a-uuid"),
        ]
        assert jwt.get_unverified_header(token) == {"alg": "RS256", "typ": "JWT", "kid": "k-1"}

    def test_the_definition_says_how_long_it_lasts_and_can_override_when_it_begins(self):
        claims = read(kept({**JWT, "lifetimeInSeconds": 120, "payload": {"iat": 5}})["assertion"])
        assert claims == {"iat": 5, "exp": ISSUED + 120}

    def test_a_key_that_lost_its_line_breaks_signs(self):
        read(kept(JWT, option={"privateKey": rsa_keys()[0].replace("\n", "\\n")})["assertion"])

    def test_a_claim_without_its_value_is_refused(self):
        with pytest.raises(UnresolvedPlaceholder, match="clientId"):
            kept(JWT, credentials={"keyId": "k"})

    def test_a_value_is_never_read_as_a_template(self):
        assert read(kept(JWT, credentials={**CREDENTIALS, "clientId": "${credentials.keyId}"})["assertion"])["iss"] == (
            "${credentials.keyId}"
        )

    @pytest.mark.parametrize("header", [{}, {"alg": "none"}, {"alg": "HS256"}, {"alg": "ES256"}])
    def test_an_algorithm_that_does_not_fit_the_key_is_refused(self, header):
        with pytest.raises(KeyMaterialInvalid) as caught:
            kept({**JWT, "header": header})
        assert caught.value.reference_code == "failed_to_generate_jwt_assertion"
        assert rsa_keys()[0][40:80] not in json.dumps(caught.value.to_dict())


class TestSaml:
    def said(self, **changes):
        text = kept({**SAML, **changes})["assertion"]
        return ElementTree.fromstring(base64.b64decode(text))

    def test_it_is_base64_signed_and_says_what_the_definition_names(self):
        root = self.said()
        texts = [text for text in root.itertext() if text.strip()]
        assert {"me", "someone", "a", "b", "true"} <= set(texts)
        assert root.find("{http://www.w3.org/2000/09/xmldsig#}Signature") is not None

    @pytest.mark.parametrize(("written", "minutes"), [("600", 10), (600, 5), (None, 5), ("soon", 5)])
    def test_its_lifetime_counts_only_as_text(self, written, minutes):
        conditions = self.said(lifetimeInSeconds=written).find("{urn:oasis:names:tc:SAML:2.0:assertion}Conditions")
        assert conditions.get("NotOnOrAfter") == f"2024-03-09T08:{5 + minutes:02}:07.123Z"

    def test_without_a_key_in_the_definition_it_is_not_signed(self):
        rules = {name: value for name, value in SAML.items() if name != "key"}
        assert b"Signature" not in base64.b64decode(kept(rules)["assertion"])


@pytest.mark.parametrize(
    ("rules", "code", "lasts"),
    [(JWT, "failed_to_generate_jwt_assertion", 3600), (SAML, "failed_to_generate_assertion", 300)],
)
class TestKeeping:
    def test_what_was_given_once_is_stored_nowhere(self, rules, code, lasts):
        del code, lasts
        stored = json.dumps(dict(kept(rules)))
        assert "PRIVATE" not in stored
        assert "privateKey" not in stored

    def test_a_stored_assertion_is_sent_again_while_it_is_good_for_a_minute(self, rules, code, lasts):
        del code
        stored = kept(rules)
        server_saw = refreshed(question(rules, option={}, credentials=stored, later=lasts - 62), TOKEN)
        assert server_saw.credentials["assertion"] == stored["assertion"]

    def test_later_it_takes_the_key_again_and_says_so(self, rules, code, lasts):
        stored = kept(rules)
        with pytest.raises(KeyMaterialInvalid, match="not kept" if rules is JWT else "not kept|user") as caught:
            refreshed(question(rules, option={"user": "u"}, credentials=stored, later=lasts - 59))
        assert caught.value.reference_code == code
        assert "Connect again" in caught.value.next_step

    def test_single_use_is_never_sent_twice(self, rules, code, lasts):
        del code, lasts
        stored = kept(rules)
        again = refreshed(question({**rules, "singleUse": True}, credentials=stored, later=5), TOKEN)
        assert again.credentials["assertion"] != stored["assertion"]

    def test_a_text_that_is_no_assertion_is_replaced(self, rules, code, lasts):
        del code, lasts
        assert len(kept(rules, credentials={**CREDENTIALS, "assertion": "old"})["assertion"]) > 100

    def test_a_refresh_token_makes_it_unnecessary(self, rules, code, lasts):
        del code, lasts
        definition = {**BASE, "assertion": rules, "refresh_token_params": {"r": "${refresh_token}"}}
        server = Server(TOKEN)
        asked = ask("TWO_STEP", definition, credentials={**CREDENTIALS, "refresh_token": "rt"})
        assert "assertion" not in drive(two_step.refresh(asked), server).credentials
        assert json.loads(server.requests[0].body) == {"r": "rt"}
