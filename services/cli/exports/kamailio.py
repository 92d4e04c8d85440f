"""A table for Kamailio's module ``mtree``, in the form of ``db_text``.

There, too, the longest prefix decides, and its value says ``block`` or ``allow``, then the id of
the entry. A number is the prefix of longer ones; full numbers have none. Patterns keep their plus,
so the module needs ``char_list`` with a plus: a service code and a number never meet.
"""

from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import decision_pb2
from services.cli.exports.forms import NUMBERS, Context, Form, LeftOut


def _prefix(entry: pb.Entry) -> str:
    return entry.pattern.removesuffix("*")


def _row(entry: pb.Entry, context: Context) -> str | LeftOut:
    if entry.direction and not entry.direction & context.side:
        return LeftOut.SIDE
    action = "allow" if entry.action == decision_pb2.ACTION_ALLOW else "block"
    return f"0:{_prefix(entry)}:{action} {entry.entry_id}\n"


KAMAILIO = Form(
    kinds=NUMBERS,
    head=lambda _context: "id(int,auto) tprefix(string) tvalue(string)\n",
    row=_row,
    allows=True,
    key=_prefix,
)
