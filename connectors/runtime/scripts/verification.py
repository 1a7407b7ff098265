"""All credentials-verification scripts: calls whose status alone does not say whether the credentials are good."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectors.errors import AuthError, ForbiddenError, UnexpectedAnswer
from connectors.runtime.answers import error_of
from connectors.runtime.request import Call
from connectors.runtime.response import Response
from connectors.runtime.scripts.protocol import Script, Subject, Verdict, Verification, refuse_errors
from connectors.runtime.scripts.shapes import at
from connectors.runtime.scripts.soap import element_names, vantage_request
from connectors.runtime.template import render
from connectors.runtime.template.sigv4 import amz_date

_GOOD = Verdict(True)
_STS_QUERY = "Action=GetCallerIdentity&Version=2011-06-15"
_STS_SIGNATURE = "${awsSigV4(${username}, ${password}, us-east-1, sts, sts.amazonaws.com)}"
_FORM = "application/x-www-form-urlencoded"
_XML = "text/xml; charset=utf-8"
_VANTAGE_REFUSAL = "105"  # PromoStandards: the authentication credentials failed


def apollo(subject: Subject) -> Script[Verdict]:
    """A wrong key is answered with 200 and `is_logged_in: false`."""
    body = _json(subject, (yield Call("GET", "v1/auth/health")))
    return _verdict(at(body, "is_logged_in") is True, "Apollo does not know this key.")


def aws_iam(subject: Subject) -> Script[Verdict]:
    """Whose keys these are, asked of STS: every key may ask that."""
    credentials = subject.connection.credentials
    variables = {
        "username": credentials.get("username"),
        "password": credentials.get("password"),
        "path": "/",
        "params": _STS_QUERY,
    }
    signature = render(_STS_SIGNATURE, variables, moment=subject.moment)
    call = Call(
        "GET",
        f"?{_STS_QUERY}",
        headers={"authorization": signature.text, "x-amz-date": amz_date(subject.moment.now)},
        base_url_override="https://sts.amazonaws.com",
    )
    response = yield call
    return _of_status(subject, response)


def azure_devops(subject: Subject) -> Script[Verdict]:
    """Only 200 is a yes: a wrong token is answered with 203 or a redirect, and a page to sign in."""
    response = yield Call("GET", "_apis/projects")
    refuse_unless_about_credentials(subject, response)
    return _verdict(response.status == 200 and not response.is_html, "Azure DevOps asks to sign in.")


def bitdefender(subject: Subject) -> Script[Verdict]:
    """What the key may do; JSON-RPC says errors with a status of 200 too."""
    call = {"id": "1", "jsonrpc": "2.0", "method": "getApiKeyDetails", "params": {}}
    # The console shows the address with or without its first step.
    own = str(subject.connection.connection_config.get("ACCESS_URL") or "").rstrip("/").endswith("/api")
    endpoint = "v1.0/jsonrpc/general" if own else "api/v1.0/jsonrpc/general"
    body = _json(subject, (yield Call("POST", endpoint, data=call)))
    good = isinstance(body, Mapping) and not body.get("error")
    return _verdict(good, "Bitdefender does not accept this key.")


def cdw(subject: Subject) -> Script[Verdict]:
    """An order without content is refused for its content (400), once the key is accepted."""
    response = yield Call("POST", "orders", data={})
    return _GOOD if response.status == 400 else _of_status(subject, response)


def expensify(subject: Subject) -> Script[Verdict]:
    """The list of policies; a refusal comes with a status of 200."""
    credentials = subject.connection.credentials
    job = {
        "type": "get",
        "credentials": {
            "partnerUserID": credentials.get("username"),
            "partnerUserSecret": credentials.get("password"),
        },
        "inputSettings": {"type": "policyList"},
    }
    call = Call(
        "POST",
        "ExpensifyIntegrations",
        headers={"content-type": _FORM},
        data={"requestJobDescription": json.dumps(job)},
    )
    response = yield call
    return _without(subject, response, "Authentication error", "Expensify does not accept this user id and secret.")


def lastpass(subject: Subject) -> Script[Verdict]:
    """The account's own data; a refusal comes with a status of 200."""
    credentials = subject.connection.credentials
    data = {"cid": credentials.get("username"), "provhash": credentials.get("password"), "cmd": "getuserdata"}
    response = yield Call("POST", "enterpriseapi.php", data=data)
    return _without(subject, response, "Authorization Error", "LastPass does not accept this account and key.")


