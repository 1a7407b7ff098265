"""When stored credentials count as old, and until when they are stored as good."""

from datetime import timedelta

import pytest

from connectors.errors import HostRefused, UnreachableError
from connectors.runtime.auth.dates import iso
from connectors.runtime.auth.expiry import Decision, decide, stored_expiry
from connectors.runtime.auth.flow import TokenAnswer, drive
from connectors.runtime.auth.introspection import is_spent
from connectors.runtime.auth.renewal import Renewal
from connectors.runtime.catalog import Provider
from connectors.runtime.connection import Connection
from connectors.runtime.integration import Integration
from connectors.testing import FakeClock

from .mode_world import NOW, SECRET, Server, ask

INSTANCE = {"instance_url": "https://acme.my.salesforce.com"}
LOCAL = ["APP", "AWS_SIGV4", "BILL", "JWT", "OAUTH2_CC", "SIGNATURE", "TWO_STEP"]


def decision(kind, *, left=None, name="acme", force=False, config=None, buffer=None, **credentials):
    """About credentials that expire in `left` seconds."""
    definition = {"auth_mode": kind} | ({} if buffer is None else {"token_expiration_buffer": buffer})
    expiry = {} if left is None else {"expires_at": iso(NOW + timedelta(seconds=left))}
    return decide(
        Provider(name, definition, "test"), {"type": kind, **expiry, **credentials}, config or {}, NOW, force=force
    )


class TestDecision:
    @pytest.mark.parametrize("kind", [*LOCAL, "OAUTH2"])
    def test_credentials_are_old_from_15_minutes_before_their_expiry(self, kind):
        assert decision(kind, left=900, refresh_token="r") == Decision(False, "fresh")
        assert decision(kind, left=899, refresh_token="r").should
        assert decision(kind, left=-10, refresh_token="r").should

    def test_a_definition_can_name_another_buffer_and_0_is_none(self):
        assert not decision("TWO_STEP", left=31, buffer=30).should
        assert decision("TWO_STEP", left=29, buffer=30).should
        assert decision("TWO_STEP", left=100, buffer=0).should

    @pytest.mark.parametrize("kind", [*LOCAL, "OAUTH2"])
    def test_without_an_expiry_nothing_gets_old_by_itself(self, kind):
        assert decision(kind, refresh_token="r") == Decision(False, "no_expires_at")

    @pytest.mark.parametrize("kind", LOCAL)
    def test_force_renews_what_is_fresh(self, kind):
        assert decision(kind, left=9999, force=True) == Decision(True, "instant_refresh")

    def test_oauth2_without_a_refresh_token_cannot_be_renewed_by_force_either(self):
        assert decision("OAUTH2", left=-10) == Decision(False, "expired_oauth2_no_refresh_token")
        assert not decision("OAUTH2", left=-10, force=True).should

    @pytest.mark.parametrize("kind", ["API_KEY", "BASIC", "NONE", "OAUTH1", "TBA", None])
    def test_modes_without_a_token_are_never_renewed(self, kind):
        assert not decision(kind, left=-10, force=True).should


class TestProvidersOfTheirOwnKind:
    @pytest.mark.parametrize("name", ["facebook", "instagram", "threads"])
    def test_some_are_renewed_only_when_forced(self, name):
        assert decision("OAUTH2", left=-10, name=name) == Decision(False, name)
        assert decision("OAUTH2", left=9999, name=name, force=True) == Decision(True, name)

    def test_microsoft_admin_needs_no_refresh_token(self):
        assert decision("OAUTH2", left=60, name="microsoft-admin").should

    @pytest.mark.parametrize(
        ("name", "second"),
        [
            ("sharepoint-online", "sharepointAccessToken"),
            ("one-drive", "sharepointAccessToken"),
            ("microsoft-teams-bot", "botFrameworkAccessToken"),
        ],
    )
    def test_a_second_token_in_the_configuration_can_be_the_old_one(self, name, second):
        def with_second(seconds):
            token = {"expires_at": (NOW.timestamp() + seconds) * 1000}
            return decision("OAUTH2", left=7200, name=name, config={second: token}, refresh_token="r")

        assert with_second(60).should
        assert not with_second(3600).should

    @pytest.mark.parametrize("name", ["salesforce", "salesforce-sandbox", "salesforce-experience-cloud"])
    def test_salesforce_is_asked_unless_it_is_forced(self, name):
        assert decision("OAUTH2", left=-10, name=name, refresh_token="r").introspect
        assert decision("OAUTH2", name=name, refresh_token="r", force=True) == Decision(
            True, "expired_oauth2_with_refresh_token"
        )


