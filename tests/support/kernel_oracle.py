"""Holds the compiled kernels against plain Python: ``python -m tests.support.kernel_oracle``.

Each check makes rows from a seed, ordinary and hostile ones, and compares what a kernel says with
what a plain reading of the specification says: protobuf for rows, `fanzha.phone` for parties, every
entry tried in turn for lists, events counted one by one in a dictionary for activity, slices of a
text for n-grams, `tests.support.text_oracle`, `tests.support.link_oracle` and
`tests.support.url_column_oracle` for texts and links. Raises AssertionError at the first
difference, with the seed.
"""

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from google.protobuf.message import DecodeError

from blocklists.entries import Direction, Entry, EntryKind
from blocklists.snapshot.snapshot import Snapshot
from classifiers.caller.activity import HALF_LIFE_MS, ActivityTable
from classifiers.link import features as link_features
from classifiers.link.features import LinkFeatureSettings
from classifiers.text import features
from fanzha import host_keys, party_columns, text_hints
from fanzha.character_table import FIRST_TOKEN
from fanzha.decisions import Action
from fanzha.hosts import suffix_rules
from fanzha.link_deobfuscation import may_contain_link
from fanzha.phone import UNREADABLE, HomePlan
from fanzha.tables import Calls
from fanzha.text import normalise_all
from fanzha.url import canonicals, rewritten
from fanzha.v1 import interception_pb2 as pb
from services.rpc.decide import wire_format
from services.rpc.decide.columnar_decoder import ColumnarDecoder
from services.rpc.decide.message_decoder import MessageDecoder
from tests.support import hint_oracle, link_oracle, text_oracle, url_column_oracle
from tests.support.builders import NINE_O_CLOCK_MS, NINE_O_CLOCK_S, an_entry
from tests.support.damaged_messages import damaged_message

HOME = HomePlan("86")
BATCH = 256
_PIECES = (b"\x0a", b"\x80", b"\xff\xff", b"\x0a\x03110", b"\x18\x00", b"+86", b"\xe8\xaf\x88")


