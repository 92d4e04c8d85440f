"""What was decided is read from pages of metrics."""

from benchmarks.soak import decided

PAGE = """# TYPE fanzha_decisions counter
fanzha_decisions_total{action="allow",channel="call",reason="scored"} 900.0
fanzha_decisions_total{action="block",channel="call",reason="blocklisted"} 7.0
fanzha_decisions_total{action="allow",channel="link",reason="scored"} 1e+03
fanzha_decisions_monitored_total{channel="call"} 5.0
"""
LATER = PAGE.replace(" 900.0", " 1900.0").replace(" 7.0", " 9.0")


def test_rows_are_told_by_channel_action_and_reason() -> None:
    told = decided.words(decided.read(""), decided.read(PAGE))

    assert told == {
        "call": {"allow, scored": 900, "block, blocklisted": 7},
        "link": {"allow, scored": 1000},
    }


def test_only_what_was_decided_in_between_counts() -> None:
    told = decided.words(decided.read(PAGE), decided.read(LATER))

    assert told == {"call": {"allow, scored": 1000, "block, blocklisted": 2}}