class TestIntrospection:
    def spent(self, answer, config=INSTANCE, **credentials):
        question = ask(
            "OAUTH2",
            name="salesforce",
            config=config,
            credentials={"access_token": "the-token", "raw": INSTANCE, **credentials},
            integration=Integration("sf", "our-client", SECRET),
        )
        self.server = Server(answer)
        return drive(is_spent(question), self.server)

    def test_the_token_and_its_client_go_to_the_instance(self):
        self.spent({"active": True})
        request = self.server.requests[0]
        assert (request.method, request.url) == ("POST", INSTANCE["instance_url"] + "/services/oauth2/introspect")
        assert request.body == b"token=the-token&client_id=our-client&client_secret=s3cret-of-the-customer"

    @pytest.mark.parametrize("raw", [INSTANCE, {}, {"instance_url": 7}, None])
    def test_the_clients_secret_goes_to_no_instance_that_only_the_connection_names(self, raw):
        with pytest.raises(HostRefused, match=r"evil\.example"):
            self.spent({"active": True}, config={"instance_url": "https://evil.example"}, raw=raw)
        assert self.server.requests == []

    def test_a_connections_own_client_goes_before_the_integrations(self):
        self.spent({"active": True}, client_id="own", client_secret="own-s3cret")
        assert self.server.requests[0].body == b"token=the-token&client_id=own&client_secret=own-s3cret"

    @pytest.mark.parametrize(
        ("answer", "spent"),
        [
            ({"active": False}, True),
            ({"active": True}, False),
            ({"active": True, "exp": NOW.timestamp() + 600}, True),
            ({"active": True, "exp": NOW.timestamp() + 1000}, False),
            ("<html>", False),
            (500, False),
        ],
    )
    def test_only_a_clear_answer_is_a_reason_to_renew(self, answer, spent):
        assert self.spent(answer) is spent

    def test_an_unheard_of_answer_raises_nothing(self):
        question = ask("OAUTH2", config=INSTANCE, credentials={"access_token": "t", "raw": INSTANCE})
        assert drive(is_spent(question), lambda _: TokenAnswer(200, b"\xff\xfe[")) is False


class TestStoredExpiry:
    @pytest.mark.parametrize(
        ("credentials", "after"),
        [
            ({"type": "OAUTH2", "expires_at": iso(NOW + timedelta(seconds=60))}, timedelta(seconds=60)),
            ({"type": "OAUTH2"}, timedelta(days=1)),
            ({"type": "OAUTH2", "expires_at": "never"}, timedelta(days=1)),
            ({"type": "BASIC"}, timedelta(days=1)),
            ({"type": "OAUTH1"}, timedelta(days=99 * 365.25)),
            ({}, timedelta(days=99 * 365.25)),
        ],
    )
    def test_it_is_the_credentials_own_else_a_day_or_never(self, credentials, after):
        assert stored_expiry(credentials, NOW) == NOW + after

    def test_of_two_halves_the_earlier_one_counts(self):
        halves = {
            "app": {"expires_at": iso(NOW + timedelta(seconds=60))},
            "user": {"expires_at": iso(NOW + timedelta(seconds=30))},
        }
        assert stored_expiry({"type": "CUSTOM", **halves}, NOW) == NOW + timedelta(seconds=30)
        assert stored_expiry({"type": "CUSTOM", "app": {}, "user": None}, NOW) == NOW + timedelta(days=1)


class TestAskingBeforeACall:
    """What the introspection says decides, and a provider that cannot be asked does not."""

    def due(self, answer, *, renewed_at=None, config=INSTANCE):
        def send(flow, question):
            del question
            return drive(flow, answer)

        provider = Provider("salesforce", {"auth_mode": "OAUTH2"}, "test")
        credentials = {"type": "OAUTH2", "access_token": "t", "refresh_token": "r", "raw": INSTANCE}
        renewal = Renewal(send, FakeClock(NOW.timestamp()))
        return renewal.due(Connection(provider, config, credentials), renewed_at=renewed_at)

    def test_a_spent_token_is_renewed_and_a_good_one_is_not(self):
        assert self.due(Server({"active": False}))
        assert not self.due(Server({"active": True}))

    def test_within_a_minute_of_the_last_renewal_nobody_asks(self):
        assert not self.due(Server(), renewed_at=NOW.timestamp() - 30)

    def test_who_cannot_be_asked_is_called_with_what_there_is(self):
        def unreachable(request):
            raise UnreachableError("no answer")

        assert not self.due(unreachable)
        assert not self.due(Server(), config={})
