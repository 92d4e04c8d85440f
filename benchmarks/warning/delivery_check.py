"""Compares the log of a message centre with the warnings of the cases.

The centre knows no ids of ours: a warning is known by the person and the text, which names the
campaign and differs by tier. So what each warning says is made again from its case. A warning
begins with its first part; a first part that the centre took twice was sent twice.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.warning.loss_check import Tally
from services.warning.cases import ids
from services.warning.cases.events import MessageRef
from services.warning.cases.model import Case
from services.warning.messages.catalog import MessageCatalog
from services.warning.model import Tier
from services.warning.policy.router import TemplateComposer


@dataclass(slots=True, kw_only=True)
class Got:
    """One message as the centre took it, part by part."""

    of: int
    pieces: list[str]

    @property
    def whole(self) -> bool:
        """Whether the phone could show it."""
        return len(self.pieces) == self.of


def sent(found: Tally, recorded: Path) -> dict[str, int]:
    """Compare both sides."""
    expected = _expected(found)
    begun, whole, unknown = Counter[str](), set[str](), 0
    for to, got in _messages(recorded):
        text = "".join(got.pieces)
        ours = next(
            (one for one, message in expected.get(to, []) if message.startswith(text)), None
        )
        if ours is None:
            unknown += 1
            continue
        begun[ours] += 1
        if got.whole:
            whole.add(ours)
    failed = found.doubted | found.superseded | found.failed.keys()
    on_record = set(found.queued) - failed
    return {
        "warnings_on_record_as_sent": len(on_record),
        "warnings_at_the_centre": len(whole),
        "warnings_sent_twice": sum(number > 1 for number in begun.values()),
        "on_record_as_sent_but_not_at_the_centre": len(on_record - whole),
        "at_the_centre_but_not_on_record": len(whole - on_record - found.doubted),
        # The centre had the first part when it could not be given the second: told as a failure.
        "failed_after_a_part": len(found.failed.keys() & begun.keys()),
        "failed_without_a_part": len(found.failed.keys() - begun.keys()),
        "in_doubt_and_at_the_centre": len(found.doubted & whole),
        "in_doubt_and_there_in_part": len((found.doubted & set(begun)) - whole),
        "in_doubt_and_not_there": len(found.doubted - set(begun)),
        "texts_nobody_made": unknown,
    }


def _expected(found: Tally) -> dict[str, list[tuple[str, str]]]:
    """Return by number the id and the text of each warning by SMS that was queued."""
    composer = TemplateComposer(MessageCatalog.load(None))
    texts: dict[tuple[str, Tier], str] = {}
    expected: dict[str, list[tuple[str, str]]] = {}
    for message_id in found.queued:
        case = found.cases[ids.case_of_message(message_id)]
        tier = _tier(case, message_id)
        if (case.campaign, tier) not in texts:
            reference = MessageRef(id=message_id, channel="sms")
            texts[case.campaign, tier] = composer.write(replace(case, tier=tier), reference).text
        message = (message_id, texts[case.campaign, tier])
        expected.setdefault(case.victim.removeprefix("+"), []).append(message)
    return expected


def _tier(case: Case, message_id: str) -> Tier:
    return next(one for one in Tier if ids.message_id(case.id, one, 0) == message_id)


def _messages(recorded: Path) -> Iterator[tuple[str, Got]]:
    """Put parts together: those of one number and reference, from each first part on."""
    open_: dict[tuple[str, int], Got] = {}
    for line in recorded.read_text().splitlines():
        part = json.loads(line)
        key = (part["to"], part["reference"])
        if part["at"] == 1:
            if key in open_:
                yield part["to"], open_.pop(key)
            open_[key] = Got(of=part["total"], pieces=[])
        if key in open_ and len(open_[key].pieces) == part["at"] - 1:
            open_[key].pieces.append(part["text"])
        else:
            # A part without those before it: no text of ours begins like that.
            yield part["to"], Got(of=part["total"], pieces=["\0", part["text"]])
        if open_.get(key) is not None and open_[key].whole:
            yield part["to"], open_.pop(key)
    for (to, _), got in open_.items():
        yield to, got
