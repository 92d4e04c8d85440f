"""The part of the page on peers: ratios, memory, accuracy, and what is not equal."""

import itertools
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.report.figures import Results
from benchmarks.report.latest_results import Result
from benchmarks.report.markdown import count, missing, plot, share, table

_MIB = 2**20


def peers(results: Results) -> list[str]:
    """Write the comparison."""
    if "peers" not in results:
        return missing("fanzha bench peers")
    result = results["peers"]
    rows: list[Result] = result["rows"]
    return [
        "Both sides of a row in one run, in turn, medians; the servers on one core, the generator "
        "on the other. Where a side used much less than its core, its generator was the limit: "
        "the second ratio compares the same processor time.",
        "",
        *_runs(result),
        "",
        *table(
            ("channel", "peer", "theirs/s", "our call", "ours/s", "ours by theirs",
             "for the same processor time", "memory: theirs, ours", "core used: theirs, ours"),
            [_row(row) for row in rows],
        ),
        *plot("peers", "Beside peers"),
        *_accuracy(result.get("accuracy", []), str(result.get("commit", "–"))[:8]),
        "### What is not equal",
        "",
        *_not_equal(rows),
    ]  # fmt: skip


def _runs(result: Result) -> list[str]:
    """Write the runs that the rows are of, with the channels of each where there are several."""
    channels: dict[tuple[str, ...], list[str]] = {}
    for row in result["rows"]:
        if "run" in row and row["channel"] not in channels.setdefault(row["run"], []):
            channels[row["run"]].append(row["channel"])
    if not channels:
        return [_run_words([f"{result[name]:,}" for name in ("repeats", "seconds", "listed")])]
    return [
        f"* {', '.join(named)}: commit {run[0]}, {_run_words(run[1:])}"
        for run, named in channels.items()
    ]


def _run_words(run: Sequence[str]) -> str:
    repeats, seconds, listed = run
    return f"{repeats} × {seconds} s each, {listed} numbers and names listed."


def _row(row: Result) -> tuple[str, ...]:
    peer = f"{row['peer']} {row['version']}".strip()
    if row["missing_reason"]:
        return row["channel"], peer, "missing", row["missing_reason"], "", "", "", "", ""
    memory = ", ".join(
        f"{row['memory'].get(who, 0) / _MIB:,.0f} MiB" if row["memory"].get(who) else "–"
        for who in ("peer", "ours")
    )
    ratio = f"{count(row['ratio'])} ×" if row["ratio"] is not None else "–"
    cores = ", ".join(_core(row[which]) for which in ("peer_cpu", "ours_cpu"))
    return (
        row["channel"], peer, _median(row["peer_rate"]), row["ours"], _median(row["ours_rate"]),
        ratio, _for_the_same_time(row), memory, cores,
    )  # fmt: skip


def _for_the_same_time(row: dict[str, Any]) -> str:
    """Compare by processor time: a peer with too little load did not use its core."""
    ours, theirs = (
        statistics.median(row[f"{who}_rate"]) / statistics.median(row[f"{who}_cpu"])
        if row[f"{who}_rate"] and row[f"{who}_cpu"]
        else 0.0
        for who in ("ours", "peer")
    )
    return f"{count(ours / theirs)} ×" if ours and theirs else "–"


def _median(rates: Sequence[float]) -> str:
    return count(statistics.median(rates)) if rates else "–"


def _core(shares: Sequence[float]) -> str:
    return f"{statistics.median(shares):.2f}" if shares else "–"


def _accuracy(judged: Sequence[dict[str, Any]], commit: str) -> list[str]:
    if not judged:
        return []
    rows = [
        (one["filter"], "missing", "", "", "", one["missing_reason"])
        if one["missing_reason"]
        else (
            one["filter"],
            f"{one['learnt']:,}" if one["learnt"] else "see its card",
            f"{one['tested']:,}",
            f"{share(one['default_recall'])}, {share(one['default_false_share'])}",
            f"{share(one['chosen_recall'])}, {share(one['chosen_false_share'])}",
            "",
        )
        for one in judged
    ]
    head = (
        "filter", "texts learnt", "texts tested", "own cut-off: fraud found, harmless blocked",
        "cut-off chosen on validation rows", "",
    )  # fmt: skip
    unequal = list(dict.fromkeys(one["not_equal"] for one in judged if one["not_equal"]))
    return [
        *("### How well they judge", "", f"Measured with commit {commit}.", ""),
        *table(head, rows),
        *_paragraphs(unequal),
    ]


def _not_equal(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Write each text once for its peers, and their shared first sentences once for all."""
    peers_of: dict[str, list[str]] = {}
    for row in rows:
        if row["not_equal"]:
            names = peers_of.setdefault(row["not_equal"], [])
            name = f"{row['peer']} ({row['channel']})"
            if name not in names:
                names.append(name)
    groups = itertools.groupby(peers_of, key=lambda text: text.split(". ")[0])
    return _paragraphs(
        [
            paragraph
            for _, texts in groups
            for paragraph in _shared_once({text: peers_of[text] for text in texts})
        ]
    )


def _shared_once(peers_of: Mapping[str, Sequence[str]]) -> list[str]:
    sentences = [text.split(". ") for text in peers_of]
    alike = itertools.takewhile(lambda column: len(set(column)) == 1, zip(*sentences, strict=False))
    shared = "".join(f"{column[0]}. " for column in alike) if len(sentences) > 1 else ""
    own = [
        f"**{', '.join(names)}.** {text.removeprefix(shared)}" for text, names in peers_of.items()
    ]
    everyone = ", ".join(name for names in peers_of.values() for name in names)
    return [f"**{everyone}.** {shared.strip()}", *own] if shared else own


def _paragraphs(texts: Sequence[str]) -> list[str]:
    return [line for text in texts for line in (text, "")]
