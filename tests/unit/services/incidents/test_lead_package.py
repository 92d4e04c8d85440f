"""The package of a lead: what a department sees of it, and that nobody can change it unseen."""

import csv
import io
import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from services.audit import keys
from services.audit.keys import SigningKey
from services.incidents import departments, lead_package
from services.incidents.departments import DataClass
from services.incidents.facts import Fact, FactRow, shown_to
from services.incidents.model import Incident, Lead

PERSON, SUSPECT = "+8617000000999", "+8617000000123"
ROWS: list[FactRow] = [
    {
        "what": Fact("decision"),
        "from": Fact(SUSPECT, DataClass.SUSPECT),
        "to": Fact(PERSON, DataClass.PERSON),
        "url": Fact("=HYPERLINK(1)", DataClass.LINK),
    },
    {"person": Fact(PERSON, DataClass.PERSON)},
]
LEAD = Lead(
    lead_id=1,
    department="market_regulation",
    purpose="look",
    legal_basis="Act 1",
    sent_at_ms=10**12,
)
INCIDENT = Incident(incident_id=7, title="假贷款", opened_at_ms=1, opened_by="li")


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return keys.open_key(tmp_path / "key")


def written(tmp_path: Path, key: SigningKey, department: str) -> Path:
    package = lead_package.make(INCIDENT, LEAD, departments.load()[department], ROWS, key=key)
    path = tmp_path / "lead.zip"
    path.write_bytes(package.data)
    return path


def test_a_department_sees_what_its_row_says_and_the_rest_is_counted() -> None:
    shown = shown_to(departments.load()["market_regulation"], ROWS)

    assert shown.rows == [{"what": "decision", "from": "**********0123", "url": "=HYPERLINK(1)"}]
    assert (shown.masked, shown.left_out) == (1, 2)


def test_the_police_see_it_all() -> None:
    shown = shown_to(departments.load()["public_security"], ROWS)

    assert [row.get("to") or row.get("person") for row in shown.rows] == [PERSON, PERSON]
    assert (shown.masked, shown.left_out) == (0, 0)


def test_no_number_of_a_person_is_anywhere_in_a_package_that_must_not_have_it(
    tmp_path: Path, key: SigningKey
) -> None:
    with ZipFile(written(tmp_path, key, "market_regulation")) as package:
        contents = b"".join(package.read(name) for name in package.namelist())

    assert PERSON.encode() not in contents
    assert SUSPECT.encode() not in contents


def test_its_table_calls_no_formula(tmp_path: Path, key: SigningKey) -> None:
    with ZipFile(written(tmp_path, key, "public_security")) as package:
        text = package.read(lead_package.TABLE).decode("utf-8-sig")

    (head, first, _) = csv.reader(io.StringIO(text))
    assert first[head.index("url")] == "'=HYPERLINK(1)"
    assert first[head.index("from")] == SUSPECT


def test_a_whole_package_is_known_by_the_key_of_the_log(tmp_path: Path, key: SigningKey) -> None:
    path = written(tmp_path, key, "tax")
    public = keys.read_public(key.public_pem, "key")

    checked = lead_package.check(path, public)

    assert checked.good
    assert (checked.key_id, checked.own_key) == (key.key_id, False)
    assert (checked.manifest["department"], checked.manifest["left_out"]) == ("tax", 4)
    assert lead_package.check(path, None).own_key


@pytest.mark.parametrize("name", [lead_package.TABLE, lead_package.LETTER])
def test_a_changed_file_is_found(tmp_path: Path, key: SigningKey, name: str) -> None:
    path = written(tmp_path, key, "tax")
    with ZipFile(path) as package:
        contents = {one: package.read(one) for one in package.namelist()}
    with ZipFile(path, "w") as package:
        for one, data in contents.items():
            package.writestr(one, data.replace(b"a", b"b") if one == name else data)

    checked = lead_package.check(path, None)

    assert not checked.good
    assert name in str(checked.problems)


def test_another_key_and_another_kind_of_package_are_no_proof(
    tmp_path: Path, key: SigningKey
) -> None:
    path = written(tmp_path, key, "tax")
    other = keys.open_key(tmp_path / "other")

    assert not lead_package.check(path, keys.read_public(other.public_pem, "other")).good
    (tmp_path / "no.zip").write_bytes(b"no")
    assert not lead_package.check(tmp_path / "no.zip", None).good


def test_the_letter_says_to_whom_why_and_until_when(tmp_path: Path, key: SigningKey) -> None:
    with ZipFile(written(tmp_path, key, "tax")) as package:
        letter = json.loads(package.read(lead_package.LETTER))

    assert (letter["department"], letter["purpose"]) == ("税务部门", "look")
    assert letter["department_en"] == "tax authority"
    assert letter["cells_left_out"] == 4
