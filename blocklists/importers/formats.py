"""Names the formats of lists, and recognises them."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from blocklists.importers import (
    adblock,
    bind,
    dnsmasq,
    domains,
    hosts,
    json_lists,
    numbers,
    rpz,
    unbound,
    yaml_records,
)
from blocklists.importers.list_format import Format
from blocklists.importers.rows import Item, Reader
from blocklists.importers.tables import csv_table, headers
from fanzha import party_address

HEAD_LINES = 500
"""Lines that `detect` inspects."""


def read_stix(lines: Iterable[str], now_s: int = 0) -> Iterator[Item]:
    """Read a bundle; indicators that begin after *now_s* are bad."""
    from blocklists.importers import stix  # noqa: PLC0415 - takes 0.2 s, and few lists need it

    return stix.read(lines, now_s)


READERS: dict[Format, Reader] = {
    Format.CSV: csv_table.read,
    Format.NUMBERS: numbers.read,
    Format.DOMAINS: domains.read,
    Format.HOSTS: hosts.read,
    Format.ADBLOCK: adblock.read,
    Format.DNSMASQ: dnsmasq.read,
    Format.UNBOUND: unbound.read,
    Format.RPZ: rpz.read,
    Format.BIND: bind.read,
    Format.JSON: json_lists.read,
    Format.YAML: yaml_records.read,
    Format.STIX: read_stix,
}
"""Readers of lines; a workbook has none, see `workbook`."""

# A line votes for the first format that it matches.
_LOOKS: tuple[tuple[Format, re.Pattern[str]], ...] = (
    (Format.DNSMASQ, re.compile(r"(?:address|server|local)=/")),
    (Format.UNBOUND, re.compile(r"local-(?:zone|data):|server:$")),
    (Format.BIND, re.compile(r"zone\s+\"")),
    (Format.RPZ, re.compile(r"\$TTL\b|\$ORIGIN\b|.*\sSOA\s|\S+\s.*\bCNAME\s+\S+", re.IGNORECASE)),
    (Format.ADBLOCK, re.compile(r"\|\||@@|!|\[Adblock|.*##|\|https?:", re.IGNORECASE)),
    (Format.HOSTS, re.compile(r"(?:0\.0\.0\.0|127\.\d+\.\d+\.\d+|::1?|0)\s+\S")),
    (Format.CSV, re.compile(r"[^,\t;]*[,\t;][^,\t;]")),
    (Format.NUMBERS, re.compile(r"(?!\d+(?:\.\d+){3})[+(]?\d[\d ().-]+\*?(?:\s*#.*)?$")),
    (Format.DOMAINS, re.compile(r"\S")),
)
_CELLS = re.compile(r"[,\t]")
_REMARK = re.compile(r"\s*(?:#|;|//)")
_YAML = re.compile(r"(?:---\s*|\s*- +[a-z_]+:.*)", re.IGNORECASE)
_STIX = re.compile(
    r'"(?:type"\s*:\s*"(?:bundle|indicator)|id"\s*:\s*"bundle--|pattern_type)"|"bundle--'
)
_STIX_SEEN = 20_000
"""Characters inspected for STIX; a bundle may be one line."""
_JSON_LIST = re.compile(r"\[\s*(?:[\"{\]].*)?")


def detect(head: Sequence[str], name: str = "") -> Format:
    """Recognise a format by the first lines of a file, and by its name where they could be several.

    Filter lists may begin with hundreds of plain names: their comments give them away.
    """
    lines = [line.strip() for line in head if line.strip()]
    first = lines[0] if lines else ""
    if first.startswith("{") or _JSON_LIST.fullmatch(first):
        return Format.STIX if _STIX.search("\n".join(lines)[:_STIX_SEEN]) else Format.JSON
    if _YAML.fullmatch(first):
        return Format.YAML
    if any(_is_header(line) for line in lines[:20]):
        return Format.CSV
    votes = Counter(_vote(line) for line in lines if not _REMARK.match(line))
    if votes[Format.ADBLOCK] and votes[Format.ADBLOCK] + votes[Format.DOMAINS] == votes.total():
        return Format.ADBLOCK
    if votes:
        return votes.most_common(1)[0][0]
    return _by_name(name)


def _vote(line: str) -> Format:
    line = party_address.narrow(line)
    if party_address.is_uri(line) and not _CELLS.search(line):
        return Format.NUMBERS  # the semicolons are those of its parameters
    return next((format_ for format_, look in _LOOKS if look.match(line)), Format.DOMAINS)


def _is_header(line: str) -> bool:
    cells = line.split(csv_table.delimiter_of(line))
    plain = len(cells) > 1 or not line.startswith("#")
    return plain and headers.layout_of(cells) is not None


def _by_name(name: str) -> Format:
    suffixes = name.lower().removesuffix(".gz").split(".")[1:]
    return next((Format(suffix) for suffix in suffixes if suffix in set(Format)), Format.DOMAINS)
