"""Which addresses a request may reach: the public internet, unless the operator allows more."""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_METADATA = (
    ipaddress.ip_network("168.63.129.16/32"),  # a cloud's own service behind a public address
    ipaddress.ip_network("192.0.0.0/24"),  # RFC 6890, with another cloud's; older Pythons take it for public
)


def is_public(address: str) -> bool:
    """Whether an IP address literal belongs to the public internet.

    False for private, loopback, link-local (cloud metadata), shared, multicast, reserved and
    unspecified addresses, for IPv6 forms that carry such an IPv4 address inside, and for what is
    no address at all.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if parsed in _NAT64:
        return _is_public(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF))
    return all(_is_public(each) for each in (parsed, *_inside(parsed)))


def _is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if any(address in network for network in _METADATA):
        return False
    return isinstance(address, ipaddress.IPv4Address) or not address.is_site_local


def _inside(address: Address) -> tuple[ipaddress.IPv4Address, ...]:
    """The IPv4 addresses that an IPv6 address carries."""
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    found = (address.ipv4_mapped, address.sixtofour, *(address.teredo or ()))
    return tuple(each for each in found if each is not None)
