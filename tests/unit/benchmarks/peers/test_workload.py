"""The work that both sides are given, and how filters are asked and judged."""

from contextlib import closing
from mailbox import mbox
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers import accuracy, mail, rspamd, spamd
from benchmarks.peers.accuracy import Split
from benchmarks.peers.workload import Work
from classifiers.training.text.data import LabelledText
from fanzha.v1 import interception_pb2 as pb


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(listed=1000, folder=tmp_path)


def test_as_many_distinct_names_as_requested_are_listed(work: Work) -> None:
    assert len(set(work.hosts())) == 1000


def test_some_of_the_queried_names_are_listed(work: Work) -> None:
    listed = set(work.hosts())

    share = np.mean([name in listed for name in work.names(5000)])

    assert 0.02 < share < 0.04


def test_links_use_the_queried_names(work: Work) -> None:
    hosts = [url.split("/")[2] for url in work.urls(100)]

    assert hosts == work.names(100)


def test_our_request_asks_for_the_same_names_as_the_resolver(work: Work) -> None:
    method, (message, _) = work.requests("name", 25, 2)

    request = pb.DecideLinksRequest.FromString(message)
    assert method == "DecideLinks"
    names = work.names(50)[:25]
    assert [link.url for link in request.links] == [f"http://{name}/" for name in names]


def test_our_request_asks_about_the_same_callers_as_the_peer(work: Work) -> None:
    _, messages = work.requests("call", 25, 2)

    requests = [pb.DecideCallsRequest.FromString(message) for message in messages]
    calls = [call for request in requests for call in request.calls]
    assert [(call.caller[1:], call.callee[1:]) for call in calls] == work.calls(50)


def test_a_mailbox_holds_each_text_as_one_mail(tmp_path: Path) -> None:
    file = tmp_path / "mbox"
    file.write_text(mail.as_mailbox(["hello  there", "From here\nto there"]))

    with closing(mbox(file)) as box:
        bodies = [message.as_string().partition("\n\n")[2].strip() for message in box]

    assert bodies == ["hello there", ">From here to there"]


def test_rspamd_scores_are_mapped_to_one_scale() -> None:
    def symbols(name: str, sure: str) -> dict[str, dict[str, dict[str, list[str]]]]:
        return {"symbols": {name: {"options": [sure]}}}

    assert rspamd.spam_probability(symbols("BAYES_SPAM", "98.50%")) == pytest.approx(0.985)
    assert rspamd.spam_probability(symbols("BAYES_HAM", "98.50%")) == pytest.approx(0.015)
    assert rspamd.spam_probability({"symbols": {}}) == 0.5


def test_the_spamassassin_score_is_read_from_its_header() -> None:
    assert spamd.spam_probability("SPAMD/1.1 0 EX_OK\n\nX-Spam-Bayes: 0.875\n") == 0.875
    assert spamd.spam_probability("SPAMD/1.1 0 EX_OK\n\nSubject: x\n") == 0.5


def test_the_chosen_cutoff_blocks_no_more_than_its_share() -> None:
    harmless = np.linspace(0, 1, 1000).astype(np.float32)

    cutoff = accuracy.cutoff_for(harmless)

    assert np.sum(harmless >= np.float32(cutoff)) == 1000 * accuracy.FALSE_SHARE


def test_a_cutoff_among_equal_scores_blocks_none_of_them() -> None:
    harmless = np.ones(1000, np.float32)

    assert np.sum(harmless >= np.float32(accuracy.cutoff_for(harmless))) == 0


def test_a_filter_is_judged_on_the_test_split_at_both_cutoffs() -> None:
    validation = Split(fraud=["0.9"], other=["0.1", "0.2"])
    test = Split(fraud=["0.9", "0.3", "0.1", "0.1"], other=["0.1", "0.25", "0.6", "0.1"])

    found = accuracy.judged(
        "filter",
        scores=lambda texts: [float(text) for text in texts],
        validation=validation,
        test=test,
        cutoff=0.5,
        learnt=7,
    )

    assert (found.default_recall, found.default_false_share) == (0.25, 0.25)
    assert (found.chosen_recall, found.chosen_false_share) == (0.5, 0.5)
    assert (found.learnt, found.tested) == (7, 8)


def test_rows_whose_label_leaves_fraud_open_are_not_used() -> None:
    rows = [
        a_row("ham", (True, False, False)),
        a_row("fraud", (False, False, True)),
        a_row("some spam", (False, True, True)),
        a_row("no fraud", (True, True, False)),
        a_row("elsewhere", (True, False, False), split="test"),
        a_row("never trained on", (True, False, False), source="telecom_fraud_texts"),
    ]

    found = accuracy.split_of(rows, "train", most=10)

    assert found.fraud == ["fraud"]
    assert sorted(found.other) == ["ham", "no fraud"]


def a_row(
    text: str, allowed: tuple[bool, bool, bool], *, split: str = "train", source: str = "fbs"
) -> LabelledText:
    return LabelledText(
        source=source, label="", split=split, text=text, language=0, allowed=allowed
    )
