"""Packages of leads: what a department gets, as a ZIP file with a signed manifest.

``lead.json`` says from whom, to whom, why, on which basis and by when an answer is due;
``facts.csv`` and ``facts.json`` hold what the department may see, a row a fact. The manifest counts
what is masked and left out, so that nobody takes the package for all there is.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fanzha.translation.message import localized
from infra.csv_cells import SafeWriter
from services.audit.keys import PublicKeys, SigningKey
from services.evidence_package import signed_archive
from services.evidence_package.sections import format_time
from services.evidence_package.signed_archive import PackageCheck
from services.incidents.departments import Department
from services.incidents.facts import FactRow, ShownFacts, shown_to
from services.incidents.model import Incident, Lead

FORMAT = "fanzha-lead-1"
LETTER, TABLE, FACTS = "lead.json", "facts.csv", "facts.json"
_BYTE_ORDER_MARK = "\ufeff"
"""For spreadsheets, which take the file for another encoding without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadPackage:
    """A package as it is sent."""

    data: bytes
    rows: int
    masked: int
    left_out: int


def make(
    incident: Incident,
    lead: Lead,
    department: Department,
    rows: Sequence[FactRow],
    *,
    key: SigningKey,
) -> LeadPackage:
    """Make the package of a lead that is sent with this state of it."""
    shown = shown_to(department, rows)
    contents = {
        LETTER: signed_archive.as_json(_letter(incident, lead, department, shown)),
        TABLE: _table(shown).encode(),
        FACTS: signed_archive.as_json(list(shown.rows)),
    }
    manifest = {
        "format": FORMAT,
        "department": department.name,
        "incident": incident.incident_id,
        "lead": lead.lead_id,
        "left_out": shown.left_out,
        "masked": shown.masked,
        "rows": len(shown.rows),
        "sent_by": lead.sent_by,
    }
    file = io.BytesIO()
    signed_archive.write(file, contents, manifest, made_at_ms=lead.sent_at_ms, key=key)
    return LeadPackage(
        data=file.getvalue(), rows=len(shown.rows), masked=shown.masked, left_out=shown.left_out
    )


def check(path: Path, known: PublicKeys | None) -> PackageCheck:
    """Check a package with *known* keys; without, with the one in it."""
    return signed_archive.check(path, known, FORMAT)


def _letter(
    incident: Incident, lead: Lead, department: Department, shown: ShownFacts
) -> dict[str, object]:
    return {
        "incident": incident.incident_id,
        "title": incident.title,
        "lead": lead.lead_id,
        "department": localized(department.title, "zh"),
        "department_en": localized(department.title, "en"),
        "purpose": lead.purpose,
        "legal_basis": lead.legal_basis,
        "drafted_by": lead.drafted_by,
        "sent_by": lead.sent_by,
        "sent": format_time(lead.sent_at_ms),
        "answer_due": format_time(lead.due_ms),
        "rows": len(shown.rows),
        "masked_cells": shown.masked,
        "cells_left_out": shown.left_out,
    }


def _table(shown: ShownFacts) -> str:
    names = list(dict.fromkeys(name for row in shown.rows for name in row))
    text = io.StringIO()
    writer = SafeWriter(text)
    writer.writerow(names)
    for row in shown.rows:
        writer.writerow([row.get(name, "") for name in names])
    return _BYTE_ORDER_MARK + text.getvalue()
