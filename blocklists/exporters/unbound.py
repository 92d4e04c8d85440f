"""Zones for Unbound itself, where no other server may be asked: ``include:`` them in its file.

Of all zones around a name, the nearest decides: an allowed name below a blocked one gets through,
and names between two need no line, unlike in a policy zone. A zone always means all names below it,
so names whose names below belong to others cannot be said here, and are left out.
"""

from blocklists.entries import Entry
from blocklists.exporters.forms import HOSTS, Context, ExportForm, LeftOut
from fanzha.decisions import Action
from fanzha.edge.policy_records import is_record_name
from fanzha.hosts import has_suffixes_below, is_public_suffix


def _head(context: Context) -> str:
    return f"# lists at version {context.version}\nserver:\n"


def _row(entry: Entry, _context: Context) -> str | LeftOut:
    name = entry.pattern
    if not is_record_name(name) or is_public_suffix(name) or has_suffixes_below(name):
        return LeftOut.PATTERN
    kind = "always_transparent" if entry.action == Action.ALLOW else "always_nxdomain"
    return f'    local-zone: "{name}." {kind}\n'


UNBOUND = ExportForm(kinds=HOSTS, head=_head, row=_row, allows=True)
