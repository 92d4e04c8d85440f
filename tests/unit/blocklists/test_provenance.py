"""Provenance as it is stored: readable by releases before and after this one."""

import json
from typing import Any

import pytest

from blocklists import column_checks
from blocklists.column_checks import BadColumns
from blocklists.entries import Source
from blocklists.provenance import EncodedProvenance, Provenance, encode
from blocklists.text_column import TextColumn

OF_THE_PROVINCE = Provenance(
    source=Source.BUREAU, reason="reported", legal_basis="Art. 32", created_by="li", created_at_s=7
)
OF_A_CITY = Provenance(
    source=Source.BUREAU,
    reason="reported",
    legal_basis="Art. 32",
    created_by="li",
    created_at_s=7,
    region="3301",
)


def test_what_is_of_the_whole_province_is_stored_as_before_regions() -> None:
    (stored,) = encode([OF_THE_PROVINCE]).all_raw()

    assert "region" not in json.loads(stored)


def test_a_region_is_stored_and_read() -> None:
    stored = encode([OF_A_CITY, OF_THE_PROVINCE])

    column_checks.provenance(stored)
    assert list(EncodedProvenance(stored)) == [OF_A_CITY, OF_THE_PROVINCE]


def test_a_field_of_a_newer_release_is_left_alone() -> None:
    (stored,) = encode([OF_A_CITY]).all_raw()
    newer = TextColumn.of_bytes([json.dumps(json.loads(stored) | {"district": 7}).encode()])

    column_checks.provenance(newer)
    assert list(EncodedProvenance(newer)) == [OF_A_CITY]


@pytest.mark.parametrize("region", ["Zhejiang", "3", 33, None, ["33"]])
def test_a_region_that_is_none_is_refused(region: Any) -> None:
    (stored,) = encode([OF_A_CITY]).all_raw()
    forged = TextColumn.of_bytes([json.dumps(json.loads(stored) | {"region": region}).encode()])

    with pytest.raises(BadColumns):
        column_checks.provenance(forged)
