"""Verifies a package offline: signature, hashes of all files, chain of audit records."""

import json
from pathlib import Path
from zipfile import ZipFile

from fanzha.errors import InvalidConfiguration
from fanzha.translation.message import Message
from services.audit.keys import PublicKeys
from services.audit.records import DamagedAuditRecord
from services.evidence_package import chain_proof, signed_archive
from services.evidence_package.archive import CHAIN, FORMAT, record_words
from services.evidence_package.signed_archive import PackageCheck

MOST_PROBLEMS = 100


def check(path: Path, known: PublicKeys | None) -> PackageCheck:
    """Check a package with *known* keys; without, with the one in it."""
    return signed_archive.check(path, known, FORMAT, _check_chain)


def _check_chain(package: ZipFile, trusted: PublicKeys, checked: PackageCheck) -> None:
    lines = signed_archive.read(package, CHAIN).split(b"\n")[:-1]
    for fault in chain_proof.check(iter(lines), trusted):
        if len(checked.problems) < MOST_PROBLEMS:
            checked.problems.append(Message("{name}: {fault}", name=CHAIN, fault=fault))
    if checked.problems:
        return
    try:
        proved = {record.sequence: record for record in chain_proof.read_records(lines)}
    except DamagedAuditRecord as damaged:
        why = damaged.args[0]
        raise InvalidConfiguration("{chain}: {damaged}", chain=CHAIN, damaged=why) from damaged
    for row in json.loads(signed_archive.read(package, "audit.json"))["rows"]:
        record = proved.get(int(row["sequence"]))
        if record is None or record_words(record) != row:
            checked.problems.append(
                Message("audit.json: sequence {sequence} is not proved", sequence=row["sequence"])
            )
        else:
            checked.records += 1
