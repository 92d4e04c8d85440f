"""Writes an export: the allow entries first, then what they do not lift."""

from collections.abc import Iterable, Sequence
from typing import IO

from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import decision_pb2
from services.cli.exports.forms import Context, Form, LeftOut, Written, acting
from services.cli.exports.kamailio import KAMAILIO
from services.cli.exports.plain import CSV, DOMAINS, NUMBERS_ALONE
from services.cli.exports.rpz import RPZ
from services.cli.exports.rspamd import RSPAMD
from services.cli.exports.stix import STIX

FORMS = {
    "csv": CSV,
    "domains": DOMAINS,
    "numbers": NUMBERS_ALONE,
    "rpz": RPZ,
    "rspamd": RSPAMD,
    "kamailio": KAMAILIO,
    "stix": STIX,
}


class Export:
    """One file in the making."""

    def __init__(self, form: Form, context: Context, file: IO[str]) -> None:
        self._form = form
        self._context = context
        self._file = file
        self._allowed: set[str] = set()
        self.written = Written()
        file.write(form.head(context))

    def add(self, batches: Iterable[Sequence[pb.Entry]]) -> None:
        """Write entries, save those that were lifted."""
        for entries in batches:
            for entry in entries:
                self._add(entry)

    def close(self) -> Written:
        """Write the end."""
        self._file.write(self._form.tail)
        return self.written

    def lift(self, batches: Iterable[Sequence[pb.Entry]]) -> None:
        """Heed allow entries; they are written where the form can say them. To come first."""
        for entries in batches:
            for entry in entries:
                if self._form.allows:
                    self._add(entry)
                elif acting(entry, self._form, self._context) is None:
                    self._allowed.add(self._form.key(entry))

    def _add(self, entry: pb.Entry) -> None:
        why = acting(entry, self._form, self._context)
        text = why or self._form.row(entry, self._context)
        key = self._form.key(entry)
        if not isinstance(text, LeftOut) and key in self._allowed:
            text = LeftOut.LIFTED
        if isinstance(text, LeftOut):
            self.written.leave_out(text)
            return
        if entry.action == decision_pb2.ACTION_ALLOW:
            self._allowed.add(key)
        self._file.write(text)
        self.written.rows += 1
