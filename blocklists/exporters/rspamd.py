"""A map of hosts for rspamd's module ``multimap``.

``LISTED_HOST { type = "url"; map = "/etc/rspamd/listed.map"; score = 20.0; }`` finds links to
exactly these hosts. A second rule with ``filter = "tld"`` finds links to all names below those
that were registered, allowed ones among them; ``glob`` would find other hosts that only end alike.
"""

from blocklists.entries import Entry
from blocklists.exporters.forms import HOSTS, Context, ExportForm


def _head(context: Context) -> str:
    return f"# lists at version {context.version}; exact names\n"


def _row(entry: Entry, _context: Context) -> str:
    return f"{entry.pattern.strip('[]')}\n"


RSPAMD = ExportForm(kinds=HOSTS, head=_head, row=_row)
