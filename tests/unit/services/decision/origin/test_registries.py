"""Files of trunk groups and of senders: what is read, and what is refused with its place."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.phone import HomePlan
from fanzha.tables import Ingress
from services.decision.origin.sender_registry import SenderRegistry, read_senders
from services.decision.origin.trunk_groups import read_trunks

PLAN = HomePlan()
ONE = '[[trunk]]\nname = "tg-1"\n'


def senders(text: str) -> SenderRegistry:
    return read_senders(text.encode(), PLAN)


def test_a_registered_trunk_group_is_found_by_its_name() -> None:
    groups = read_trunks(f'{ONE}ingress = "international"\nshows = ["95xxx"]\nnote = "a"'.encode())

    assert len(groups) == 1
    assert groups.registered("tg-1")
    found = groups.of(["", "tg-1", "tg-10"])
    assert list(found) == [1]
    assert found[1].ingress == Ingress.INTERNATIONAL
    assert found[1].shows.holds(PLAN.number_keys(["95588", "+8695588", "96110"])).tolist() == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[[trunk]", "not TOML"),
        ("trunk = 1", "holds .* tables"),
        ("[trunks]", "holds .* tables"),
        ("trunk = [1]", "trunk 1: not a table"),
        ("[[trunk]]", "trunk 1: name: 1 to 64"),
        (f'[[trunk]]\nname = "{"x" * 65}"', "trunk 1: name: 1 to 64"),
        (ONE + ONE, "registered more than once: tg-1"),
        (ONE + "speed = 1", "trunk 1: not known: speed"),
        (ONE + 'ingress = "moon"', "trunk 1 .tg-1.: ingress: one of local"),
        (ONE + 'shows = "110"', "trunk 1 .tg-1.: shows: not a list"),
        (ONE + 'shows = ["+86110"]', "no service code such as 96110"),
        (ONE + "roamers = 1", "roamers: true or false"),
    ],
)
def test_a_wrong_trunk_file_is_refused_with_its_place(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        read_trunks(text.encode())


def test_a_registered_sender_is_genuine_on_its_routes() -> None:
    found = senders("header,owner,routes\r\nBank,A bank,r1; r2\r\n95588,A bank,\r\n")
    bank, code = PLAN.sender_keys(["bank", "95588"]).tolist()

    assert len(found) == 2
    assert [found.genuine(bank, route) for route in ("r1", "r2", "r3", "")] == [
        True,
        True,
        False,
        False,
    ]
    assert found.genuine(code, "")
    assert not found.genuine(PLAN.sender_key("Shop"), "r1")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "the first line is header,owner,routes"),
        ("header,owner\nA,b", "the first line is header,owner,routes"),
        ("header,owner,routes\nA,b", "line 2: 3 cells"),
        ("header,owner,routes\nA,b,c,d", "line 2: 3 cells"),
        ("header,owner,routes\n,b,", "line 2: a header and its owner"),
        ("header,owner,routes\nA,,", "line 2: a header and its owner"),
        ("header,owner,routes\nBank,b,\nBANK,c,", "BANK: registered before, as Bank"),
        ("header,owner,routes\n12,b,", "'12': no name, number or code"),
        ('header,owner,routes\n"A', "not CSV"),
        (f"header,owner,routes\nA,b,{';'.join(map(str, range(65)))}", "more than 64 routes"),
    ],
)
def test_a_wrong_sender_file_is_refused_with_its_place(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        senders(text)


def is_read_or_refused(data: bytes) -> None:
    for read in (read_trunks, lambda given: read_senders(given, PLAN)):
        with contextlib.suppress(ValueError):
            read(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    is_read_or_refused(data)


@given(st.lists(st.sampled_from([*"[]=,;\n\"'#.", "trunk", "name", "header", "owner", "a1"])))
def test_any_pieces_are_read_or_refused(pieces: list[str]) -> None:
    is_read_or_refused("".join(pieces).encode())
