"""What is said of entries."""

from dataclasses import replace

from blocklists.snapshot.snapshot import Snapshot
from classifiers.text.link_evidence import ScoredLink
from fanzha.decisions import Action, Detail, MatchedOn, Relation
from services.decision.details import EntryDetails, LinkDetails, RelatedDetails
from services.decision.related.entities import Suspect
from services.decision.related.stage import RelatedMatch
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


def a_suspect(since_ms: int) -> Suspect:
    return Suspect(
        entity="+8617000000001", confirmed=False, related_to="+8617000000002", since_ms=since_ms,
        ends_at_ms=since_ms + 1,
    )  # fmt: skip


def test_a_relation_is_added_to_what_is_known_of_a_row_once() -> None:
    relations, listed = RelatedDetails(), Detail(entry_id="e", pattern="+8617000000001")
    match = RelatedMatch(a_suspect(5), MatchedOn.CALLER)

    found = [relations.of(known, match) for known in (listed, listed, None)]

    relation = Relation(
        entity="+8617000000001", matched_on=MatchedOn.CALLER, related_to="+8617000000002",
        since_ms=5,
    )  # fmt: skip
    assert found[0] == replace(listed, relation=relation)
    assert found[0] is found[1]
    assert found[2] == Detail(relation=relation)


def test_another_suspect_and_another_detail_make_another_one() -> None:
    relations = RelatedDetails(most=2)
    details = [Detail(entry_id=name) for name in "abc"]
    matches = [RelatedMatch(a_suspect(since), MatchedOn.CALLER) for since in (1, 2)]
    parties = MatchedOn.CALLER, MatchedOn.CALLEE
    sides = [RelatedMatch(matches[0].suspect, party) for party in parties]

    made = [relations.of(detail, match) for detail in details for match in (*matches, *sides)]

    said = [(one.entry_id, one.relation and one.relation.since_ms) for one in made]
    assert said == [(name, since) for name in "abc" for since in (1, 2, 1, 1)]
    assert tuple(one.relation and one.relation.matched_on for one in made[2:4]) == parties
    assert len(relations) <= 2