def check_rows(rows: int, seed: int) -> int:
    """Compare decoded rows, of damaged requests too; return how many requests were read."""
    chance, columns, reader = random.Random(seed), ColumnarDecoder(HOME), MessageDecoder(HOME)
    read = 0
    for _ in range(-(-rows // BATCH)):
        # One row that is left to protobuf takes its whole batch with it.
        odd = chance.random() < 0.25
        made = [_a_call(chance, odd=odd and not chance.randrange(BATCH)) for _ in range(BATCH)]
        data = pb.DecideCallsRequest(calls=made).SerializeToString()
        if chance.random() < 0.25:
            data = damaged_message(chance, [data], _PIECES)
        try:
            table = columns.calls(data, wire_format.count_rows(data), NINE_O_CLOCK_MS)
        except wire_format.Unusual:
            continue
        try:
            expected = reader.calls(pb.DecideCallsRequest.FromString(data).calls, NINE_O_CLOCK_MS)
        except DecodeError:
            raise AssertionError(f"read what protobuf refuses, seed {seed}: {data!r}") from None
        for name in ("callers", "callees", "attempted_at_ms", "ingress", "attestations"):
            same = np.array_equal(getattr(table, name), getattr(expected, name))
            assert same, f"{name} differ, seed {seed}"
        assert dict(table.errors) == dict(expected.errors), f"errors differ, seed {seed}"
        read += 1
    return read


def check_parties(rows: int, seed: int) -> int:
    """Compare the keys of spellings; return how many the kernel read."""
    chance, read = random.Random(seed), 0
    for _ in range(-(-rows // BATCH)):
        texts = [_a_spelling(chance) for _ in range(BATCH)]
        parts = [text.encode() for text in texts]
        lengths = np.array([len(part) for part in parts], np.int64)
        keys, _ = party_columns.keys(b"".join(parts), np.cumsum(lengths) - lengths, lengths, "86")
        for text, key in zip(texts, keys.tolist(), strict=True):
            read += key != UNREADABLE
            assert key in {UNREADABLE, HOME.number_key(text)}, f"{text!r}, seed {seed}"
    return read


def check_lists(rows: int, seed: int) -> int:
    """Compare deciding entries; return how many keys matched one."""
    chance, matched = random.Random(seed), 0
    for _ in range(-(-rows // (8 * BATCH))):
        entries = [_a_list_entry(chance) for _ in range(60)]
        snapshot = Snapshot.build(1, entries)
        latest = list({(one.kind, one.pattern, one.action): one for one in entries}.values())
        for _ in range(8):
            keys = np.array([chance.randrange(17000, 17400) for _ in range(BATCH)], np.int64)
            found, to = snapshot.find_both(keys, keys[::-1].copy(), NINE_O_CLOCK_S)
            for matches, asked, side in (
                (found, keys, Direction.FROM), (to, keys[::-1], Direction.TO)
            ):  # fmt: skip
                for key, row in zip(asked.tolist(), matches.rows.tolist(), strict=True):
                    expected = _deciding(latest, key, side)
                    got = None if row < 0 else snapshot.entry(row)
                    assert (got and (got.pattern, got.action)) == expected, f"{key}, seed {seed}"
                    matched += row >= 0
    return matched


def check_activity(rows: int, seed: int) -> int:
    """Compare the counters of callers; return how many callers were compared."""
    chance, compared = np.random.default_rng(seed), 0
    table, happened = ActivityTable(2**16), dict[int, _Count]()
    now = NINE_O_CLOCK_MS
    for _ in range(-(-rows // BATCH)):
        callers = 8617000000000 + chance.integers(0, 40, BATCH)
        callees = 8617000000000 + chance.integers(0, 40, BATCH)
        times = now + chance.integers(-60_000, 60_000, BATCH)
        now += int(chance.integers(0, 3_600_000))
        known = table.observe(_calls(callers, callees, times))
        for caller in callers.tolist():
            happened.setdefault(caller, _Count())
        columns = (callers.tolist(), callees.tolist(), times.tolist())
        for caller, callee, time in zip(*columns, strict=True):
            happened[caller].add("made", time)
            if callee in happened:
                happened[callee].add("got", time)
        for row in chance.integers(0, BATCH, 16).tolist():
            count = happened[int(callers[row])]
            for expected, counted in (
                (count.made, known.outgoing_calls), (count.got, known.incoming_calls)
            ):  # fmt: skip
                assert abs(counted.item(row) - expected) <= 1e-3 * max(expected, 1), f"seed {seed}"
            compared += 1
    return compared


def check_ngrams(rows: int, seed: int) -> int:
    """Compare the hashed n-grams of texts, *rows* characters of them; return how many there are."""
    chance, compared = random.Random(seed), 0
    letters = "诈骗钱的了是ab1$ \u20ac\U00020001\U0001f600" + chr(FIRST_TOKEN)
    for _ in range(-(-rows // (4 * BATCH))):
        texts = [
            "".join(chance.choice(letters) * chance.choice((1, 1, 1, 3)) for _ in range(size))
            for size in (0, 1, chance.randrange(70), chance.randrange(600), BATCH)
        ]
        found, first = features.ngrams(texts), 0
        for nth, text in enumerate(texts):
            expected = _ngrams(text[: features.MAX_CHARACTERS])
            chunks = len(text[: features.MAX_CHARACTERS]) // features.CHUNK + 1
            ids = found.ids[first : first + chunks].reshape(chunks, 3, features.CHUNK)
            got = {
                (chunk * features.CHUNK + place, slot): ids.item(chunk, slot, place)
                for chunk, slot, place in zip(*map(np.ndarray.tolist, ids.nonzero()), strict=True)
            }
            assert got == expected, f"{text!r}, seed {seed}"
            weight = 1 / (len(expected) + features.CAUTION)
            assert abs(found.weights.item(nth) - weight) < 1e-7, f"seed {seed}"
            first, compared = first + chunks, compared + len(expected)
    return compared


def check_texts(rows: int, seed: int) -> int:
    """Compare normalised texts, *rows* of them; return how many characters are left."""
    chance, left = random.Random(seed), 0
    for _ in range(-(-rows // BATCH)):
        texts = [text_oracle.a_text(chance) for _ in range(BATCH)]
        for text, found in zip(texts, normalise_all(texts), strict=True):
            assert found == text_oracle.normalise(text), f"{text!r}, seed {seed}"
            left += len(found)
    return left


def check_links(rows: int, seed: int) -> int:
    """Compare what is read of URLs; return how many n-grams they have."""
    chance, compared = random.Random(seed), 0
    choices = (
        LinkFeatureSettings(),
        LinkFeatureSettings(sizes=(1, 6), bits=12, host_characters=5, path_characters=9),
    )
    for _ in range(-(-rows // BATCH)):
        settings = chance.choice(choices)
        urls = [link_oracle.a_url(chance) for _ in range(BATCH)]
        found = link_features.of_links(urls, settings)
        expected = [
            link_oracle.described(part, each, settings)
            for url in urls
            for part, each in zip(link_oracle.parts(url, settings), link_oracle.SEEDS, strict=True)
        ]
        ids = [number for part in expected for number in part.ids]
        assert found.ids.ravel().tolist() == ids, f"n-grams differ, seed {seed}"
        shape = found.shape.reshape(2 * BATCH, -1)
        figures = np.concatenate([found.weights, shape], axis=1)
        close = np.allclose(figures, [link_oracle.as_array(part) for part in expected], atol=2e-6)
        assert close, f"shapes differ, seed {seed}"
        compared += int(np.count_nonzero(found.ids))
    return compared


def check_hints(rows: int, seed: int) -> int:
    """Compare what texts may hold; return how many have a plain link."""
    chance, plain = random.Random(seed), 0
    for _ in range(-(-rows // BATCH)):
        texts = [hint_oracle.a_text(chance) for _ in range(BATCH)]
        hints = text_hints.of_texts(texts)
        links, numbers = dict(hints.links), set(hints.numbers)
        for row, text in enumerate(texts):
            expected = hint_oracle.plain_link(text)
            assert links.get(row) == expected, f"{text!r}, seed {seed}"
            left_out = row not in links and may_contain_link(text)
            assert not left_out, f"{text!r}, seed {seed}"
            assert (row in numbers) == hint_oracle.has_number(text), f"{text!r}, seed {seed}"
            plain += expected is not None
    return plain


def check_urls(rows: int, seed: int) -> int:
    """Compare canonical URLs; return how many there are."""
    chance, read = random.Random(seed), 0
    for _ in range(-(-rows // BATCH)):
        urls = [link_oracle.a_written_url(chance) for _ in range(BATCH)]
        for written, found in zip(urls, canonicals(urls), strict=True):
            assert found == rewritten(written), f"{written!r}, seed {seed}"
            read += found != ""
    return read


def check_hosts(rows: int, seed: int) -> int:
    """Compare the keys of the names of links; return how many there are."""
    chance, compared = random.Random(seed), 0
    rules = suffix_rules()
    suffixes = [sorted(names) for names in (rules.names, rules.wildcards, rules.exceptions)]
    for _ in range(-(-rows // BATCH)):
        urls = [link_oracle.a_canonical_url(chance, suffixes) for _ in range(BATCH)]
        found, expected = host_keys.of_links(urls), host_keys.keys_by_definition(urls)
        assert found.ends.tolist() == expected.ends.tolist(), f"names differ, seed {seed}"
        assert found.keys.tolist() == expected.keys.tolist(), f"keys differ, seed {seed}"
        compared += len(found.keys)
    return compared


CHECKS: dict[str, Callable[[int, int], int]] = {
    "rows": check_rows,
    "parties": check_parties,
    "lists": check_lists,
    "activity": check_activity,
    "ngrams": check_ngrams,
    "texts": check_texts,
    "hints": check_hints,
    "urls": check_urls,
    "hosts": check_hosts,
    "links": check_links,
    "columns": url_column_oracle.check,
}


@dataclass
class _Count:
    """Calls of one number, weighted by how long before its last call they were."""

    latest_ms: int = 0
    made: float = 0.0
    got: float = 0.0

    def add(self, kind: str, at_ms: int) -> None:
        passed = 0.5 ** (max(at_ms - self.latest_ms, 0) / HALF_LIFE_MS)
        self.made, self.got = self.made * passed, self.got * passed
        self.latest_ms = max(self.latest_ms, at_ms)
        weight = 0.5 ** ((self.latest_ms - at_ms) / HALF_LIFE_MS)
        setattr(self, kind, getattr(self, kind) + weight)


def _a_call(chance: random.Random, *, odd: bool) -> pb.Call:
    """Make a call; an *odd* one has what is left to protobuf."""
    return pb.Call(
        caller=_a_spelling(chance),
        callee=_a_spelling(chance),
        attempted_at_ms=chance.choice((0, NINE_O_CLOCK_MS, -1, 2**62, chance.randrange(2**63))),
        ingress=chance.choice((0, 1, 2, 3, 9, 127, 300 if odd else 1)),  # type: ignore[arg-type]
        attestation=chance.choice((0, 1, 4, 99)),  # type: ignore[arg-type]
        trunk=chance.choice(("", "tg-12", "台", "x" * 65 if odd else "x" * 64)),
        request_id=chance.choice(("", "", "", "a1", "é" if odd else "b2")),
    )


def _a_spelling(chance: random.Random) -> str:
    digits = "".join(chance.choice("0123456789") for _ in range(chance.randrange(20)))
    kind = chance.randrange(8)
    if kind == 0:
        return chance.choice(("Bank", "中国银行", "", "anonymous", "+", "tel:+8617000000001"))
    if kind == 1:
        return chance.choice(("86", "10", "0086", "17951", "0")) + digits
    if kind == 2:
        return digits
    if kind == 3:
        return digits[:5] + chance.choice(" -/:;\x00\u00e9") + digits[5:]
    return chance.choice(("+", "+86", "+8617", "170")) + digits


def _a_list_entry(chance: random.Random) -> Entry:
    number = str(chance.randrange(17000, 17400))
    pattern = f"+{number}" if chance.random() < 0.7 else f"+{number[: chance.randint(3, 4)]}*"
    return an_entry(
        pattern,
        chance.choice((Action.ALLOW, Action.BLOCK)),
        direction=chance.choice(tuple(Direction)),
        expires_at=datetime(chance.choice((2020, 2099)), 1, 1, tzinfo=UTC),
    )


def _deciding(entries: Sequence[Entry], key: int, side: Direction) -> tuple[str, Action] | None:
    """Return pattern and action of the entry that decides: the most specific, then ALLOW."""
    acting = [
        entry
        for entry in entries
        if entry.expires_at.timestamp() > NINE_O_CLOCK_S
        and entry.direction & side
        and (
            entry.pattern == f"+{key}"
            if entry.kind is EntryKind.NUMBER
            else f"+{key}".startswith(entry.pattern.removesuffix("*"))
        )
    ]
    if not acting:
        return None
    best = min(
        acting,
        key=lambda one: (one.kind is not EntryKind.NUMBER, -len(one.pattern), one.action),
    )
    return best.pattern, best.action


def _ngrams(text: str) -> dict[tuple[int, int], int]:
    """Return the bucket of each n-gram, by where it begins and which of three it is."""
    found, before = dict[tuple[int, int], int](), dict[int, str]()
    for place in range(len(text)):
        # A symbol says as much as a syllable, and so does what stands for a link or a number.
        wide = text[place] not in "ab1 \u20ac"
        for slot, size in enumerate((1, 2, 3) if wide else (3, 4, 6)):
            gram = text[place : place + size]
            if len(gram) == size and gram != before.get(slot):
                state = 0
                for letter in gram:
                    state = (state ^ ord(letter)) * 0x9E3779B1 % 2**32
                    state ^= state >> 15
                bucket = (state * 0x85EBCA6B % 2**32) >> (32 - features.BUCKET_BITS)
                found[place, slot] = max(bucket, 1)
            before[slot] = gram
    return found


def _calls(callers: np.ndarray, callees: np.ndarray, times: np.ndarray) -> Calls:
    rows = len(callers)
    return Calls(
        callers=callers,
        callees=callees,
        attempted_at_ms=times,
        ingress=np.ones(rows, np.uint8),
        attestations=np.zeros(rows, np.uint8),
        trunks=[""] * rows,
        names={},
        errors={},
    )


def main() -> None:
    """Run all checks, and print what each compared."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of each check")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=CHECKS, default=[*CHECKS])
    chosen = parser.parse_args()
    for name in chosen.only:
        check = CHECKS[name]
        print(f"{name}: {chosen.rows} rows equal ({check(chosen.rows, chosen.seed)})", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
