"""Identifiers: one spelling each, and what is none is refused with its place."""

import pytest

from fanzha.errors import InvalidInput
from fanzha.phone import HomePlan
from services.entities import identifiers
from services.entities.model import MOST_IDENTIFIERS, EntityIdentifier, IdentifierKind

HOME = HomePlan()


def test_hosts_and_numbers_have_the_spelling_of_the_lists() -> None:
    found = identifiers.parse(
        [(1, "Loan.EXAMPLE."), (2, "170 0000 0123"), (5, " 示例ICP备 1 号 ")], HOME
    )

    assert found == (
        EntityIdentifier(IdentifierKind.HOST, "loan.example"),
        EntityIdentifier(IdentifierKind.NUMBER, "+8617000000123"),
        EntityIdentifier(IdentifierKind.ICP_RECORD, "示例ICP备 1 号"),
    )
    assert len(identifiers.listable(found)) == 2


def test_the_same_identifier_counts_once() -> None:
    assert len(identifiers.parse([(1, "loan.example"), (1, "LOAN.example")], HOME)) == 1


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([(0, "loan.example")], r"identifiers\[0\]: unknown kind 0"),
        ([(1, "loan.example"), (2, "loan")], r"identifiers\[1\]"),
        ([(4, " ")], r"identifiers\[0\]: required"),
        ([(4, "app\x1b[2J")], "control"),
        ([(4, str(number)) for number in range(MOST_IDENTIFIERS + 1)], "at most"),
    ],
)
def test_what_is_no_identifier_is_refused(given: list[tuple[int, str]], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        identifiers.parse(given, HOME)
