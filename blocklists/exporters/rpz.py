"""A response policy zone for name servers: BIND, Unbound, Knot, PowerDNS.

Strict, because one bad record makes a name server refuse the zone. The serial is the version of
the lists, so it rises. Addresses are left out: an ``rpz-ip`` trigger would block every name that
leads to the address, while an entry means links that name it.

A record of ``*.name`` means all names below. Those that belong to many are not meant by an entry:
where public suffixes lie below a name, such as ``s3.amazonaws.com`` below ``amazonaws.com``, or the
name is one itself, it is written alone, blocked or allowed. Names between two of the list are
written, too: see `fanzha.edge.policy_records`.
"""

from collections.abc import Iterator, Mapping

from blocklists.entries import Entry
from blocklists.exporters.forms import HOSTS, Context, ExportForm, LeftOut
from fanzha.decisions import Action
from fanzha.edge.policy_records import fits, names_between
from fanzha.hosts import has_suffixes_below, is_public_suffix

_SERIALS = 2**32
_HEAD = """\
$TTL 60
@ SOA localhost. hostmaster.localhost. {serial} 3600 600 86400 60
@ NS localhost.
"""


def _head(context: Context) -> str:
    return _HEAD.format(serial=context.version % _SERIALS)


def _row(entry: Entry, context: Context) -> str | LeftOut:
    name = entry.pattern
    if not fits(name, context.zone):
        return LeftOut.PATTERN
    allowed = entry.action == Action.ALLOW
    return _records(name, allowed=allowed, below=not _is_above_others(entry))


def _records(name: str, *, allowed: bool, below: bool) -> str:
    action = "rpz-passthru." if allowed else "."
    records = f"{name} CNAME {action}\n"
    return f"{records}*.{records}" if below else records


def _gaps(names: Mapping[str, bool]) -> Iterator[str]:
    """Write the names between listed ones; memory grows with the list, as that of its reader."""
    written: set[str] = set()
    for name in names:
        between, above = names_between(name, names.__contains__)
        if not above or _belongs_to_many(above):
            continue
        for gap in between:
            if gap not in written:
                written.add(gap)
                yield _records(gap, allowed=names[above], below=True)


def _is_above_others(entry: Entry) -> bool:
    return _belongs_to_many(entry.pattern)


def _belongs_to_many(name: str) -> bool:
    return is_public_suffix(name) or has_suffixes_below(name)


RPZ = ExportForm(
    kinds=HOSTS, head=_head, row=_row, allows=True, narrow=_is_above_others, gaps=_gaps
)
