"""Resolves webhook targets and refuses private addresses, against SSRF.

The name is resolved here, all its addresses must be public or in a network that the operator has
listed, and the request goes to a checked address, so DNS rebinding has no effect.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import httpx

from fanzha.errors import InvalidInput

_NOT_PUBLIC_4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",  # this host
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # behind a carrier's NAT
            "127.0.0.0/8",  # loopback
            "169.254.0.0/16",  # link-local, metadata of clouds among them
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # anycast of 6to4 relays
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
_UNICAST_6 = ipaddress.IPv6Network("2000::/3")
"""Global unicast of IPv6. Outside are unspecified, loopback, IPv4-compatible addresses (::/96),
local NAT64 (64:ff9b:1::/48), discard-only (100::/64), segment routing
(5f00::/16), unique local (fc00::/7), link-local (fe80::/10), site-local (fec0::/10) and multicast
(ff00::/8).
"""
_NOT_PUBLIC_6 = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # protocol assignments, Teredo (2001::/32) among them
            "2001:db8::/32",  # documentation
            "3fff::/20",  # documentation
        ),
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"
Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host, for a port; raises `OSError` where it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTarget:
    """The resolved target of a request."""

    url: httpx.URL
    """The URL with the address in place of the host name."""
    host_header: str
    server_name: str
    """Name for SNI and certificate verification."""


def parse(text: str, field: str = "webhook") -> httpx.URL:
    """Parse the URL of an endpoint. Raises `InvalidInput` unless it is plain http or https.

    *field* is where it comes from, for errors.
    """
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise InvalidInput("{field}: no URL: {error}", field=field, error=error) from error
    if url.scheme not in ("http", "https") or not url.host:
        raise InvalidInput(
            "{field}: must be a URL that begins with https:// or http://", field=field
        )
    if url.userinfo or url.fragment:
        raise InvalidInput("{field}: must have no user, password or fragment", field=field)
    return url


def parse_networks(text: str) -> tuple[Network, ...]:
    """Read networks (CIDR), separated by commas; raise `InvalidInput` naming a wrong one."""
    return tuple(_network(part.strip()) for part in text.split(",") if part.strip())


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise InvalidInput("{text}: no network: {error}", text=text, error=error) from error


async def system_addresses(host: str, port: int) -> Sequence[str]:
    """Resolve a host as the operating system does."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


async def resolve(
    url: httpx.URL,
    *,
    networks: Sequence[Network] = (),
    resolver: Resolver = system_addresses,
    field: str = "webhook",
) -> WebhookTarget:
    """Resolve a URL, once.

    Raises `InvalidInput` for an address that is neither public nor in *networks*, and `OSError`
    without any.
    """
    port = url.port or (443 if url.scheme == "https" else 80)
    address = await resolve_host(url.host, port, networks=networks, resolver=resolver, field=field)
    return WebhookTarget(
        url=url.copy_with(host=address, port=port),
        host_header=url.netloc.decode("ascii"),
        server_name=url.host,
    )


async def resolve_host(
    host: str,
    port: int,
    *,
    networks: Sequence[Network] = (),
    resolver: Resolver = system_addresses,
    field: str = "webhook",
) -> str:
    """Resolve a host, once, and return an address; raises as `resolve` does."""
    addresses = await resolver(host, port)
    for address in addresses:
        if not is_public(address) and not _is_listed(address, networks):
            raise InvalidInput(
                "{field}: {host} has the private address {address}",
                field=field,
                host=host,
                address=address,
            )
    return addresses[0]


def _is_listed(text: str, networks: Sequence[Network]) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    return any(address in network for network in networks)


def is_public(text: str) -> bool:
    """Whether an address is global unicast."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    # An embedded IPv4 address is checked as IPv4.
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in _NAT64:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None:
        return is_public(str(inner))
    return address in _UNICAST_6 and not any(address in network for network in _NOT_PUBLIC_6)
