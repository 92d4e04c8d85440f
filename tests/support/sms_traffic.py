"""Traffic for relays of messages, and what must be true of the ledgers of both ends afterwards.

Each message has a receiver of its own, so that ledgers can name it. A share of the messages is
fraud: half of it comes from a listed number, half carries a listed link that lies across the
border of two parts, which no part alone shows.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from services.warning.channels import sms_parts

FRAUDSTER = "+8617000000911"
HONEST = "+8617000000001"
LISTED_HOST = "evil-bank.example"
REFUSED = 0x45
_FILLER = "您的快递已到达驿站，请凭取件码领取，营业时间早八点到晚十点。"
CMPP_KINDS = ("gsm", "ucs2", "several", "several", "sar", "flash", "gbk")
TEXT_KINDS = ("gsm", "ucs2", "several")
KINDS = ("gsm", "ucs2", "several", "several", "sar", "payload", "flash")


@dataclass(frozen=True, slots=True)
class TrafficMessage:
    """A message and its PDUs, in the fields of submit_sm as npm smpp names them."""

    number: int
    fraud: bool
    pdus: tuple[dict[str, Any], ...]
    source: str = HONEST
    text: str = ""
    """The text, where a client may encode and split it by itself; empty for other kinds."""

    @property
    def receiver(self) -> str:
        return receiver(self.number)


def receiver(number: int) -> str:
    """Return the receiver of a message, as PDUs have it."""
    return f"86199{number:08}"


def traffic(
    count: int, fraud: float, seed: int = 1, kinds: Sequence[str] = KINDS
) -> Iterator[TrafficMessage]:
    """Yield *count* messages of *kinds*, the share *fraud* of them to be refused."""
    chosen = random.Random(seed)
    for number in range(count):
        if chosen.random() >= fraud:
            yield _message(number, chosen.choice(kinds), HONEST)
        elif chosen.random() < 0.5:
            yield _message(number, chosen.choice(kinds), FRAUDSTER)
        else:
            yield _message(number, "split", HONEST)


def submit(number: int, text: str, source: str = HONEST, **others: object) -> list[dict[str, Any]]:
    """Return the submit_sm of a text, one for each of its parts."""
    parts = sms_parts.cut(text, number & 0xFFFF)
    several = {"esm_class": 0x40} if parts.several else {}
    return [
        _fields(number, source, data_coding=parts.data_coding, hex=body.hex(), **several, **others)
        for body in parts.bodies
    ]


def split_link() -> str:
    """Return a text of two parts whose link begins in the first and ends in the second."""
    link = f"http://{LISTED_HOST}/pay"
    return (_FILLER * 3)[: 66 - len(link) // 2] + link + " 办理"


def _message(number: int, kind: str, source: str) -> TrafficMessage:
    texts = {
        "gsm": f"Your parcel {number} waits for you ({number % 7})",
        "ucs2": f"{number} {_FILLER}",
        "split": split_link(),
        "several": f"{number} " + _FILLER * (3 + number % 4),
    }
    fraud = kind == "split" or source == FRAUDSTER
    if kind in texts:
        receipt = {"registered_delivery": 1} if kind == "ucs2" else {}
        pdus = tuple(submit(number, texts[kind], source, **receipt))
        return TrafficMessage(number, fraud, pdus, source, texts[kind])
    return TrafficMessage(number, fraud, tuple(_other_pdus(number, kind, source)), source)


def _other_pdus(number: int, kind: str, source: str) -> Iterator[dict[str, Any]]:
    if kind == "flash":
        flash = f"{number} 请尽快领取".encode("utf-16-be")
        yield _fields(number, source, data_coding=0x18, hex=flash.hex())
        return
    if kind == "gbk":
        yield _fields(number, source, data_coding=15, hex=f"{number} {_FILLER}".encode("gbk").hex())
        return
    octets = (f"{number} " + _FILLER * 3).encode("utf-16-be")
    if kind == "payload":
        yield _fields(number, source, data_coding=8, payload=octets.hex())
        return
    for at, (begin, end) in enumerate(((0, 130), (130, None)), 1):
        yield _fields(
            number, source, data_coding=8, hex=octets[begin:end].hex(), sar_segment_seqnum=at,
            sar_msg_ref_num=number & 0xFFFF, sar_total_segments=2,
        )  # fmt: skip


def _fields(number: int, source: str, **others: object) -> dict[str, Any]:
    return {
        "source_addr": source.removeprefix("+"),
        "source_addr_ton": 1,
        "destination_addr": receiver(number),
        "dest_addr_ton": 1,
        **others,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerComparison:
    """What both ends wrote down, compared; all from *lost* on must be 0."""

    acknowledged: int
    arrived: int
    refused: int
    fraud_parts: int
    """Parts of fraud that arrived, of messages that did not arrive whole."""
    lost: int
    """Acknowledged to the client, unknown to the message centre."""
    duplicated: int
    reordered: int
    fraud_let_through: int
    """Messages of fraud that arrived whole."""
    honest_refused: int
    unanswered: int
    """Without any answer; only those in flight when a relay was killed."""

    def faults(self, *, killed: bool = False) -> dict[str, int]:
        """Return what is wrong; after a kill, missing answers are not."""
        names = ["lost", "duplicated", "reordered", "fraud_let_through", "honest_refused"]
        if not killed:
            names.append("unanswered")
        return {name: count for name in names if (count := getattr(self, name))}


def compare(
    messages: Sequence[TrafficMessage],
    answers: Sequence[tuple[int, int]],
    arrivals: Sequence[tuple[str, int]],
) -> LedgerComparison:
    """Compare the client's *answers* (index of a PDU, status) with the centre's *arrivals*.

    Arrivals are receivers and part numbers in the order in which the centre took them.
    """
    pdus = [(message, part) for message in messages for part in range(1, len(message.pdus) + 1)]
    order = {(message.receiver, part): at for at, (message, part) in enumerate(pdus)}
    statuses = dict(answers)
    times = Counter(arrivals)
    places = [order[arrival] for arrival in arrivals if arrival in order]
    fraud = {message.receiver: len(message.pdus) for message in messages if message.fraud}
    fraud_parts = Counter(to for to, _ in times if to in fraud)
    whole = {to for to, parts in fraud_parts.items() if parts == fraud[to]}
    accepted = {at for at, status in statuses.items() if status == 0}
    return LedgerComparison(
        acknowledged=len(accepted),
        arrived=len(arrivals),
        refused=sum(status == REFUSED for status in statuses.values()),
        fraud_parts=sum(parts for to, parts in fraud_parts.items() if to not in whole),
        lost=sum(times[pdus[at][0].receiver, pdus[at][1]] == 0 for at in accepted),
        duplicated=sum(count > 1 for count in times.values()),
        reordered=sum(later < earlier for earlier, later in pairwise(places)),
        fraud_let_through=len(whole),
        honest_refused=sum(
            status != 0 and not pdus[at][0].fraud for at, status in statuses.items()
        ),
        unanswered=len(pdus) - len(statuses),
    )
