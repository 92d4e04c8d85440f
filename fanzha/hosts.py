"""Hosts of URLs: their canonical spelling, and their registrable domain.

The canonical host is what a browser would connect to: lower case, IDN as punycode,
every spelling of an IPv4 address as four decimals, IPv6 in square brackets. Characters
no host should have are percent-escaped as Safe Browsing does, so that they stay visible.

The Public Suffix List counts with its private part: whoever has ``fraud.github.io`` has
not registered ``github.io``, and an entry must not reach the neighbours. Its default rule
counts too: an unknown last label is a public suffix. The list comes with `tldextract`;
it is read once, at first use (0.1 s), never from the network or a cache folder.
Threads may share everything here.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import NamedTuple

from idna import IDNAError, uts46_remap

from fanzha.percent_encoding import escape, unescape

MAX_HOST_CHARACTERS = 253
MAX_LABEL_CHARACTERS = 63
MAX_HOSTS_CACHED = 100_000
"""About 20 MB when full."""
MAX_SUFFIXES_CACHED = 16_384
_RESERVED = frozenset({"example", "test"})
"""For documentation and tests (RFC 2606), so on no list of suffixes."""
MOST_PARENTS = 4
"""Hosts above one that lists may know it by."""
_LONGEST_READ = 1000
"""Characters; longer input cannot be a host, even after mapping drops some."""

_DOTS = re.compile(r"[.。．｡]+")
_NEVER_IN_HOSTS = re.compile(r"[/\\?@:<>^|\[\]]")
_ESCAPED_IN_HOSTS = re.compile(rb"[\x00-\x20\x7f-\xff#%]")
_MADE_BY_MAPPING = re.compile(r"[\x00-\x20\x7f#%]")
_LAST_IS_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)", re.DOTALL)
_SUFFIX_RULE = re.compile(r"^(!|\*\.)?(\w\S*)", re.MULTILINE)
_PLAIN_NAME = re.compile(r"(?:[a-z0-9-]{1,20}\.){0,8}[a-z]{2,20}")
"""A canonical host as it is; most rules of the list are such."""
_IPV4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_ADDRESS_BASES = (
    (re.compile(r"0x[0-9a-f]*"), 16),
    (re.compile(r"0[0-7]*"), 8),
    (re.compile(r"[1-9][0-9]*"), 10),
)
_NAT64 = int(IPv6Address("64:ff9b::")) >> 32


def canonical_host(text: str) -> str:
    """Read a host name or IP address; empty when it is neither."""
    text = text.strip()
    if text.startswith("[") or text.count(":") > 1:
        return _canonical_ipv6(text)
    return _canonical_name(unescape(text.encode("utf-8", "surrogatepass")))


def host_from_url(raw: str) -> str:
    """Read a host as it stands in a URL, where IPv6 addresses need their brackets."""
    if raw.startswith("["):
        return _canonical_ipv6(raw)
    return _canonical_name(unescape(raw.encode("utf-8", "surrogatepass")))


def registrable(host: str) -> str:
    """Return the eTLD+1 of a canonical host; empty for public suffixes and IP addresses."""
    suffix = public_suffix(host)
    if not suffix or suffix == host:
        return ""
    return host[host.rfind(".", 0, -len(suffix) - 1) + 1 :]


def is_public_suffix(host: str) -> bool:
    """Return whether a canonical host is a public suffix, such as ``com.cn`` or ``github.io``."""
    return host != "" and public_suffix(host) == host


@lru_cache(MAX_HOSTS_CACHED)
def host_suffixes(host: str) -> tuple[str, ...]:
    """Return the hosts to look up, most specific first: itself, then up to four parents.

    The parents are the registrable domain and those built on it label by label
    (Safe Browsing v5). IP addresses and public suffixes have none.
    """
    parent = registrable(host)
    parents: list[str] = []
    while parent and parent != host and len(parents) < MOST_PARENTS:
        parents.append(parent)
        parent = host[host.rfind(".", 0, -len(parent) - 1) + 1 :]
    return (host, *reversed(parents))


def has_suffixes_below(host: str) -> bool:
    """Return whether public suffixes lie below a canonical host, and so names of many others.

    ``amazonaws.com`` is no public suffix, but ``s3.amazonaws.com`` is one.
    """
    return host in _above_suffixes()


def possible_suffixes(hosts: Sequence[bytes]) -> list[int]:
    """Return the places of canonical hosts that may be public suffixes; the others are none.

    Quicker than `is_public_suffix` for very many, of which hardly any is.
    """
    names, above = _suffixes_in_bytes()
    return [
        at for at, host in enumerate(hosts) if host.partition(b".")[2] in above or host in names
    ]


def public_suffix(host: str) -> str:
    """Return the public suffix of a canonical host, unknown last labels included."""
    if is_address(host):
        return ""
    return listed_suffix(host) or host[host.rfind(".") + 1 :]


def listed_suffix(host: str) -> str:
    """Return the longest suffix of a canonical host that is on the Public Suffix List."""
    rules = suffix_rules()
    rest = host
    if host.count(".") > rules.most_dots:
        # No rule reaches further; one step for each label of a long host would be quadratic.
        rest = ".".join(host.rsplit(".", rules.most_dots + 1)[1:])
    while rest:
        parent = rest.partition(".")[2]
        if rest in rules.exceptions:
            return parent
        if rest in rules.names or parent in rules.wildcards:
            return rest
        rest = parent
    return ""


@lru_cache(MAX_SUFFIXES_CACHED)
def registry_suffix(host: str) -> str:
    """Return the suffix of a lower-case host below which names are registered; empty if none."""
    host = host if host.isascii() else canonical_host(host)
    last = host.rpartition(".")[2]
    return last if last in _RESERVED else listed_suffix(host)


def is_address(host: str) -> bool:
    """Return whether a canonical host is an IP address."""
    return host.startswith("[") or _IPV4.fullmatch(host) is not None


def _canonical_name(raw: bytes) -> str:
    name = raw.decode("utf-8", "surrogateescape")
    if len(name) > _LONGEST_READ:
        return ""
    name = _DOTS.sub(".", _mapped(name)).strip(".")
    if _NEVER_IN_HOSTS.search(name):
        return ""
    if _LAST_IS_NUMBER.fullmatch(name):
        return _canonical_ipv4(name)
    host = escape(name.encode("utf-8", "surrogateescape"), _ESCAPED_IN_HOSTS)
    if not all(0 < len(label) <= MAX_LABEL_CHARACTERS for label in host.split(".")):
        return ""
    return host if len(host) <= MAX_HOST_CHARACTERS else ""


def _mapped(name: str) -> str:
    """Map to what domain names are compared by (UTS 46): lower case, in ASCII."""
    if name.isascii():
        return name.lower()
    try:
        mapped = uts46_remap(name, std3_rules=False)
    except IDNAError:
        # No browser goes there; what stays is escaped, as Safe Browsing does.
        return name.lower()
    if _MADE_BY_MAPPING.search(mapped):
        return ""
    return ".".join(map(_ascii_label, mapped.split(".")))


def _ascii_label(label: str) -> str:
    # Punycode is never shorter, and slow on long labels: those are refused for their length.
    if label.isascii() or len(label) > MAX_LABEL_CHARACTERS:
        return label
    return "xn--" + label.encode("punycode").decode("ascii")


def _canonical_ipv4(name: str) -> str:
    """Read one to four numbers, decimal, octal or hexadecimal, as inet_aton does."""
    if len(name) > MAX_HOST_CHARACTERS:
        return ""
    *leading, last = (_number(part) for part in name.split("."))
    places = 4 - len(leading)
    if places < 1 or not 0 <= last < 256**places or not all(0 <= n <= 255 for n in leading):  # noqa: PLR2004
        return ""
    high = int.from_bytes(bytes(leading)) << 8 * places
    return str(IPv4Address(high | last))


def _number(text: str) -> int:
    for pattern, base in _ADDRESS_BASES:
        if pattern.fullmatch(text):
            return int(text, base) if text != "0x" else 0
    return -1


def _canonical_ipv6(text: str) -> str:
    text = text.removeprefix("[").removesuffix("]")
    if "%" in text:
        return ""  # A zone means something on one machine only.
    try:
        address = IPv6Address(text)
    except ValueError:
        return ""
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    if int(address) >> 32 == _NAT64:
        return str(IPv4Address(int(address) & 0xFFFFFFFF))
    return f"[{address.compressed}]"


class SuffixRules(NamedTuple):
    """The Public Suffix List, in canonical spelling."""

    names: frozenset[str]
    wildcards: frozenset[str]
    """Names below which every label is a suffix."""
    exceptions: frozenset[str]
    """Exception rules: names that are no suffix although a wildcard covers them."""
    most_dots: int
    """Dots of the longest suffix there can be."""


def _suffix_list() -> str:
    """Return the Public Suffix List that comes with `tldextract`, whose import takes 0.1 s."""
    package = find_spec("tldextract")
    if package is None or package.origin is None:
        raise ValueError("the tldextract package is missing, which has the Public Suffix List")
    return Path(package.origin).with_name(".tld_set_snapshot").read_text("utf-8")


@lru_cache(1)
def suffix_rules() -> SuffixRules:
    """Return the rules of the list."""
    marked = [
        (mark, name if _PLAIN_NAME.fullmatch(name) else canonical_host(name))
        for mark, name in _SUFFIX_RULE.findall(_suffix_list())
    ]
    names, wildcards, exceptions = (
        frozenset(name for mark, name in marked if mark == kind) for kind in ("", "*.", "!")
    )
    # A wildcard stands for one label more.
    most_dots = 1 + max(name.count(".") for name in (*names, *wildcards, *exceptions))
    return SuffixRules(names, wildcards, exceptions, most_dots)


@lru_cache(1)
def _above_suffixes() -> frozenset[str]:
    rules = suffix_rules()
    above = set(rules.wildcards)
    for name in rules.names | rules.wildcards:
        parent = name.partition(".")[2]
        while parent and parent not in above:
            above.add(parent)
            parent = parent.partition(".")[2]
    return frozenset(above)


@lru_cache(1)
def _suffixes_in_bytes() -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Return the suffixes that are named, and what stands above the others."""
    rules = suffix_rules()
    # Nothing stands above an unknown last label.
    return (
        frozenset(name.encode() for name in rules.names),
        frozenset(name.encode() for name in (*rules.wildcards, "")),
    )
