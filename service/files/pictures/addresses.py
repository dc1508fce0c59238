"""Which network addresses may be asked for a picture: public ones, and those of the settings."""

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_INSIDE: tuple[Network, ...] = (
    # Public by its number, though it is the host of a virtual machine there (Azure's WireServer).
    ipaddress.ip_network("168.63.129.16/32"),
    # Protocol assignments (RFC 6890); another cloud's metadata (192.0.0.192) is in it.
    ipaddress.ip_network("192.0.0.0/24"),
    # Site-local addresses of old (RFC 3879).
    ipaddress.ip_network("fec0::/10"),
)
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.ip_network("::/96")
_LOW_32_BITS = 0xFFFF_FFFF


def networks(text: str) -> tuple[Network, ...]:
    """The networks of a setting, parted by blanks, commas or semicolons. Raises ValueError."""
    parts = text.replace(",", " ").replace(";", " ").split()
    return tuple(ipaddress.ip_network(part) for part in parts)


def may_be_asked(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether an address may be connected to: all that it leads to is public, or allowed."""
    return all(_is_public(each) or _is_in(each, allowed) for each in _leads_to(address))


def _leads_to(address: Address) -> tuple[Address, ...]:
    """An address, and the IPv4 address that it carries to where another machine unpacks it."""
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address, address.sixtofour)
    if address.teredo is not None:
        return (address, *address.teredo)
    if any(address in network for network in (*_NAT64, _COMPATIBLE)):
        return (address, ipaddress.IPv4Address(int(address) & _LOW_32_BITS))
    return (address,)


def _is_public(address: Address) -> bool:
    if _is_in(address, _NAT64):
        # What it leads to is judged by itself.
        return True
    inside = _is_in(address, _INSIDE) or address.is_multicast or address.is_reserved
    return address.is_global and not inside


def _is_in(address: Address, allowed: Sequence[Network]) -> bool:
    return any(address.version == each.version and address in each for each in allowed)
