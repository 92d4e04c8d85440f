"""The quick look at a whole batch must say of each text what the slow look at one says."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists import canonical_hosts, patterns
from blocklists.entries import EntryKind
from blocklists.entry_table import text_key
from fanzha.phone import HomePlan

PLAN = HomePlan()
PLAIN = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z][a-z0-9_-]{0,62}")
LABELS = st.one_of(
    st.text("ab0_-", max_size=4),
    st.sampled_from(
        ["a" * 62, "a" * 63, "a" * 64, "0x1", "127", "xn--p1ai", "银行", "A", " ", "%"]
    ),
)
NAMES = st.one_of(
    st.lists(LABELS, max_size=6).map(".".join),
    st.text("a.1\n /:*\x00\xe9é。", max_size=6),
    st.sampled_from(
        [
            "192.0.2.1", "[2001:db8::1]", "*.x.example", ".x.example", "x.example.", "x..example",
            ".".join(["a" * 61] * 4) + ".aaaaa", ".".join(["a" * 61] * 4) + ".aaaaaa",
            "+8617000000001",
            "x.example:80", "x.example/pay", "1.e10", "\ud800.example", "x\n.example", "",
        ]
    ),
)  # fmt: skip


@given(st.lists(NAMES, max_size=8))
def test_the_fast_path_accepts_exactly_the_names_of_the_expression(texts: list[str]) -> None:
    found = canonical_hosts.find(texts)

    expected = [PLAIN.fullmatch(text) is not None and len(text) <= 253 for text in texts]
    if any("\n" in text for text in texts):
        assert not found.plain.any()
    else:
        assert found.plain.tolist() == expected
        assert found.dotted.tolist() == [
            plain and "." in text for plain, text in zip(expected, texts, strict=True)
        ]
    assert all(
        found.raw[row] == text.encode() for row, text in enumerate(texts) if found.plain[row]
    )


@given(
    st.lists(
        st.tuples(NAMES, st.sampled_from([0, EntryKind.HOST, EntryKind.URL_PREFIX])), max_size=8
    )
)
def test_a_batch_is_read_like_its_single_rows(rows: list[tuple[str, int]]) -> None:
    texts = [text.replace("\ud800", "?") for text, _ in rows]
    kinds = np.array([kind for _, kind in rows], np.uint8)

    together = patterns.read(texts, kinds, PLAN)

    for row, text in enumerate(texts):
        # With a line feed beside it, no text of a batch takes the quick way.
        alone = patterns.read([text, "\n"], kinds[[row, row]], PLAN)
        assert together.errors.get(row) == alone.errors.get(0)
        assert (together.kinds[row], together.keys[row]) == (alone.kinds[0], alone.keys[0])
        assert together.texts.get(row) == alone.texts.get(0)


@pytest.mark.parametrize("others", [[], ["Bank.Example"], ["+8617000000001"]])
def test_the_key_of_a_plain_name_is_that_of_its_text(others: list[str]) -> None:
    found = patterns.read(["bank.example", *others], np.zeros(1 + len(others), np.uint8), PLAN)

    assert found.kinds[0] == EntryKind.HOST
    assert found.keys[0] == text_key("bank.example")
    assert found.text(0) == "bank.example"


def test_a_word_without_a_dot_is_a_host_only_as_an_explicit_kind() -> None:
    found = patterns.read(["acme", "acme"], np.array([0, EntryKind.HOST], np.uint8), PLAN)

    assert found.kinds.tolist() == [EntryKind.SENDER, EntryKind.HOST]
