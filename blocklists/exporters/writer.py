"""Writes an export: the allow entries first, then what they do not lift."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import IO

from blocklists.entries import Entry, EntryKind
from blocklists.exporters import guard
from blocklists.exporters.forms import (
    ALL_KINDS,
    NUMBERS,
    Context,
    ExportForm,
    ExportSummary,
    LeftOut,
    acting,
)
from blocklists.exporters.kamailio import KAMAILIO
from blocklists.exporters.plain import CSV, DOMAINS, NUMBERS_ALONE
from blocklists.exporters.rpz import RPZ
from blocklists.exporters.rspamd import RSPAMD
from blocklists.exporters.stix import STIX
from blocklists.exporters.unbound import UNBOUND
from fanzha.decisions import Action

FORMS = {
    "csv": CSV,
    "domains": DOMAINS,
    "numbers": NUMBERS_ALONE,
    "rpz": RPZ,
    "rspamd": RSPAMD,
    "kamailio": KAMAILIO,
    "stix": STIX,
    "unbound": UNBOUND,
}


class Export:
    """One export in the making: a file, or one for each table of the form."""

    def __init__(self, form: ExportForm, context: Context, *files: IO[str]) -> None:
        self._form = form
        self._context = context
        self._allowed: set[str] = set()
        self._patterns: dict[str, bool] = {}
        self._heads_of_allowed: set[str] = set()
        self._files = files
        self._file_of: dict[EntryKind, IO[str]] = {
            kind: file
            for table, file in zip(form.tables, files, strict=False)
            for kind in table.kinds
        }
        self.written = ExportSummary()
        heads = [table.head for table in form.tables] or [form.head(context)]
        for file, head in zip(files, heads, strict=True):
            file.write(head)

    def add(self, batches: Iterable[Sequence[Entry]]) -> None:
        """Write entries, save those that were lifted."""
        for entries in batches:
            refused = guard.refusals(entries)
            for row, entry in enumerate(entries):
                self._add(entry, refused.get(row))

    def close(self) -> ExportSummary:
        """Write the end."""
        if self._form.gaps is not None:
            self._files[-1].writelines(self._form.gaps(self._patterns))
        self._files[-1].write(self._form.tail)
        return self.written

    def lift(self, batches: Iterable[Sequence[Entry]]) -> None:
        """Heed allow entries; they are written where the form can say them. To come first."""
        for entries in batches:
            if self._form.allows:
                self.add([entries])
                continue
            for entry in entries:
                # Of any kind: a range that the form holds may cover a number that it leaves out.
                if acting(entry, replace(self._form, kinds=ALL_KINDS), self._context) is None:
                    self._heed(entry)

    def _heed(self, entry: Entry) -> None:
        self._allowed.add(self._form.key(entry))
        if entry.kind in NUMBERS:
            head = entry.pattern.removesuffix("*")
            self._heads_of_allowed.update(head[:length] for length in range(1, len(head) + 1))

    def _add(self, entry: Entry, refused: LeftOut | None) -> None:
        text = refused or acting(entry, self._form, self._context) or self._text(entry)
        if isinstance(text, LeftOut):
            self.written.leave_out(text)
            return
        allows = entry.action == Action.ALLOW
        if self._form.gaps is not None:
            self._patterns[entry.pattern] = allows
        if allows:
            self._allowed.add(self._form.key(entry))
        self._file_of.get(entry.kind, self._files[0]).write(text)
        self.written.rows += 1
        self.written.narrowed += self._form.narrow(entry)

    def _text(self, entry: Entry) -> str | LeftOut:
        if self._form.for_others and not guard.is_canonical(entry):
            return LeftOut.PATTERN
        text = self._form.row(entry, self._context)
        if isinstance(text, LeftOut):
            return text
        if self._form.key(entry) in self._allowed:
            return LeftOut.LIFTED
        if entry.kind == EntryKind.RANGE and entry.pattern[:-1] in self._heads_of_allowed:
            return LeftOut.EXCEPTED
        return text
