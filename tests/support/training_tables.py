"""Synthetic tables to train tiny models on: invented phrases and hosts."""

import csv
import gzip
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from string import ascii_lowercase, digits

from classifiers.caller.classifier import TABLE_COLUMNS
from classifiers.training.caller.data import FILE
from classifiers.training.text.data import CALLS, FILES
from services.warning.outcomes.examples import LabelledDecision, as_row

_HARMLESS = (
    *("see you at seven", "lunch at noon today", "the meeting moved", "thanks for the help"),
    *("bring the umbrella", "are you home yet", "the train is late", "call me tonight"),
)
_FRAUD = (
    *("your account is locked verify now", "you won a prize claim it", "urgent loan approved"),
    *("pay the parcel fee at the link", "bank details needed to refund", "reply with your code"),
)
_NEW_FRAUD = (
    *("your grandson was arrested send bail", "move it to the safe account"),
    *("share your screen with the officer", "keep the investigation secret"),
)
_NEW_HARMLESS = (
    *("water is off in your street tomorrow", "your clinic visit is confirmed"),
    *("the school bus leaves at eight", "your permit is ready at the counter"),
)
_GOOD = ("garden", "library", "museum", "river", "school", "bakery", "music", "travel")
_BAD = ("login", "verify", "secure", "bonus", "claim", "wallet", "update", "refund")


def text_tables(folder: Path) -> Path:
    """Write the tables of the text model."""
    chance = Random(1)
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        f"{n}\t{source}\ten\t{label}\t\t{source}{n}\t{_text(chance, phrases)}\n"
        for source, label, phrases in (("nus", "ham", _HARMLESS), ("mendeley", "fraud", _FRAUD))
        for n in range(400)
    ]
    for name in (*FILES, CALLS):
        with gzip.open(folder / name, "wt", encoding="utf-8") as lines:
            lines.write("id\tsource\tlang\tlabel\tcategory\tgroup\ttext\n")
            lines.writelines(rows if name == FILES[1] else [])
    return folder


def link_tables(folder: Path) -> Path:
    """Write the tables of the link model."""
    chance = Random(1)
    folder.mkdir(parents=True, exist_ok=True)
    tables: dict[str, list[str]] = {"urls": [], "domains": []}
    for source, label, words, kind, count in (
        ("tranco2026", "benign", _GOOD, "", 9000),
        ("citizenlab", "benign", _GOOD, "", 100),
        ("tweetfeed", "malicious", _BAD, "phishing", 9000),
        ("openphish", "malicious", _BAD, "phishing", 100),
        ("swgambling", "malicious", _BAD, "gambling", 40),
    ):
        for n, url in enumerate(_links(chance, words, count)):
            bare = n % 4 == 0
            month = f"2026-{1 + 8 * n // count:02}-01" if label == "malicious" else ""
            what = url.split("/")[2] if bare else url
            tables["domains" if bare else "urls"].append(f"{what},{label},{kind},{source},{month}")
    for name, rows in tables.items():
        text = "\n".join(["url,label,kind,source,first_seen", *rows])
        (folder / f"{name}.csv.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    (folder / "README.md").write_text("| tranco2026 | benign | made up | Apache-2.0 |\n")
    return folder


def examples_file(path: Path, count: int = 240) -> Path:
    """Write labelled examples as a bureau exports them, half of them fraud; some have no text."""
    chance = Random(2)
    links = [_links(chance, words, count) for words in (_GOOD, _BAD)]
    rows = []
    for n in range(count):
        fraud = n % 2
        group = f"g{fraud}-{n // 6}"
        # Names unique to a campaign, as near-duplicates are on one side of the split.
        words = Random(group)
        names = " ".join("".join(words.sample(ascii_lowercase, 6)) for _ in range(14))
        said = _text(chance, _NEW_FRAUD if fraud else _NEW_HARMLESS)
        text = f"{said} {names}" if n % 8 else ""
        # A case that was closed, or a hit that a person judged.
        outcomes = ("lost_money", "false_alarm") if n % 3 else ("confirmed", "dismissed")
        example = LabelledDecision(
            label="fraud" if fraud else "nonfraud",
            text=text,
            url=next(links[fraud]),
            category="impersonate_authority" if fraud else "",
            group=group,
            outcome=outcomes[0] if fraud else outcomes[1],
            closed_at_ms=1_790_000_000_000 + n * 30_000_000,
            decision_id=n + 1,
            retained="text" if text else "decision",
        )
        rows.append(as_row(example))
    return _written(path, rows)


def caller_table(folder: Path) -> Path:
    """Write the table of the caller model."""
    chance = Random(3)
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / FILE, "wt", newline="") as lines:
        table = csv.DictWriter(lines, [*TABLE_COLUMNS, "label"])
        table.writeheader()
        for n in range(600):
            table.writerow({**_counters(chance, fraud=n % 3 == 0), "label": int(n % 3 == 0)})
    return folder


def caller_examples_file(path: Path, count: int = 160) -> Path:
    """Write labelled callers to which a carrier has joined its counters."""
    chance = Random(4)
    rows = []
    for n in range(count):
        fraud = n % 2 == 1
        example = LabelledDecision(
            label="fraud" if fraud else "nonfraud",
            group=f"g{n // 2}",
            outcome="lost_money" if fraud else "false_alarm",
            closed_at_ms=1_790_000_000_000,
            decision_id=n + 1,
            retained="decision",
            sender=f"+8617000000{n:03}",
        )
        rows.append({**as_row(example), **_counters(chance, fraud=fraud)})
    return _written(path, rows)


def _counters(chance: Random, *, fraud: bool) -> dict[str, float]:
    """Return the columns: a fraudster calls many people once, others a few often."""
    calls, texts = chance.randint(40, 400), chance.randint(0, 60)
    counterparts = int(calls * (0.9 if fraud else 0.3) * chance.uniform(0.7, 1))
    outgoing = int(calls * (0.95 if fraud else 0.5) * chance.uniform(0.8, 1))
    days, hours, seconds = chance.randint(1, 29), chance.randint(2, 19), chance.randint(20, 120)
    received, written_with = int(texts * chance.uniform(0, 1)), texts // 3
    handsets, areas = chance.randint(1, 6 if fraud else 2), chance.randint(1, 2 if fraud else 6)
    cells = (calls, counterparts, outgoing, days, seconds, texts, received, hours, written_with)
    return dict(zip(TABLE_COLUMNS, (*cells, handsets, areas), strict=True))


def _written(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return path


def _text(chance: Random, phrases: Sequence[str]) -> str:
    words = chance.sample(phrases, 3)
    return f"{words[0]}. {words[1]}, {words[2]} {chance.randint(10, 99)}"


def _links(chance: Random, words: Sequence[str], count: int) -> Iterator[str]:
    """Yield links of all shapes: a constant column would only teach noise."""
    for n in range(count):
        one, other = chance.sample(words, 2)
        suffix = chance.choice(("example", "test"))
        host = f"{one}{chance.choice(('', '-', '_'))}{other}{_tail(chance, words)}.{suffix}"
        paths = ("", f"{one}/{other}.html", f"a?id={n}&b=%20~{one}", f"{n}/x_{other};c=1")
        scheme, www = chance.choice(("http", "https")), chance.choice(("", "www."))
        yield f"{scheme}://{www}{host}/{chance.choice(paths)}"


def _tail(chance: Random, words: Sequence[str]) -> str:
    # Mostly letters behind harmless words, mostly digits behind the others: shape is learned first.
    some = ascii_lowercase if (words is _GOOD) == (chance.random() < 0.9) else digits
    return "".join(chance.choices(some, k=8))
