"""Texts: rspamd, SpamAssassin's daemon and bogofilter on the same texts, wrapped as mail."""

import time
from collections.abc import Callable, Sequence
from random import Random

from benchmarks.peers import bogofilter, filters, generators, mail, paired_runs, rspamd, spamd
from benchmarks.peers.bench import Bench, debian_version
from benchmarks.peers.outputs import Load
from benchmarks.peers.paired_runs import About, Contestant
from benchmarks.peers.table import Row
from classifiers.training.templates import builder

_LEARNT = 500
"""Texts of each kind that a filter has learnt, so that its Bayes has something to look up."""
_CONNECTIONS = 16
_COMMON = (
    "The peer is a mail filter: each text travels with seven headers and goes through MIME, and "
    "its rules look for what mail has. We take a text with sender and receiver, undo evasions, "
    "look up both parties, links and fingerprints in the lists, run a model and write hits to a "
    "stream. Both sides were taught beforehand; how well each judges is in the accuracy table. "
    "h2load repeats four messages of ours, so one a request always asks about four texts. "
)
_RSPAMD = _COMMON + (
    "rspamd runs one scanning process with all modules that need the network off, Bayes in a "
    "Valkey beside it, and a map of the listed names; it walks through 20,000 texts."
)
_SPAMD = _COMMON + (
    "spamd runs two children on the one core with -L, no network; our own client keeps both busy."
)
_BULK = _COMMON + (
    "bogofilter reads a mailbox in one process and asks nobody over a network; it knows no lists, "
    "neither of numbers nor of links."
)
_EACH = _COMMON + "bogofilter starts a process for each text, as mail systems call it."


def compare(bench: Bench) -> list[Row]:
    """Compare with all three."""
    return [*_rspamd(bench), *_spamd(bench), *_bogofilter(bench)]


def _about(peer: str, package: str, generator: str, not_equal: str) -> About:
    return About(
        channel="text",
        peer=peer,
        version=debian_version(package),
        work="texts of some 70 characters, a third with a link",
        generator=f"{generator}; h2load for us",
        not_equal=not_equal,
    )


def _taught() -> tuple[list[str], list[str]]:
    chance = Random(20261124)
    return _filled(builder.fraud_templates(), chance), _filled(builder.ham_templates(), chance)


def _filled(templates: Sequence[str], chance: Random) -> list[str]:
    return [builder.fill(chance.choice(templates), chance) for _ in range(_LEARNT)]


def _rspamd(bench: Bench) -> list[Row]:
    about = _about("rspamd", "rspamd", f"wrk, {_CONNECTIONS} connections", _RSPAMD)
    if not rspamd.installed():
        return paired_runs.missing(about, "rspamd or valkey-server is not installed")
    return paired_runs.guarded(about, lambda: _rspamd_measured(bench, about))


def _rspamd_measured(bench: Bench, about: About) -> list[Row]:
    listed = bench.work.write("hosts.txt", bench.work.hosts())
    mails = bench.work.folder / "mails"
    written = (mail.as_mail(text, row) for row, text in enumerate(bench.work.texts()))
    mails.write_text(mail.SEPARATOR.join(written))
    folder = bench.work.folder / "rspamd"
    with filters.rspamd_trained(folder, *_taught(), listed=listed) as peer:

        def load() -> Load:
            return generators.wrk(
                f"http://127.0.0.1:{peer.port}/checkv2",
                generators.CONF / "post.lua",
                str(mails),
                "message/rfc822",
                seconds=bench.seconds,
                connections=_CONNECTIONS,
            )

        return _rows(bench, about, Contestant(name="rspamd", load=load, server=peer.server))


def _spamd(bench: Bench) -> list[Row]:
    about = _about("SpamAssassin", "spamassassin", "own client, 2 at a time", _SPAMD)
    if not spamd.installed():
        return paired_runs.missing(about, "spamd or sa-learn is not installed")
    return paired_runs.guarded(about, lambda: _spamd_measured(bench, about))


def _spamd_measured(bench: Bench, about: About) -> list[Row]:
    mails = [mail.as_mail(text, row) for row, text in enumerate(bench.work.texts(1000))]
    with filters.spamd_trained(bench.work.folder / "spamd", *_taught()) as peer:
        spamd.load(peer.port, mails, 2)  # the first of each child takes long

        def load() -> Load:
            return spamd.load(peer.port, mails, bench.seconds)

        contestant = Contestant(name="SpamAssassin", load=load, server=peer.server)
        return _rows(bench, about, contestant)


def _bogofilter(bench: Bench) -> list[Row]:
    bulk = _about("bogofilter, a mailbox", "bogofilter", "none", _BULK)
    each = _about("bogofilter, a process each", "bogofilter", "a loop that starts it", _EACH)
    if not bogofilter.installed():
        return paired_runs.missing(bulk, "bogofilter is not installed")
    return paired_runs.guarded(bulk, lambda: _bogofilter_measured(bench, bulk, each))


def _bogofilter_measured(bench: Bench, bulk: About, each: About) -> list[Row]:
    texts = bench.work.texts()
    with filters.bogofilter_trained(bench.work.folder / "bogofilter", *_taught()) as peer:
        mailbox = peer.words / "asked.mbox"
        mailbox.write_text(mail.as_mailbox(texts))
        single = peer.words / "one.eml"
        single.write_text(mail.as_mail(texts[0], 0))

        def whole() -> None:
            if len(bogofilter.spam_probabilities(peer.words, mailbox)) != len(texts):
                raise RuntimeError("bogofilter read another number of texts")

        one, many = bench.ways("text")
        return [
            *_rows(bench, bulk, _timed(bench, bulk.peer, whole, len(texts)), [many]),
            *_rows(
                bench,
                each,
                _timed(
                    bench, each.peer, lambda: bogofilter.spam_probability(peer.words, single), 1
                ),
                [one],
            ),
        ]


def _timed(bench: Bench, name: str, work: Callable[[], object], rows: int) -> Contestant:
    """Do *work* again and again, at least once, until time is over."""

    def load() -> Load:
        done, began = 0, time.monotonic()
        while (spent := time.monotonic() - began) < bench.seconds or not done:
            work()
            done += rows
        return Load(per_second=done / spent, done=done, failed=0, answers={})

    return Contestant(name=name, load=load)


def _rows(
    bench: Bench, about: About, peer: Contestant, ways: list[Contestant] | None = None
) -> list[Row]:
    ours = ways or bench.ways("text")
    figures = paired_runs.in_turn([peer, *ours], bench.repeats)
    return paired_runs.rows(about, figures, [one.name for one in ours])
