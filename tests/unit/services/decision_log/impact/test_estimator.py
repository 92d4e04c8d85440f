from dataclasses import replace
from pathlib import Path

import pytest

from blocklists.entries import Direction, Entry, EntryMode
from blocklists.entry_table import EntryTable, Identities
from fanzha import fingerprint
from fanzha.decisions import Action
from fanzha.tables import Channel
from services.decision_log.impact import estimator
from services.decision_log.impact.estimator import ImpactEstimator, ImpactTop
from tests.support.builders import an_entry, some_calls, some_links, some_models, some_texts
from tests.support.decision_logs import HOUR_MS, NOW_MS, Logged, logged

FRAUD, SHOP, OTHER = "+8617000000123", "+8617000000321", "+8619900000007"
ANN, BOB = "+8619900000001", "+8619900000002"
ALLOW = Action.ALLOW


@pytest.fixture
def log(tmp_path: Path) -> Logged:
    return logged(tmp_path)


def test_an_empty_log_gives_an_unknown_impact(log: Logged) -> None:
    impact = log.preview(an_entry(FRAUD))

    assert (impact.known, impact.hours, impact.rows_examined, impact.calls) == (False, 0, 0, 0)


@pytest.mark.parametrize(("pause", "times"), [(0.0, 3), (3600.0, 1)])
def test_free_memory_goes_back_after_looks_within_a_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pause: float, times: int
) -> None:
    monkeypatch.setattr(estimator, "RETURN_SECONDS", pause)
    returns: list[str] = []
    previews = ImpactEstimator(tmp_path, threads=1, give_back=lambda: returns.append("once"))

    for _ in range(3):
        table = EntryTable.from_entries([an_entry(FRAUD)])
        previews.of(table, Identities.of([]), hours=1, now_ms=NOW_MS)

    assert len(returns) == times


def test_a_log_younger_than_the_period_gives_a_partial_impact(log: Logged) -> None:
    log.decide(some_calls(FRAUD, callee=ANN))

    impact = log.preview(an_entry(FRAUD), hours=24)

    assert not impact.known
    assert (impact.calls, impact.parties) == (1, 1)


def test_a_log_that_covers_the_period_gives_a_known_impact(log: Logged) -> None:
    log.clock.now_ms = NOW_MS - 2 * HOUR_MS
    log.decide(some_calls(OTHER, callee=BOB))
    log.clock.now_ms = NOW_MS
    log.decide(some_calls(FRAUD, OTHER, callee=ANN))

    impact = log.preview(an_entry(FRAUD), hours=1)

    assert (impact.known, impact.hours, impact.rows_examined) == (True, 1.0, 2)


def test_calls_from_a_number_would_have_been_blocked(log: Logged) -> None:
    log.decide(some_calls(FRAUD, FRAUD, OTHER, callees=(ANN, BOB, ANN)))

    impact = log.preview(an_entry(FRAUD))

    assert (impact.calls, impact.would_block, impact.parties, impact.numbers) == (2, 2, 2, 1)
    assert impact.top == [
        ImpactTop(
            pattern=FRAUD,
            action=Action.BLOCK,
            channel=Channel.CALL,
            events=2,
            parties=2,
            known_contacts=0,
        )
    ]


@pytest.mark.parametrize(
    ("direction", "calls"), [(Direction.FROM, 1), (Direction.TO, 2), (Direction.BOTH, 3)]
)
def test_an_entry_acts_on_the_sides_it_names(log: Logged, direction: Direction, calls: int) -> None:
    log.decide(some_calls(FRAUD, ANN, BOB, callees=(OTHER, FRAUD, FRAUD)))

    assert log.preview(an_entry(FRAUD, direction=direction)).calls == calls


def test_a_range_covers_its_numbers(log: Logged) -> None:
    log.decide(some_calls(FRAUD, SHOP, "+8617100000001", callee=ANN))

    impact = log.preview(an_entry("+8617000000*"))

    assert (impact.calls, impact.numbers, impact.top[0].pattern) == (2, 2, "+8617000000*")


def test_an_exact_allow_entry_is_stronger_than_a_range_that_comes(log: Logged) -> None:
    log.decide(some_calls(SHOP, FRAUD, callee=ANN), an_entry(SHOP, ALLOW))

    assert log.preview(an_entry("+8617000000*")).calls == 1


def test_protected_or_already_blocked_events_do_not_change(log: Logged) -> None:
    log.decide(some_calls(FRAUD, SHOP, callees=("110", ANN)), an_entry(SHOP))

    assert log.preview(an_entry(FRAUD), an_entry(SHOP)).calls == 0


