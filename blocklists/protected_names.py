"""Names that nothing may block: those of the government, of machines themselves, of many at once.

`suspects` scans hosts at half a microsecond each and rules out nearly all; `refusal` decides on
the few others one by one.
"""

from collections.abc import Sequence
from ipaddress import ip_address

from blocklists.entries import EntryKind
from fanzha.hosts import is_public_suffix, possible_suffixes
from fanzha.translation.message import Message

_LOCAL_NAMES = frozenset(
    [
        "localhost",
        "localdomain",
        "local",
        "broadcasthost",
        "ip6-localhost",
        "ip6-loopback",
        "ip6-localnet",
        "ip6-mcastprefix",
        "ip6-allnodes",
        "ip6-allrouters",
        "ip6-allhosts",
        "invalid",
        "arpa",
    ]
)
_LOCAL = frozenset(name.encode() for name in _LOCAL_NAMES)
_GOVERNMENT = "gov.cn"
_ENDS_OF_ADDRESSES = frozenset([b"]", *(b"%d" % digit for digit in range(10))])


def refusal(kind: EntryKind, pattern: str) -> str:
    """Return why no block entry may have this host or URL prefix; empty when it may."""
    host = pattern.partition("/")[0]
    if host == _GOVERNMENT or host.endswith(f".{_GOVERNMENT}"):
        return Message(
            "{host} is a government name: nothing may block {government}",
            host=host,
            government=_GOVERNMENT,
        )
    if host.rpartition(".")[2] in _LOCAL_NAMES:
        return Message("{host} names a machine's own network, not a site", host=host)
    if (host[-1:].isdigit() or host.startswith("[")) and (why := _refusal_of_address(host)):
        return why
    if kind == EntryKind.HOST and is_public_suffix(host):
        return Message("{host} is a public suffix: the names below it belong to many", host=host)
    return ""


def suspects(hosts: Sequence[bytes]) -> list[int]:
    """Return, ascending, the places of the hosts that `refusal` may refuse."""
    government = _GOVERNMENT.encode()
    found = {
        at
        for at, host in enumerate(hosts)
        if host.rpartition(b".")[2] in _LOCAL
        or host[-1:] in _ENDS_OF_ADDRESSES
        or host.endswith(government)
    }
    return sorted(found.union(possible_suffixes(hosts)))


def _refusal_of_address(host: str) -> str:
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return ""  # a name that only ends in a digit
    if address.is_loopback or address.is_unspecified or address.is_link_local:
        return Message("{host} is an address of the machine itself, not a site", host=host)
    return ""
