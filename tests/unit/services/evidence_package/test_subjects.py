import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import Entry, EntryKind, entry_id
from blocklists.entry_table import Identities
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from fanzha.phone import HomePlan
from fanzha.url import expressions, host_suffixes
from services.evidence_package import subjects
from tests.support import list_strategies as lists

HOME = HomePlan()


def concerns(entry: Entry, party: str) -> bool:
    if entry.kind in (EntryKind.NUMBER, EntryKind.SENDER):
        return entry.pattern.casefold() == party.casefold()
    return entry.kind == EntryKind.RANGE and party.startswith(entry.pattern.removesuffix("*"))


@given(st.lists(lists.entries, max_size=12), lists.numbers)
def test_entries_about_a_number_are_found_as_by_a_linear_scan(
    listed: list[Entry], number: str
) -> None:
    subject = subjects.read(number, HOME)
    identities = Identities.of((one.kind, one.pattern, one.action) for one in listed)

    rows = subject.rows(identities).tolist()

    assert rows == [n for n, one in enumerate(listed) if concerns(one, subject.pattern)]


@given(st.lists(lists.entries, max_size=12), lists.hosts)
def test_entries_about_a_host_are_those_that_match_its_links(
    listed: list[Entry], host: str
) -> None:
    subject = subjects.read(host, HOME)
    identities = Identities.of((one.kind, one.pattern, one.action) for one in listed)

    rows = subject.rows(identities).tolist()

    names = {(EntryKind.HOST, name) for name in host_suffixes(host)}
    names |= {(EntryKind.URL_PREFIX, text) for text in expressions(f"http://{host}/")}
    assert rows == [n for n, one in enumerate(listed) if (one.kind, one.pattern) in names]


@given(st.lists(lists.entries, max_size=12), st.one_of(lists.numbers, lists.hosts))
def test_ids_are_those_of_all_entries_that_can_concern_it(listed: list[Entry], query: str) -> None:
    subject = subjects.read(query, HOME)
    identities = Identities.of((one.kind, one.pattern, one.action) for one in listed)

    found = [listed[row] for row in subject.rows(identities).tolist()]

    assert {one.entry_id for one in found} <= set(subject.entry_ids)


def test_a_number_is_read_in_any_form_and_hidden_in_what_is_logged() -> None:
    subject = subjects.read("170 0000 0123", HOME)

    assert (subject.kind, subject.pattern) == (EntryKind.NUMBER, "+8617000000123")
    assert subject.entry_id == entry_id(EntryKind.NUMBER, "+8617000000123", Action.BLOCK)
    assert subject.masked == "**********0123"


def test_a_host_is_not_masked() -> None:
    assert subjects.read("pay.bank-login.example", HOME).masked == "pay.bank-login.example"


@pytest.mark.parametrize("query", ["", "+86170*", "??"])
def test_a_subject_must_be_one_number_or_host(query: str) -> None:
    with pytest.raises(InvalidInput, match="query"):
        subjects.read(query, HOME)