def test_an_allow_entry_lets_through_what_the_model_blocked(log: Logged) -> None:
    log.decide(some_calls(SHOP, OTHER, callee=ANN), models=some_models(0.99))

    impact = log.preview(an_entry(SHOP, ALLOW))

    assert (impact.calls, impact.would_block, impact.top[0].action) == (1, 0, ALLOW)


def test_removing_an_entry_lets_through_what_it_alone_blocked(log: Logged) -> None:
    log.decide(some_calls(FRAUD, SHOP, callee=ANN), an_entry(FRAUD), an_entry(SHOP))

    impact = log.preview(removals=[an_entry(FRAUD)])

    assert (impact.calls, impact.would_block) == (1, 0)
    assert (impact.top[0].pattern, impact.top[0].action) == (FRAUD, ALLOW)


def test_removing_an_entry_leaves_blocked_what_the_model_blocks(log: Logged) -> None:
    log.decide(some_calls(FRAUD, callee=ANN), an_entry(FRAUD), models=some_models(0.99))

    assert log.preview(removals=[an_entry(FRAUD)]).calls == 0


def test_removing_an_allow_entry_leaves_it_to_the_model(log: Logged) -> None:
    log.decide(some_calls(SHOP, callee=ANN), an_entry(SHOP, ALLOW), models=some_models(0.99))

    impact = log.preview(removals=[an_entry(SHOP, ALLOW)])

    assert (impact.calls, impact.would_block) == (1, 1)


def test_removing_a_range_lets_its_numbers_through(log: Logged) -> None:
    log.decide(some_calls(FRAUD, SHOP, callee=ANN), an_entry("+8617000000*"))

    assert log.preview(removals=[an_entry("+8617000000*")]).calls == 2


def test_an_entry_that_is_narrowed_lets_the_other_side_through(log: Logged) -> None:
    log.decide(some_calls(FRAUD, ANN, callees=(BOB, FRAUD)), an_entry(FRAUD))

    impact = log.preview(an_entry(FRAUD, direction=Direction.FROM))

    assert (impact.calls, impact.would_block) == (1, 0)


def test_a_sender_is_blocked_in_texts_only(log: Logged) -> None:
    log.decide(some_texts("你好", sender="Shop", receiver=ANN))
    log.decide(some_calls("Shop", callee=BOB))

    impact = log.preview(an_entry("Shop"))

    assert (impact.texts, impact.calls, impact.parties) == (1, 0, 1)


def test_a_host_is_blocked_in_links_and_texts(log: Logged) -> None:
    log.decide(some_links("http://pay.shop.example/a", "http://other.example/", subscriber=ANN))
    log.decide(some_texts("看 http://shop.example/b 吧", "看 http://else.test/", receiver=BOB))

    impact = log.preview(an_entry("shop.example"))

    assert (impact.links, impact.texts, impact.parties) == (1, 1, 2)


def test_a_url_prefix_is_known_for_links_and_uncertain_for_texts(log: Logged) -> None:
    log.clock.now_ms = NOW_MS - 2 * HOUR_MS
    log.decide(some_links("http://else.test/"))
    log.clock.now_ms = NOW_MS
    log.decide(some_links("http://shop.example/pay/1", "http://shop.example/", subscriber=ANN))
    log.decide(some_texts("看 http://shop.example/pay/2 吧", "看 http://else.test/ 吧"))

    impact = log.preview(an_entry("shop.example/pay/"))

    assert (impact.links, impact.texts, impact.uncertain_rows, impact.known) == (1, 0, 1, False)


def test_a_url_prefix_is_known_for_texts_whose_contents_are_logged(tmp_path: Path) -> None:
    log = logged(tmp_path, texts=True)
    log.decide(some_texts("看 http://shop.example/pay/2 吧", "看 http://shop.example/x 吧"))

    impact = log.preview(an_entry("shop.example/pay/"))

    assert (impact.texts, impact.uncertain_rows) == (1, 0)


def test_an_allowed_host_lifts_a_block_of_one_above(log: Logged) -> None:
    links = some_links("http://good.shop.example/", "http://bad.shop.example/")
    log.decide(links, an_entry("shop.example"))
    log.decide(some_texts("看 http://good.shop.example/b"), an_entry("shop.example"))

    impact = log.preview(an_entry("good.shop.example", ALLOW))

    assert (impact.links, impact.texts, impact.would_block) == (1, 1, 0)


