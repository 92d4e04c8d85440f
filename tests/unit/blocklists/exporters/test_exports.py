"""What other systems are given: what acts now, and only what they can say."""

import csv
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
import stix2
import stix2validator
from hypothesis import example, given
from hypothesis import strategies as st

from blocklists.entries import (
    NO_END_S,
    Direction,
    Entry,
    EntryKind,
    EntryMode,
    Source,
    entry_id,
)
from blocklists.exporters.forms import Context, ExportSummary, LeftOut
from blocklists.exporters.writer import FORMS, Export
from blocklists.importers import rpz
from blocklists.importers.rows import ListRow
from blocklists.importers.tables import csv_table
from fanzha.decisions import Action
from fanzha.fraud import FraudType
from tests.support import list_strategies as lists

NOW_S = 1_764_000_000
HOST, NUMBER, RANGE = EntryKind.HOST, EntryKind.NUMBER, EntryKind.RANGE
URL, SENDER = EntryKind.URL_PREFIX, EntryKind.SENDER


def moment(at_s: int) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)


OVER, NEVER = moment(NOW_S), moment(NO_END_S)


def entry(pattern: str, kind: EntryKind, **fields: Any) -> Entry:
    common: dict[str, Any] = {
        "action": Action.BLOCK, "source": Source.BUREAU, "reason": "it's reported",
        "legal_basis": "", "created_by": "li",
        "created_at": moment(NOW_S - 60), "expires_at": moment(NOW_S + 60),
    }  # fmt: skip
    return Entry(pattern=pattern, kind=kind, **common | fields)


def allowed(pattern: str, kind: EntryKind, **fields: Any) -> Entry:
    return entry(pattern, kind, action=Action.ALLOW, **fields)


def export(
    form: str, blocks: Sequence[Entry], allows: Sequence[Entry] = (), **context: Any
) -> tuple[str, ExportSummary]:
    file = StringIO()
    making = Export(FORMS[form], Context(version=7, now_s=NOW_S, **context), file)
    making.lift([allows])
    making.add([blocks])
    written = making.close()
    return file.getvalue(), written


def tables(
    blocks: Sequence[Entry], allows: Sequence[Entry] = (), **context: Any
) -> tuple[list[str], list[str], ExportSummary]:
    """Return the rows of both tables of Kamailio: numbers, ranges."""
    numbers, ranges = StringIO(), StringIO()
    making = Export(FORMS["kamailio"], Context(version=7, now_s=NOW_S, **context), numbers, ranges)
    making.lift([allows])
    making.add([blocks])
    written = making.close()
    return numbers.getvalue().splitlines()[1:], ranges.getvalue().splitlines()[1:], written


@pytest.mark.parametrize("form", ["rpz", "rspamd", "domains", "stix"])
def test_inactive_entries_are_not_exported(form: str) -> None:
    text, written = export(
        form,
        [
            entry("acts.example", HOST),
            entry("over.example", HOST, expires_at=OVER),
            entry("reviewed.example", HOST, expires_at=NEVER),
            entry("watched.example", HOST, mode=EntryMode.SHADOW),
            entry("allowed.example", HOST),
        ],
        [
            allowed("allowed.example", HOST),
            allowed("acts.example", HOST, mode=EntryMode.SHADOW),
        ],
    )

    assert "acts.example" in text
    assert "reviewed.example" in text
    assert "over.example" not in text
    assert "watched.example" not in text
    assert written.left_out[LeftOut.EXPIRED] == 1
    assert written.left_out[LeftOut.LIFTED] == 1


def test_a_zone_has_both_names_and_what_is_let_through() -> None:
    text, _ = export("rpz", [entry("bank.example", HOST)], [allowed("ok.bank.example", HOST)])

    assert text.splitlines()[1].startswith("@ SOA localhost. hostmaster.localhost. 7 ")
    assert text.splitlines()[3:] == [
        "ok.bank.example CNAME rpz-passthru.",
        "*.ok.bank.example CNAME rpz-passthru.",
        "bank.example CNAME .",
        "*.bank.example CNAME .",
    ]


@pytest.mark.parametrize(
    "name", ["192.0.2.7", "[2001:db8::1]", "-a.example", "a" * 64 + ".example",
             ".".join(["a" * 60] * 4), "a b.example"],
)  # fmt: skip
def test_a_zone_holds_no_name_that_a_name_server_would_refuse(name: str) -> None:
    text, written = export("rpz", [entry(name, HOST), entry("bank.example", HOST)])

    assert name not in text
    assert written.left_out == {LeftOut.PATTERN: 1}


