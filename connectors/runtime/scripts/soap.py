"""XML of verification scripts: a SOAP request, and which elements an answer holds."""

from __future__ import annotations

from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

_NAMESPACE = "http://www.promostandards.org/WSDL/OrderStatusService/1.0.0/"
_REQUEST = f"""<?xml version="1.0" encoding="utf-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns="{_NAMESPACE}">
<soapenv:Body><ns:GetOrderStatusTypesRequest>
<ns:wsVersion>1.0.0</ns:wsVersion><ns:id>%s</ns:id><ns:password>%s</ns:password>
</ns:GetOrderStatusTypesRequest></soapenv:Body></soapenv:Envelope>"""


def vantage_request(identifier: str, password: str) -> str:
    """Which kinds of order status there are (PromoStandards, Order Status 1.0.0)."""
    return _REQUEST % (escape(identifier), escape(password))


def element_names(text: str) -> frozenset[str]:
    """The local names of all elements, in lower case; none if the text is no XML, or brings definitions of its own."""
    names: set[str] = set()
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, _: names.add(name.rpartition(":")[2].lower())
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except (expat.ExpatError, ValueError):
        return frozenset()
    return frozenset(names)


def _refuse(*_: Any) -> None:
    raise ValueError("a document type is not read")
