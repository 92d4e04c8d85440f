"""Two tables for Kamailio in the form of ``db_text``: numbers for ``htable``, ranges for ``mtree``.

Apart, because ``mtree`` takes everything for a prefix: a full number such as ``955`` there would
cut off 95588, and ``+861`` all mobile phones. ``htable`` finds a number alone; of ranges, the
longest decides, as it does here. The value says ``block`` or ``allow``, then the id of the entry.

Numbers keep their plus, so that a service code and a number never meet, and ``char_list`` needs
one. What a switch writes must be brought into this form first: examples/kamailio.cfg does, and
lets calls to emergency and service numbers through before it consults a list.
"""

from blocklists.entries import Direction, Entry, EntryKind
from blocklists.exporters.forms import NUMBERS, Context, ExportForm, ExportTable, LeftOut
from fanzha.decisions import Action

_SIDES = {Direction.FROM: "from", Direction.TO: "to"}


def _row(entry: Entry, context: Context) -> str | LeftOut:
    if entry.direction and not entry.direction & context.side:
        return LeftOut.SIDE
    action = "allow" if entry.action == Action.ALLOW else "block"
    value = f"{action} {entry.entry_id}"
    if entry.kind == EntryKind.NUMBER:
        return f"{entry.pattern}:0:0:{value}:0\n"
    return f"0:{entry.pattern.removesuffix('*')}:{value}\n"


KAMAILIO = ExportForm(
    kinds=NUMBERS,
    tables=(
        ExportTable(
            name=lambda context: f"listed_{_SIDES[context.side]}_numbers",
            kinds=frozenset((EntryKind.NUMBER,)),
            head="key_name(string) key_type(int) value_type(int) key_value(string) expires(int)\n",
        ),
        ExportTable(
            name=lambda context: f"listed_{_SIDES[context.side]}_ranges",
            kinds=frozenset((EntryKind.RANGE,)),
            head="id(int,auto) tprefix(string) tvalue(string)\n",
        ),
    ),
    row=_row,
    allows=True,
)