@given(st.lists(lists.hosts, unique=True, max_size=6))
def test_a_zone_is_read_as_it_was_written(hosts: list[str]) -> None:
    text, _ = export("rpz", [entry(host, HOST) for host in hosts])

    rows = [item for item in rpz.read(text.splitlines()) if isinstance(item, ListRow)]
    found = {row.pattern for row in rows}
    assert found >= set(hosts)
    # Names between two of the list are written, too.
    assert all(any(name.endswith(f".{host}") for host in hosts) for name in found - set(hosts))
    assert {row.action for row in rows} <= {None, Action.BLOCK}


def test_kamailio_gets_full_numbers_and_ranges_apart() -> None:
    numbers, ranges, written = tables(
        [
            entry("+86170*", RANGE),
            entry("+8617000000123", NUMBER),
            entry("1069012345", NUMBER),
            entry("955", NUMBER),
            entry("+8617000000124", NUMBER, direction=Direction.TO),
            entry("Bank", SENDER),
        ],
        [allowed("+8617000000999", NUMBER)],
    )

    assert numbers == [
        f"{pattern}:0:0:{action.name.lower()} {entry_id(NUMBER, pattern, action)}:0"
        for pattern, action in (
            ("+8617000000999", Action.ALLOW),
            ("+8617000000123", Action.BLOCK),
            ("1069012345", Action.BLOCK),
            ("955", Action.BLOCK),
        )
    ]
    assert ranges == [f"0:+86170:block {entry_id(RANGE, '+86170*', Action.BLOCK)}"]
    assert written.left_out == {LeftOut.SIDE: 1, LeftOut.KIND: 1}


def test_kamailio_tables_for_callees_can_be_exported() -> None:
    to, both = entry("+8617000000124", NUMBER, direction=Direction.TO), "+8617000000125"

    numbers, _, _ = tables([to, entry(both, NUMBER)], side=Direction.TO)

    assert [line.split(":")[0] for line in numbers] == ["+8617000000124", "+8617000000125"]


@pytest.mark.parametrize("pattern", ["110", "12345", "95588", "10086", "+86110"])
def test_no_table_holds_a_protected_number(pattern: str) -> None:
    numbers, ranges, written = tables([entry(pattern, NUMBER), entry(f"{pattern[:3]}*", RANGE)])

    assert numbers == ranges == []
    assert written.left_out == {LeftOut.PROTECTED: 2}


EVIL = [
    entry("110", NUMBER), entry("1*", RANGE), entry("9558*", RANGE), entry("+86*", RANGE),
    entry("gov.cn", HOST), entry("www.GOV.cn", HOST), entry("com.cn", HOST), entry("*.cn", HOST),
    entry("localhost", HOST), entry("127.0.0.1", HOST), entry("www.gov.cn/a", URL),
    entry("GOV.cn/a", URL), entry("95588", SENDER),
]  # fmt: skip


@pytest.mark.parametrize("form", [name for name in FORMS if name != "kamailio"])
def test_protected_names_are_in_no_export(form: str) -> None:
    text, written = export(form, EVIL)

    assert written.rows == 0
    assert written.left_out == {LeftOut.PROTECTED: len(EVIL)}
    assert text == export(form, [])[0]


@pytest.mark.parametrize("form", ["domains", "rpz", "rspamd", "stix"])
@pytest.mark.parametrize(
    "name", ["a.example\nb.example", "a.example CNAME .", "A.example", "a.example.", "/a.*/",
             "a.example;", "a.example 20", "'a.example", "银行.example", ""],
)  # fmt: skip
def test_a_non_canonical_name_is_not_exported(form: str, name: str) -> None:
    text, written = export(form, [entry(name, HOST)])

    assert written.left_out == {LeftOut.PATTERN: 1}
    assert text == export(form, [])[0]


@pytest.mark.parametrize("form", ["numbers", "stix"])
def test_a_range_is_omitted_where_its_exceptions_cannot_be_expressed(form: str) -> None:
    text, written = export(
        form,
        [entry("+86170*", RANGE), entry("+8617100*", RANGE), entry("+86172*", RANGE)],
        [allowed("+8617000000999", NUMBER), allowed("+861710*", RANGE),
         allowed("+8617299*", RANGE, expires_at=OVER)],
    )  # fmt: skip

    assert written.left_out == {LeftOut.EXCEPTED: 1}
    assert "+86170" not in text
    assert "+8617100" in text
    assert "+86172" in text