def pushpay_chms(subject: Subject) -> Script[Verdict]:
    """The state of the API, as XML; a refusal is an `error` element."""
    response = yield Call("GET", "api.php?srv=api_status")
    refused = _of_status(subject, response)
    if not refused.ok:
        return refused
    names = element_names(response.text)
    if not names:
        raise UnexpectedAnswer("Pushpay answered without XML.", status=response.status)
    return _verdict("error" not in names, "Pushpay does not accept this user name and password.")


def skio(subject: Subject) -> Script[Verdict]:
    """One order; GraphQL says errors with a status of 200."""
    body = _json(subject, (yield Call("POST", "v1/graphql", data={"query": "{ Orders(limit: 1) { id } }"})))
    return _verdict(isinstance(at(body, "data.Orders"), list), "Skio does not accept this key.")


def snipe_it(subject: Subject) -> Script[Verdict]:
    """The first user."""
    response = yield Call("GET", "v1/users?limit=1")
    return _of_status(subject, response)


def vantage_apparel(subject: Subject) -> Script[Verdict]:
    """The kinds of order status, over SOAP; a refusal comes with a status of 200 and an error's number."""
    credentials = subject.connection.credentials
    call = Call(
        "POST",
        "OrderStatusService.asmx",
        headers={"content-type": _XML, "soapaction": "getOrderStatusTypes"},
        data=vantage_request(str(credentials.get("username") or ""), str(credentials.get("password") or "")),
    )
    response = yield call
    text = response.text.lower()
    if _VANTAGE_REFUSAL in text and "authentication" in text:
        return Verdict(False, "Vantage Apparel does not accept this id and password.")
    return _of_status(subject, response)


def refuse_unless_about_credentials(subject: Subject, response: Response) -> None:
    """Raises the error of an answer that says nothing of the credentials, such as a failure of the provider."""
    if response.status not in (401, 403) and response.status >= 300:
        refuse_errors(subject, response)


def _of_status(subject: Subject, response: Response) -> Verdict:
    """A 2xx is a yes, 401 and 403 are a no. Raises the error of any other status."""
    refuse_unless_about_credentials(subject, response)
    if response.ok:
        return _GOOD
    error = error_of(
        response, provider=subject.connection.provider.name, attempts=1, now=subject.moment.now.timestamp()
    )
    assert isinstance(error, AuthError | ForbiddenError)
    return Verdict(False, error.message)


def _json(subject: Subject, response: Response) -> Any:
    """The JSON of a yes; None for a no. Raises the error of any other status."""
    return response.json() if _of_status(subject, response).ok else None


def _without(subject: Subject, response: Response, words: str, reason: str) -> Verdict:
    refused = _of_status(subject, response)
    if not refused.ok:
        return refused
    return _verdict(words.lower() not in response.text.lower(), reason)


def _verdict(good: bool, reason: str) -> Verdict:
    return _GOOD if good else Verdict(False, reason)


SCRIPTS: Mapping[str, Verification] = {
    "apolloCredentialsVerification": apollo,
    "awsIamCredentialsVerification": aws_iam,
    "azureDevopsCredentialsVerification": azure_devops,
    "bitdefenderCredentialsVerification": bitdefender,
    "cdwCredentialsVerification": cdw,
    "expensifyCredentialsVerification": expensify,
    "lastpassCredentialsVerification": lastpass,
    "pushpayChmsV1CredentialsVerification": pushpay_chms,
    "skioCredentialsVerification": skio,
    "snipeItCredentialsVerification": snipe_it,
    "vantageApparelCredentialsVerification": vantage_apparel,
}
