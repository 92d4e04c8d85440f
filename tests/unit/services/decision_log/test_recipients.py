"""Whom something reached, by a log that a real engine wrote."""

from dataclasses import replace
from pathlib import Path

import pytest

from fanzha.errors import InvalidInput
from fanzha.phone import HomePlan
from fanzha.tables import Calls, Channel
from services.decision_log.query import DecisionQuery
from services.decision_log.recipient_subject import SubjectKind, read
from services.decision_log.recipients import MOST_CONTACTS, Recipient, RecipientQuery, Recipients
from tests.support.builders import an_entry, some_calls, some_links, some_texts
from tests.support.decision_logs import HOUR_MS, NOW_MS, Logged, logged

FRAUD = "+8619900000001"
ANN, BEN, CAI = "+8617000000001", "+8617000000002", "+8617000000003"
TEXT = "【示例银行】尊敬的客户，您的积分8200分今日过期，请登录 jf.example 兑换现金"


@pytest.fixture
def log(tmp_path: Path) -> Logged:
    return logged(tmp_path / "decisions", texts=True)


def calls(*pairs: tuple[str, str]) -> Calls:
    """Make calls: who, whom."""
    return some_calls(*[caller for caller, _ in pairs], callees=[callee for _, callee in pairs])


def reached(log: Logged, kind: SubjectKind, pattern: str) -> Recipients:
    query = RecipientQuery(DecisionQuery(log.folder, HomePlan()))
    subject = read(HomePlan(), kind, pattern)
    return query.reached(subject, since_ms=NOW_MS - HOUR_MS, until_ms=NOW_MS + HOUR_MS)


def persons(found: Recipients) -> dict[str, Recipient]:
    return {one.number: one for one in found.persons}


def test_callees_and_people_who_called_back_are_recipients(log: Logged) -> None:
    log.decide(calls((FRAUD, ANN), (FRAUD, ANN), (BEN, FRAUD), (BEN, CAI)))

    found = reached(log, SubjectKind.NUMBER, FRAUD)

    assert {name: one.times for name, one in persons(found).items()} == {ANN: 2, BEN: 1}
    assert persons(found)[ANN].contacts[0].other == FRAUD
    assert (found.logged, found.events, found.blocked) == (3, 3, 0)
    assert found.covers_from_ms == NOW_MS - NOW_MS % HOUR_MS


def test_blocked_traffic_has_no_recipients_and_is_counted(log: Logged) -> None:
    log.decide(calls((FRAUD, ANN), (FRAUD, BEN)), an_entry(FRAUD))
    log.decide(calls((FRAUD, BEN)))

    found = reached(log, SubjectKind.NUMBER, FRAUD)

    assert list(persons(found)) == [BEN]
    assert (found.blocked, found.blocked_persons, found.logged) == (2, 2, 1)


def test_a_sampled_row_has_its_weight(tmp_path: Path) -> None:
    log = logged(tmp_path / "decisions", allowed_one_in=10)
    log.decide(calls(*[(FRAUD, f"+86170000{number:05}") for number in range(200)]))

    found = reached(log, SubjectKind.NUMBER, FRAUD)

    assert len(found.persons) == found.logged < 40
    assert found.events == 10 * found.logged


def test_call_ends_reveal_recipients_missing_from_the_sample(tmp_path: Path) -> None:
    log = logged(tmp_path / "decisions", allowed_one_in=0)
    log.decide(calls((FRAUD, CAI)), an_entry(FRAUD))
    log.ends((FRAUD, ANN, 90), (FRAUD, ANN, 20), (BEN, FRAUD, 700), (FRAUD, CAI, 0))

    found = persons(reached(log, SubjectKind.NUMBER, FRAUD))

    # The call to Cai was blocked, and nobody answered.
    assert {name: one.talked_s for name, one in found.items()} == {ANN: 90, BEN: 700}
    assert found[ANN].times == 2