def test_a_zone_blocks_no_public_suffixes() -> None:
    text, written = export(
        "rpz", [entry("amazonaws.com", HOST), entry("bank.example", HOST)], [allowed("com", HOST)]
    )

    assert text.splitlines()[3:] == [
        "com CNAME rpz-passthru.",
        "amazonaws.com CNAME .",
        "bank.example CNAME .",
        "*.bank.example CNAME .",
    ]
    assert (written.rows, written.narrowed) == (3, 2)


def test_a_zone_has_the_names_between_listed_ones() -> None:
    text, written = export(
        "rpz", [entry("bank.example", HOST), entry("x.y.ok.deep.bank.example", HOST)],
        [allowed("ok.deep.bank.example", HOST), allowed("a.b.other.example", HOST)],
    )  # fmt: skip

    assert text.splitlines()[11:] == [
        "deep.bank.example CNAME .",
        "*.deep.bank.example CNAME .",
        "y.ok.deep.bank.example CNAME rpz-passthru.",
        "*.y.ok.deep.bank.example CNAME rpz-passthru.",
    ]
    assert written.rows == 4


def test_rspamd_gets_exact_names() -> None:
    text, _ = export("rspamd", [entry("bank.example", HOST), entry("[2001:db8::1]", HOST)])

    assert text.splitlines()[1:] == ["bank.example", "2001:db8::1"]


def test_stix_is_a_valid_bundle() -> None:
    text, written = export(
        "stix",
        [
            entry("bank.example", HOST, fraud_type=FraudType.FAKE_LOAN),
            entry("192.0.2.7", HOST),
            entry("[2001:db8::1]", HOST),
            entry("shop.example/it's/", URL, expires_at=NEVER),
            entry("+8617000000123", NUMBER, reason=""),
            entry("+86170*", RANGE),
            entry("Bank", SENDER),
        ],
    )

    checked = stix2validator.validate_instance(json.loads(text))
    assert checked.is_valid, [str(error) for error in checked.errors]
    bundle = stix2.parse(text)
    assert [one.pattern for one in bundle.objects[1:]] == [
        "[domain-name:value = 'bank.example']",
        "[ipv4-addr:value = '192.0.2.7']",
        "[ipv6-addr:value = '2001:db8::1']",
        "[url:value = 'http://shop.example/it\\'s/']",
        "[phone-number:value = '+8617000000123']",
        "[phone-number:value LIKE '+86170%']",
    ]
    assert bundle.objects[1].labels == ["fake_loan", "bureau"]
    assert "valid_until" not in bundle.objects[4]
    assert written.left_out == {LeftOut.KIND: 1}


def test_stix_without_entries_is_a_bundle_too() -> None:
    assert [one["type"] for one in json.loads(export("stix", [])[0])["objects"]] == ["identity"]


def test_csv_contains_every_field() -> None:
    text, written = export(
        "csv",
        [
            entry("over.example", HOST, expires_at=OVER),
            entry("watched.example", HOST, mode=EntryMode.SHADOW),
            allowed("watched.example", HOST),
        ],
    )

    assert len(text.splitlines()) == 4
    assert written.left_out == {}


_WORDS = st.text(st.sampled_from([*"=+-@\t'\",;|#1a号 "]), max_size=8).map(str.strip)
_SENDERS = st.text(st.sampled_from([*"=+-@'&1a号 "]), max_size=8).map(lambda text: f"{text}b")


@given(sender=_SENDERS.map(str.strip), reason=_WORDS, basis=_WORDS, campaign=_WORDS)
@example(sender="b", reason="", basis="", campaign="-1")
def test_csv_is_read_as_it_was_written_and_holds_no_formula(
    sender: str, reason: str, basis: str, campaign: str
) -> None:
    words = {"reason": reason, "legal_basis": basis, "campaign": campaign}
    patterns = [(sender, SENDER), ("+8617000000123", NUMBER), ("+86170*", RANGE),
                ("-a.example", HOST)]  # fmt: skip
    text, _ = export("csv", [entry(pattern, kind, **words) for pattern, kind in patterns])

    rows = [item for item in csv_table.read(text.splitlines()) if isinstance(item, ListRow)]

    assert [(row.pattern, int(row.kind or 0)) for row in rows] == patterns
    for row in rows:
        assert (row.reason, row.legal_basis, row.campaign) == (reason, basis, campaign)
    for cells in csv.reader(StringIO(text)):
        for cell in cells:
            # A sign and digits can call nothing, and stay as they are.
            formula = cell[:1] in set("=+-@\t\r\n")
            assert not formula or re.fullmatch(r"[+-][0-9]+[*]?", cell)