def test_removing_a_host_lets_its_links_and_texts_through(log: Logged) -> None:
    log.decide(some_links("http://shop.example/"), an_entry("shop.example"))
    log.decide(some_texts("看 http://shop.example/b"), an_entry("shop.example"))

    impact = log.preview(removals=[an_entry("shop.example")])

    assert (impact.links, impact.texts) == (1, 1)


FINGERPRINTED = "尊敬的客户，您的积分8200分今日过期，请登录商城兑换现金，逾期作废，详询客服"


def the_fingerprint() -> Entry:
    return an_entry(fingerprint.fingerprint(FINGERPRINTED))


def test_a_fingerprint_cannot_be_previewed_without_texts(log: Logged) -> None:
    log.decide(some_texts(FINGERPRINTED))

    impact = log.preview(the_fingerprint())

    assert (impact.unpreviewable, impact.known, impact.texts) == (1, False, 0)


def test_a_fingerprint_is_previewed_by_logged_texts(tmp_path: Path) -> None:
    log = logged(tmp_path, texts=True)
    log.decide(some_texts(FINGERPRINTED, "今晚一起吃饭吗"))

    impact = log.preview(the_fingerprint())

    assert (impact.texts, impact.unpreviewable) == (1, 0)


def test_events_are_estimated_by_weight(tmp_path: Path) -> None:
    log = logged(tmp_path, allowed_one_in=10)
    log.decide(some_calls(*[FRAUD] * 1000, callee=ANN))

    impact = log.preview(an_entry(FRAUD))

    assert impact.calls == pytest.approx(1000, rel=0.05)
    assert impact.rows_examined < 110
    assert impact.parties == 1


@pytest.mark.parametrize(
    ("end", "good"),
    [
        ((FRAUD, ANN, 61), 1),  # long
        ((FRAUD, ANN, 20), 0),  # short
        ((FRAUD, ANN, 0), 0),  # not answered
        ((ANN, FRAUD, 5), 1),  # called back
        ((ANN, FRAUD, 0), 0),  # in vain
        ((OTHER, ANN, 90), 0),  # somebody else
    ],
)
def test_long_talkers_and_callers_have_a_good_reputation(
    log: Logged, end: tuple[str, str, int], good: int
) -> None:
    log.decide(some_calls(FRAUD, FRAUD, callees=(ANN, BOB)))
    log.ends(end)

    impact = log.preview(an_entry(FRAUD))

    assert (impact.parties, impact.known_contacts, impact.top[0].known_contacts) == (2, good, good)


def test_without_call_ends_no_party_has_a_known_reputation(log: Logged) -> None:
    log.decide(some_calls(FRAUD, callee=ANN))

    assert not log.preview(an_entry(FRAUD)).contacts_known


def test_the_top_is_ten_entries_with_the_most_first(log: Logged) -> None:
    numbers = [f"+861700000{number:04}" for number in range(12)]
    callers = [number for times, number in enumerate(numbers, 1) for _ in range(times)]
    log.decide(some_calls(*callers, callee=ANN))

    top = log.preview(*map(an_entry, numbers)).top

    assert [one.events for one in top] == list(range(12, 2, -1))
    assert top[0].pattern == numbers[-1]


def test_rows_older_than_the_period_do_not_count(log: Logged) -> None:
    log.clock.now_ms = NOW_MS - 90 * 60_000
    log.decide(some_calls(FRAUD, callee=ANN))
    log.clock.now_ms = NOW_MS
    log.decide(some_calls(FRAUD, callee=BOB))

    impact = log.preview(an_entry(FRAUD), hours=1)

    assert (impact.rows_examined, impact.calls) == (1, 1)


def test_a_torn_segment_is_set_aside_and_the_others_count(log: Logged) -> None:
    log.decide(some_calls(FRAUD, callee=ANN))
    log.decide(some_calls(FRAUD, callee=BOB))
    first, _ = sorted(log.folder.rglob("*.parquet"))
    first.write_bytes(first.read_bytes()[:-20])

    impact = log.preview(an_entry(FRAUD))

    assert (impact.calls, impact.segments_torn) == (1, 1)
    assert [path.name for path in log.folder.rglob("*.torn")] == [f"{first.name}.torn"]


def test_a_shadow_entry_changes_nothing_and_is_previewed_as_if_promoted(log: Logged) -> None:
    log.decide(some_calls(FRAUD, SHOP, callee=ANN), an_entry(SHOP))
    shadows = [replace(an_entry(number), mode=EntryMode.SHADOW) for number in (FRAUD, SHOP)]

    as_is = log.preview(*shadows)
    promoted = log.preview(*shadows, shadows_enforce=True)

    assert (as_is.calls, promoted.calls, promoted.would_block) == (0, 1, 1)
