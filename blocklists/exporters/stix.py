"""A STIX 2.1 bundle with an indicator for each entry, one object a line.

STIX has no object for phone numbers; ``phone-number`` is what OpenCTI calls it, and what
`blocklists.importers` reads. Senders and fingerprints have no pattern that others could read, and
are left out. An indicator keeps its id until the entry is entered anew.
"""

import json
from datetime import datetime
from uuid import UUID, uuid5

from blocklists.entries import Entry, EntryKind
from blocklists.exporters.forms import Context, ExportForm

_NAMESPACE = UUID("1a2ac1a1-6ad8-5a3c-9d31-a1c5d0d2c5b7")
_MAKER = f"identity--{uuid5(_NAMESPACE, 'fanzha')}"
TLP = {
    "white": "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
    "green": "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
    "amber": "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
    "red": "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
}
"""Ids that STIX 2.1 fixes."""
_KINDS = frozenset((EntryKind.NUMBER, EntryKind.RANGE, EntryKind.HOST, EntryKind.URL_PREFIX))


def _head(context: Context) -> str:
    maker = {
        "type": "identity",
        "spec_version": "2.1",
        "id": _MAKER,
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "name": "Fanzha",
        "identity_class": "system",
    }
    name = uuid5(_NAMESPACE, f"{context.version} {context.now_s}")
    return f'{{"type":"bundle","id":"bundle--{name}","objects":[\n{_written(maker)}'


def _row(entry: Entry, context: Context) -> str:
    created, created_s = _time(entry.created_at), int(entry.created_at.timestamp())
    fraud_type = entry.fraud_type.name.lower() if entry.fraud_type else ""
    labels = (fraud_type, entry.source.name.lower(), entry.campaign)
    indicator = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid5(_NAMESPACE, f'{entry.entry_id} {created_s}')}",
        "created_by_ref": _MAKER,
        "created": created,
        "modified": created,
        "name": entry.reason or entry.entry_id,
        "description": entry.legal_basis,
        "indicator_types": ["malicious-activity"],
        "pattern": _pattern(entry),
        "pattern_type": "stix",
        "valid_from": created,
        "valid_until": _time(entry.expires_at) if entry.ends else "",
        "labels": [label for label in labels if label],
        "external_references": [{"source_name": "fanzha", "external_id": entry.entry_id}],
        "object_marking_refs": [TLP[context.tlp]],
    }
    # Nothing may be empty in STIX.
    return f",\n{_written({name: value for name, value in indicator.items() if value})}"


def _pattern(entry: Entry) -> str:
    pattern = entry.pattern
    if entry.kind == EntryKind.NUMBER:
        return f"[phone-number:value = {_quoted(pattern)}]"
    if entry.kind == EntryKind.RANGE:
        return f"[phone-number:value LIKE {_quoted(pattern.removesuffix('*') + '%')}]"
    if entry.kind == EntryKind.URL_PREFIX:
        return f"[url:value = {_quoted(f'http://{pattern}')}]"
    if pattern.startswith("["):
        return f"[ipv6-addr:value = {_quoted(pattern.strip('[]'))}]"
    kind = "ipv4-addr" if pattern[-1:].isdigit() else "domain-name"
    return f"[{kind}:value = {_quoted(pattern)}]"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"


STIX = ExportForm(kinds=_KINDS, head=_head, row=_row, tail="\n]}\n")