def test_talk_time_belongs_to_the_callee(log: Logged) -> None:
    log.decide(calls((FRAUD, ANN)))
    log.ends((FRAUD, ANN, 65))

    ann = persons(reached(log, SubjectKind.NUMBER, FRAUD))[ANN]

    assert (ann.talked_s, ann.times, len(ann.contacts)) == (65, 1, 1)
    assert ann.contacts[0].decision_id


def test_a_range_has_the_recipients_of_all_its_numbers(log: Logged) -> None:
    log.decide(calls((FRAUD, ANN), ("+8619900000002", BEN), ("+8619911111111", CAI)))

    assert set(persons(reached(log, SubjectKind.NUMBER, "+861990000*"))) == {ANN, BEN}


def test_recipients_of_a_link_are_subscribers_and_receivers_of_texts(log: Logged) -> None:
    log.decide(some_links("http://pay.jf.example/a", subscriber=ANN))
    log.decide(some_texts("see http://jf.example/x now, it is urgent", receiver=BEN))

    found = persons(reached(log, SubjectKind.LINK, "http://jf.example/other"))

    assert {name: one.contacts[0].channel for name, one in found.items()} == {
        ANN: Channel.LINK,
        BEN: Channel.TEXT,
    }


def test_recipients_of_a_text_got_a_near_duplicate(log: Logged) -> None:
    other = "晚上一起去老地方吃火锅吧，我请客，记得带上孩子们"
    both = some_texts(TEXT.replace("8200", "9100"), other)
    log.decide(replace(both, receivers=HomePlan().number_keys([ANN, BEN])))

    assert set(persons(reached(log, SubjectKind.TEXT, TEXT))) == {ANN}


def test_without_logged_texts_a_text_has_no_recipients(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="decision_log_texts"):
        reached(logged(tmp_path / "decisions"), SubjectKind.TEXT, TEXT)


def test_sender_names_have_recipients_and_service_codes_are_none(log: Logged) -> None:
    for receiver in (ANN, "95588"):
        texts = some_texts("hello", sender="JFBank", receiver=receiver)
        log.decide(replace(texts, names={0: "JFBank"}))

    found = reached(log, SubjectKind.SENDER, "jfbank")

    assert list(persons(found)) == [ANN]
    assert found.non_persons == 1
    assert found.persons[0].contacts[0].other == "JFBank"


def test_of_many_contacts_the_latest_are_returned_and_all_are_counted(log: Logged) -> None:
    log.decide(calls(*[(FRAUD, ANN)] * 25))

    ann = persons(reached(log, SubjectKind.NUMBER, FRAUD))[ANN]

    assert (ann.times, len(ann.contacts)) == (25, MOST_CONTACTS)


def test_beyond_the_limit_the_least_exposed_are_omitted_and_counted(log: Logged) -> None:
    log.decide(calls((FRAUD, ANN), (FRAUD, BEN), (FRAUD, BEN), (FRAUD, CAI), (FRAUD, CAI)))
    subject = read(HomePlan(), SubjectKind.NUMBER, FRAUD)
    few = RecipientQuery(DecisionQuery(log.folder, HomePlan()), most_persons=2)

    found = few.reached(subject, since_ms=NOW_MS - HOUR_MS, until_ms=NOW_MS + HOUR_MS)
    log.ends((FRAUD, ANN, 600))
    with_ends = few.reached(subject, since_ms=NOW_MS - HOUR_MS, until_ms=NOW_MS + HOUR_MS)

    assert (set(persons(found)), found.left_out) == ({BEN, CAI}, 1)
    # Who talked is found by the end of the call.
    assert persons(with_ends)[ANN].talked_s == 600


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (SubjectKind.NUMBER, "hello"),
        (SubjectKind.NUMBER, "x*"),
        (SubjectKind.SENDER, ""),
        (SubjectKind.LINK, ""),
        (SubjectKind.TEXT, "hi"),
    ],
)
def test_an_unreadable_subject_is_refused(kind: SubjectKind, wrong: str) -> None:
    with pytest.raises(InvalidInput, match=r"^pattern:"):
        read(HomePlan(), kind, wrong)
