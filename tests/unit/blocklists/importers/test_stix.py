"""Bundles of STIX: indicators become rows, all else is counted or reported."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from blocklists.entries import EntryKind
from blocklists.importers import stix
from blocklists.importers.formats import detect
from blocklists.importers.list_format import Format
from blocklists.importers.rows import BadLine, Ignored, Item, ListRow, RowNote
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType

NOW_S = int(datetime(2026, 1, 5, 9, tzinfo=UTC).timestamp())
BUREAU = "identity--00000000-0000-4000-8000-000000000001"
AMBER = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"


def indicator(pattern: str = "[domain-name:value = 'a.example']", **fields: Any) -> dict[str, Any]:
    return {
        "type": "indicator", "spec_version": "2.1", "pattern": pattern, "pattern_type": "stix",
        "id": "indicator--00000000-0000-4000-8000-000000000002",
        "valid_from": "2026-01-01T00:00:00Z", **fields,
    }  # fmt: skip


def bundle(*objects: dict[str, Any]) -> str:
    return json.dumps({"type": "bundle", "id": "bundle--1", "objects": objects}, indent=1)


def read(text: str) -> list[Item]:
    return list(stix.read(text.split("\n"), NOW_S))


def of(*objects: dict[str, Any]) -> Item:
    (item,) = [item for item in read(bundle(*objects)) if not isinstance(item, (RowNote, Ignored))]
    return item


def test_an_indicator_becomes_a_row_with_its_description_as_reason() -> None:
    items = read(
        bundle(
            indicator(
                name="fake bank", labels=["phishing"], indicator_types=["malicious-activity"],
                confidence=85, created_by_ref=BUREAU, object_marking_refs=[AMBER],
                valid_until="2027-01-01T00:00:00.000Z",
            ),
            {"type": "identity", "id": BUREAU, "name": "示例管局"},
        )
    )  # fmt: skip

    assert items == [
        Ignored(26, "object of type identity"),
        RowNote(5, "TLP:AMBER"),
        ListRow(
            5, "a.example", EntryKind.HOST, expires="2027-01-01T00:00:00.000Z",
            reason="fake bank; malicious-activity, phishing; confidence 85; by 示例管局; TLP:AMBER",
        ),
    ]  # fmt: skip


def test_alternatives_are_rows_of_their_own() -> None:
    items = read(
        bundle(indicator("[url:value = 'http://a.example/p'] OR [domain-name:value='b.example']"))
    )

    assert [(row.pattern, row.kind) for row in items if isinstance(row, ListRow)] == [
        ("http://a.example/p", EntryKind.URL_PREFIX), ("b.example", EntryKind.HOST),
    ]  # fmt: skip


def test_a_label_that_names_a_fraud_is_its_type() -> None:
    row = of(indicator(labels=["x", "fake-loan"]))

    assert isinstance(row, ListRow)
    assert row.fraud_type == FraudType.FAKE_LOAN


def test_revoked_indicators_are_counted_and_not_listed() -> None:
    assert read(bundle(indicator(revoked=True))) == [Ignored(5, "revoked indicator")]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"pattern_type": "sigma"}, "pattern_type: sigma"),
        ({"indicator_types": ["benign"]}, "benign"),
        ({"valid_from": "2026-02-01T00:00:00Z"}, "not yet"),
        ({"valid_from": "soon"}, "not a time"),
        ({"pattern": "[file:name = 'x']"}, "no entry is about"),
    ],
)
def test_an_indicator_without_an_equivalent_entry_is_reported(
    fields: dict[str, Any], why: str
) -> None:
    item = of(indicator(**fields))

    assert isinstance(item, BadLine)
    assert why in item.reason


def test_an_indicator_of_version_2_0_has_no_pattern_type() -> None:
    old = indicator()
    del old["pattern_type"], old["spec_version"]

    assert isinstance(of(old), ListRow)


def test_other_objects_are_counted_by_type() -> None:
    others = [
        {"type": "domain-name", "value": "x.example"},
        {"type": "malware"},
        {"type": "malware"},
    ]

    items = read(bundle(*others))

    assert Counter(item.what for item in items if isinstance(item, Ignored)) == {
        "object of type domain-name": 1, "object of type malware": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    "marking",
    [
        {"definition_type": "tlp", "definition": {"tlp": "red"}},
        {"extensions": {"extension-definition--1": {"tlp_2_0": "red"}}},
    ],
)
def test_markings_of_the_bundle_are_reported(marking: dict[str, Any]) -> None:
    name = "marking-definition--00000000-0000-4000-8000-000000000003"
    items = read(
        bundle(
            indicator(object_marking_refs=[name]),
            {"type": "marking-definition", "id": name, **marking},
        )
    )

    assert [item.what for item in items if isinstance(item, RowNote)] == ["TLP:RED"]


def test_a_list_of_objects_and_a_lone_one_are_read_too() -> None:
    assert isinstance(read(json.dumps([indicator()]))[0], ListRow)
    assert isinstance(read(json.dumps(indicator()))[0], ListRow)


def test_a_truncated_bundle_gives_its_complete_objects_and_one_bad_line() -> None:
    text = bundle(indicator(), indicator())

    items = read(text[: text.rindex("valid_from")])

    assert [type(item) for item in items] == [BadLine, ListRow]


@pytest.mark.parametrize("odd", ['{"objects": [7]}', '{"objects": [{"type": "indicator"}]}', "{}x"])
def test_arbitrary_objects_do_not_fail(odd: str) -> None:
    assert all(isinstance(item, (BadLine, Ignored)) for item in read(odd))


@pytest.mark.parametrize(
    "odd", [{"labels": 7}, {"object_marking_refs": "x"}, {"name": None}, {"confidence": "high"}]
)
def test_arbitrary_members_do_not_fail(odd: dict[str, Any]) -> None:
    assert isinstance(of(indicator(**odd)), ListRow)


def test_a_bundle_is_recognised_and_other_json_is_not() -> None:
    assert detect(bundle(indicator()).split("\n")) == Format.STIX
    assert detect([bundle(indicator()).replace("\n", "")]) == Format.STIX
    assert detect(json.dumps([indicator()]).split("\n")) == Format.STIX
    assert detect(['{"deny": ["a.example"], "type": "list"}']) == Format.JSON


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidInput, match="divide it"):
        list(stix.read(bundle(indicator()).split("\n"), NOW_S, most_characters=10))
