"""What is said of entries."""

from dataclasses import replace

from blocklists.snapshot.snapshot import Snapshot
from classifiers.text.link_evidence import ScoredLink
from fanzha.decisions import Action, Detail, MatchedOn
from services.decision.details import EntryDetails, LinkDetails
from tests.support.builders import an_entry

BLOCK, CALLER, CALLEE = int(Action.BLOCK), int(MatchedOn.CALLER), int(MatchedOn.CALLEE)


def test_a_detail_names_the_entry_and_what_it_matched() -> None:
    entry = replace(an_entry("+8617000000001"), campaign="one ring")
    detail = EntryDetails().of(Snapshot.build(1, [entry]), 0, BLOCK, CALLEE)

    assert (detail.entry_id, detail.pattern) == (entry.entry_id, entry.pattern)
    assert detail.campaign == "one ring"
    assert (detail.matched_on, detail.fraud_type) == (MatchedOn.CALLEE, entry.fraud_type)


def test_of_other_lists_the_same_row_is_another_entry() -> None:
    entries = EntryDetails()
    before = Snapshot.build(1, [an_entry("+8617000000001")])
    after = Snapshot.build(2, [an_entry("+8617000000002")])

    details = [entries.of(lists, 0, BLOCK, CALLER).pattern for lists in (before, after, before)]

    assert details == ["+8617000000001", "+8617000000002", "+8617000000001"]


def test_one_entry_can_match_a_caller_and_a_callee() -> None:
    entries, lists = EntryDetails(), Snapshot.build(1, [an_entry("+8617000000001")])

    details = [entries.of(lists, 0, BLOCK, side).matched_on for side in (CALLER, CALLEE, CALLER)]

    assert details == [MatchedOn.CALLER, MatchedOn.CALLEE, MatchedOn.CALLER]


def test_the_cache_of_details_is_bounded() -> None:
    entries = EntryDetails(most=2)
    lists = Snapshot.build(1, [an_entry(f"+861700000000{digit}") for digit in range(5)])

    details = {entries.of(lists, row, BLOCK, CALLER).pattern for row in range(5)}

    assert len(details) == 5
    assert len(entries) <= 2


def test_a_link_that_many_texts_hold_has_one_detail() -> None:
    links = LinkDetails(most=2)
    link = ScoredLink(0.5, "http://a.example/")

    found = [links.of(one) for one in (link, ScoredLink(0.5, "http://a.example/"))]

    assert found == [Detail(link_score=0.5, link="http://a.example/")] * 2
    assert found[0] is found[1]
    assert links.of(ScoredLink(0.75, "http://a.example/")).link_score == 0.75
    assert links.of(ScoredLink(0.5, "http://b.example/")).link == "http://b.example/"
    assert len(links) <= 2
