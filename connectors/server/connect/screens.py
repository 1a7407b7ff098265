"""What the form shows: the list of what can be linked, the form of one integration, or why there is nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors.engine.connecting import needs_browser
from connectors.errors import ConnectorError, UnknownIntegration
from connectors.runtime.secret_config import secret_config
from connectors.server.connect.failures import CONSENT_SENTENCES
from connectors.server.connect.inputs import Input, guide_of, inputs
from connectors.server.connect.languages import Language, chosen
from connectors.server.contract import INTEGRATION_KEY, Answer, Call, Endpoint, Reply, Schema, Who, fields
from connectors.server.pages.page import render

if TYPE_CHECKING:
    from connectors.engine.host import Host
    from connectors.engine.sessions import ConnectSession
    from connectors.engine.store.integrations import StoredIntegration
    from connectors.runtime.catalog import Provider

LANGUAGE: Schema = {"type": "string", "maxLength": 35}
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, repr=False)
class Form:
    """The form of one integration within a session."""

    key: str  # of the integration
    title: str  # of the integration, as its operator calls it
    provider: Provider
    inputs: tuple[Input, ...]
    guide: str | None
    browser: bool  # whether the provider asks for consent in another window
    again: bool  # whether an account is connected again

    @classmethod
    def of(cls, host: Host, session: ConnectSession, key: str, language: Language) -> Form:
        """Raises `UnknownIntegration`, also for one that the session does not allow, and `DefinitionError`."""
        if not session.allows(key):
            raise UnknownIntegration(f"The session does not allow {key!r}.")
        stored = host.integrations.get(session.environment, key)
        provider = host.catalog.get(stored.provider)
        integration = host.integrations.of(session.environment, key, provider.name)
        terms = session.terms
        preset: Mapping[str, Any] = terms.defaults.get(key, {}).get("connection_config", {})
        known = _known(host, session, key, provider)
        guide = guide_of(provider, terms.overrides.get(key, {}).get("docs_connect"))
        configured = {name for name, value in integration.custom.items() if value}
        asked = inputs(provider, language, configured=configured, preset=preset.keys(), known=known, guide=guide)
        title = _title(host, stored)
        return cls(key, title, provider, asked, guide, needs_browser(provider, preset), terms.connection is not None)


def show_screen(call: Call) -> Answer:
    """The form if there is one thing to link or one was chosen; else the list of them."""
    session = call.session
    assert session is not None
    language = chosen(call.query.get("lang", ""), call.headers.get("accept-language", ""))
    offered = [each for each in call.host.integrations.list(session.environment) if session.allows(each.unique_key)]
    key = call.query.get("integration") or (offered[0].unique_key if len(offered) == 1 else None)
    if not offered:
        return _screen(call, language, "nothing")
    if key is None:
        listed = [{"key": each.unique_key, "title": _title(call.host, each)} for each in offered]
        listed.sort(key=lambda each: each["title"].casefold())
        return _screen(
            call, language, "list", integrations=[{**each, "initials": initials(each["title"])} for each in listed]
        )
    try:
        form = Form.of(call.host, session, key, language)
    except (UnknownIntegration, ConnectorError):
        return _screen(call, language, "nothing", back=len(offered) > 1)
    words = {code: language.say(word, provider=form.provider.display_name) for code, word in CONSENT_SENTENCES.items()}
    return _screen(call, language, "form", form=form, words=words, back=len(offered) > 1, initials=initials(form.title))


def initials(title: str) -> str:
    """What stands for a logo: no logo of anybody's is part of this server."""
    words = _WORD.findall(title)
    return "".join(word[0] for word in words[:2]).upper() if len(words) > 1 else title.strip()[:2].title()


def _title(host: Host, stored: StoredIntegration) -> str:
    if stored.display_name:
        return stored.display_name
    try:
        return host.catalog.get(stored.provider).display_name
    except ConnectorError:  # a broken definition hides no other
        return stored.unique_key


def _known(host: Host, session: ConnectSession, key: str, provider: Provider) -> dict[str, str]:
    """What the account that is connected again has said already, without what is secret."""
    if session.terms.connection is None:
        return {}
    stored = host.store.connections.find(session.environment, session.terms.connection, key)
    config = stored.connection_config if stored else {}
    hidden = secret_config(provider, config)
    return {name: value for name, value in config.items() if isinstance(value, str) and name not in hidden}


def _screen(call: Call, language: Language, name: str, **values: Any) -> Answer:
    html = render(call.host, f"connect/{name}.html", words_of=language, say=language.say, **{"back": False, **values})
    return Answer({"screen": name, "html": html}, headers={"Cache-Control": "no-store"})


ENDPOINTS = (
    Endpoint(
        "GET",
        "/connect/screen",
        show_screen,
        "What the connect form shows.",
        who=Who.SESSION,
        query=fields({"lang": LANGUAGE, "integration": INTEGRATION_KEY}),
        answers={200: Reply("It.", fields({"screen": {"type": "string"}, "html": {"type": "string"}}))},
        hidden=True,
        page=True,
    ),
)
