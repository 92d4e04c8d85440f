"""Whoever asks whatever about lists, changes and appeals learns of their own regions only.

Every record carries marks of its region: one in its pattern, others in all texts that people wrote.
People with random roles and regions call every method, about random records, and no answer, error
texts included, may hold a mark that is not theirs; what a request itself names may come back. What
they may not change stays as it was.
"""

import random
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from blocklists import region_codes
from fanzha.v1 import appeal_pb2, blocklist_pb2, change_pb2, change_state_pb2, decision_pb2
from services.auth import region_scope, roles
from services.auth.identity import Identity
from tests.support.regional_office import (
    Person,
    Refused,
    RegionalOffice,
    an_entry,
    regional_office,
    written,
)

ALL = "all"
REGIONS = ("", "33", "3301", "330106", "330110", "3302", "330203")
ROLES = ("editor", "approver", "auditor", "appeals_officer", "operator")
LI = Person(name="li", roles=ROLES)
CLERK = Person(name="clerk", roles=("carrier",))
SERVICES = ("BlocklistService", "ChangeService", "AppealService")
_PATTERN, _CONTENT, _APPEAL = (
    re.compile(one) for one in (r"p-(\w+)-p", r"c:(\w+):c", r"a:(\w+):a")
)
GO_TO = (
    change_state_pb2.CHANGE_STATE_DRAFT,
    change_state_pb2.CHANGE_STATE_PENDING,
    change_state_pb2.CHANGE_STATE_APPLIED,
)
PEOPLE = 8
_PENDING = 2


@dataclass
class Case:
    """One run: its random numbers, and the records that there are."""

    dice: random.Random
    patterns: list[str] = field(default_factory=list)
    versions: int = 1
    changes: int = 1
    appeals: int = 1
    fresh: int = 1000

    def pattern(self) -> str:
        return self.dice.choice(self.patterns)

    def entry(self, **fields: Any) -> blocklist_pb2.Entry:
        """Make an entry that is there already, or a new one of any region.

        What is there stays of its region: who may change both may move it, with all its marks.
        """
        self.fresh += 1
        if self.dice.random() < 0.5:
            pattern = self.pattern()
            return an_entry(pattern, region=marked(pattern), **fields)
        region = self.dice.choice((*REGIONS, "", ""))
        return an_entry(f"new-{self.fresh}.example", region=region, **fields)

    def reference(self) -> blocklist_pb2.EntryRef:
        return blocklist_pb2.EntryRef(pattern=self.pattern(), action=decision_pb2.ACTION_BLOCK)

    def change(self) -> int:
        return self.dice.randint(1, self.changes + 1)

    def appeal(self) -> int:
        return self.dice.randint(1, self.appeals + 1)

    def contents(self) -> change_pb2.ChangeContents:
        """Make contents of one kind; several would hide what becomes of each."""
        kind = self.dice.randrange(3)
        return change_pb2.ChangeContents(
            additions=[self.entry()] if kind == 0 else [],
            removals=[self.reference()] if kind == 1 else [],
            edits=[change_pb2.EntryEdit(pattern=self.pattern(), legal_basis="x")]
            if kind == 2
            else [],
            reason="because",
        )


def marked(pattern: str) -> str:
    """Return the region that a pattern is marked with; of the whole province, none."""
    (mark,) = _PATTERN.findall(pattern)
    return "" if mark == ALL else str(mark)


def an_import(case: Case) -> list[Any]:
    defaults = blocklist_pb2.Entry(
        action=decision_pb2.ACTION_BLOCK,
        source=decision_pb2.SOURCE_BUREAU,
        fraud_type=decision_pb2.FRAUD_TYPE_FAKE_LOAN,
    )
    header = blocklist_pb2.ImportHeader(
        defaults=defaults, reason="because", most_examples=10, most_problems=10, replace=True
    )
    patterns = (case.pattern(), case.pattern())
    rows = [
        blocklist_pb2.ImportRow(line=line, pattern=pattern, region=marked(pattern))
        for line, pattern in enumerate(patterns, 1)
    ]
    parts = (
        blocklist_pb2.ImportEntriesRequest(header=header),
        blocklist_pb2.ImportEntriesRequest(rows=blocklist_pb2.ImportRows(rows=rows)),
    )
    return list(parts)


_WIDE = blocklist_pb2.EntryCriteria(pattern="p-")
BUILDERS: Mapping[str, Callable[[Case], Any]] = {
    "BlocklistService/UpdateEntries": lambda case: blocklist_pb2.UpdateEntriesRequest(
        additions=[case.entry()] if case.dice.random() < 0.5 else [],
        removals=[case.reference()], reason="because", replace=True,
    ),
    "BlocklistService/ImportEntries": an_import,
    "BlocklistService/FindEntries": lambda case: blocklist_pb2.FindEntriesRequest(
        query=f"www.{case.pattern()}"
    ),
    "BlocklistService/ListEntries": lambda case: blocklist_pb2.ListEntriesRequest(
        page_size=1000, criteria=_WIDE if case.dice.random() < 0.5 else None,
        order=case.dice.choice(blocklist_pb2.EntryOrder.values()),
    ),
    "BlocklistService/ExportEntries": lambda _case: blocklist_pb2.ExportEntriesRequest(),
    "BlocklistService/GetStatus": lambda _case: blocklist_pb2.GetStatusRequest(),
    "BlocklistService/ListDue": lambda _case: blocklist_pb2.ListDueRequest(within_s=10**8),
    "BlocklistService/ListDead": lambda _case: blocklist_pb2.ListDeadRequest(days=1),
    "BlocklistService/ListCritical": lambda case: blocklist_pb2.ListCriticalRequest(
        pattern=case.pattern()
    ),
    "BlocklistService/CountEntries": lambda _case: blocklist_pb2.CountEntriesRequest(),
    "BlocklistService/ChangeMatching": lambda case: blocklist_pb2.ChangeMatchingRequest(
        criteria=_WIDE, edit=blocklist_pb2.MatchingEdit(campaign="x"), reason="because",
        dry_run=case.dice.random() < 0.5, expected_rows=case.dice.randrange(3),
    ),
    "BlocklistService/GetEntryHistory": lambda case: blocklist_pb2.GetEntryHistoryRequest(
        entry=case.reference()
    ),
    "BlocklistService/ResolveShadows": lambda case: blocklist_pb2.ResolveShadowsRequest(
        entries=[case.reference()], reason="because", drop=True
    ),
    "BlocklistService/ProposeRetirement": lambda case: blocklist_pb2.ProposeRetirementRequest(
        entries=[case.reference()], reason="because", days=1
    ),
    "BlocklistService/SettleFindings": lambda case: blocklist_pb2.SettleFindingsRequest(
        version=case.versions, reason="because"
    ),
    "ChangeService/CreateChange": lambda case: change_pb2.CreateChangeRequest(
        contents=case.contents(), go_to=case.dice.choice(GO_TO), replace=True
    ),
    "ChangeService/EditChange": lambda case: change_pb2.EditChangeRequest(
        id=case.change(), contents=case.contents()
    ),
    "ChangeService/SubmitChange": lambda case: change_pb2.SubmitChangeRequest(id=case.change()),
    "ChangeService/ApproveChange": lambda case: change_pb2.ApproveChangeRequest(id=case.change()),
    "ChangeService/RejectChange": lambda case: change_pb2.RejectChangeRequest(
        id=case.change(), reason="because"
    ),
    "ChangeService/ReturnChange": lambda case: change_pb2.ReturnChangeRequest(
        id=case.change(), reason="because"
    ),
    "ChangeService/CommentChange": lambda case: change_pb2.CommentChangeRequest(
        id=case.change(), text="because"
    ),
    "ChangeService/ListStaleRows": lambda case: change_pb2.ListStaleRowsRequest(id=case.change()),
    "ChangeService/ResolveStaleRows": lambda case: change_pb2.ResolveStaleRowsRequest(
        id=case.change()
    ),
    "ChangeService/ApplyChange": lambda case: change_pb2.ApplyChangeRequest(id=case.change()),
    "ChangeService/ConfirmEmergency": lambda case: change_pb2.ConfirmEmergencyRequest(
        id=case.change()
    ),
    "ChangeService/RevertChange": lambda case: change_pb2.RevertChangeRequest(
        id=case.change(), reason="because", dry_run=case.dice.random() < 0.7
    ),
    "ChangeService/RestoreVersion": lambda case: change_pb2.RestoreVersionRequest(
        version=case.dice.randrange(case.versions), reason="because", dry_run=True
    ),
    "ChangeService/GetChange": lambda case: change_pb2.GetChangeRequest(id=case.change()),
    "ChangeService/ListChanges": lambda case: change_pb2.ListChangesRequest(
        page_size=200, state=case.dice.choice(change_state_pb2.ChangeState.values()[:5])
    ),
    "ChangeService/ListChangeRows": lambda case: change_pb2.ListChangeRowsRequest(id=case.change()),
    "ChangeService/PreviewChange": lambda case: change_pb2.PreviewChangeRequest(id=case.change()),
    "ChangeService/DiffVersions": lambda case: change_pb2.DiffVersionsRequest(
        from_version=case.dice.randrange(case.versions)
    ),
    "AppealService/OpenAppeal": lambda case: appeal_pb2.OpenAppealRequest(
        pattern=case.pattern(), appellant=f"somebody {case.fresh}", contact="x", grounds="x"
    ),
    "AppealService/AddDocuments": lambda case: appeal_pb2.AddDocumentsRequest(
        appeal_id=case.appeal(), documents=[appeal_pb2.AppealDocument(name="x", sha256="0" * 64)]
    ),
    "AppealService/ListAppeals": lambda case: appeal_pb2.ListAppealsRequest(
        page_size=1000, state=case.dice.choice(appeal_pb2.AppealState.values()),
        pattern=case.pattern() if case.dice.random() < 0.3 else "",
    ),
    "AppealService/GetAppeal": lambda case: appeal_pb2.GetAppealRequest(appeal_id=case.appeal()),
    "AppealService/GetDocument": lambda case: appeal_pb2.GetDocumentRequest(
        appeal_id=case.appeal(), sha256="0" * 64
    ),
    "AppealService/TakeAppeal": lambda case: appeal_pb2.TakeAppealRequest(appeal_id=case.appeal()),
    "AppealService/DecideAppeal": lambda case: appeal_pb2.DecideAppealRequest(
        appeal_id=case.appeal(), outcome=appeal_pb2.APPEAL_STATE_UPHELD, reason="because",
        lift_pattern=case.pattern() if case.dice.random() < 0.3 else "",
    ),
    "AppealService/WithdrawAppeal": lambda case: appeal_pb2.WithdrawAppealRequest(
        appeal_id=case.appeal(), reason="because"
    ),
    "AppealService/WriteNotice": lambda case: appeal_pb2.WriteNoticeRequest(
        appeal_id=case.appeal()
    ),
    "AppealService/WriteRestrictionNotice": lambda case: appeal_pb2.WriteRestrictionNoticeRequest(
        pattern=case.pattern()
    ),
    "AppealService/GetAppealReport": lambda _case: appeal_pb2.GetAppealReportRequest(),
}  # fmt: skip
"""A request of each method, about something random."""


@pytest.fixture
async def office(redis_url: str, tmp_path: Path) -> AsyncIterator[RegionalOffice]:
    async with regional_office(redis_url, tmp_path) as found:
        yield found


def test_every_method_of_these_services_is_asked() -> None:
    methods = {f"{one}/{name}" for one in SERVICES for name in roles.TABLE[f"fanzha.v1.{one}"]}

    assert set(BUILDERS) == methods


async def filled(office: RegionalOffice, dice: random.Random) -> Case:
    """Make entries, requests and appeals of all regions, and a request about two of them."""
    case = Case(dice)
    for place, region in enumerate((*REGIONS, *dice.choices(REGIONS, k=3))):
        mark = region or ALL
        texts = dict.fromkeys(("reason", "legal_basis", "campaign"), f"c:{mark}:c")
        pattern = f"p-{mark}-p{place}.example"
        done = await office.add(LI, pattern, region=region, **texts)
        assert not isinstance(done, Refused), done
        case.patterns.append(pattern)
        allowed = an_entry(f"www.{pattern}", region=region, **texts | {"action": 1})
        contents = change_pb2.ChangeContents(additions=[allowed], reason=texts["reason"])
        request = change_pb2.CreateChangeRequest(contents=contents, go_to=_PENDING)  # type: ignore[arg-type]
        waiting = await office.ask("ChangeService/CreateChange", request, LI)
        assert waiting.change.state == _PENDING, waiting
        case.changes = waiting.change.id
        appeal = appeal_pb2.OpenAppealRequest(
            pattern=pattern, appellant=f"a:{mark}:a", contact="x", grounds=f"a:{mark}:a"
        )
        opened = await office.ask("AppealService/OpenAppeal", appeal, CLERK)
        case.appeals = opened.appeal.appeal_id
    case.versions = len(case.patterns)
    return case


def somebody(dice: random.Random, number: int) -> Person:
    held = tuple(dice.sample(ROLES, dice.randint(2, 4)))
    regions = tuple(dice.sample(REGIONS[1:], dice.randint(1, 2)))
    return Person(name=f"somebody-{number}", roles=held, regions=regions)


def leaked(method: str, request: Any, answer: Any, who: Person) -> set[str]:
    """Return the marks in an answer that are not for *who*."""
    scope = Identity(name=who.name, roles=frozenset(), regions=frozenset(who.regions))
    said, asked = written(answer), written(request)
    if method == "AppealService/OpenAppeal" and not isinstance(answer, Refused):
        # The receipt tells who appeals what the law wants them to know.
        said = said.replace(written(appeal_pb2.OpenAppealResponse(receipt=answer.receipt)), "")
    patterns = set(_PATTERN.findall(said)) - set(_PATTERN.findall(asked))
    read = patterns | set(_CONTENT.findall(said))
    found = {one for one in read if not region_scope.may_read(scope, "" if one == ALL else one)}
    reviewed = set(_APPEAL.findall(said))
    return found | {
        one
        for one in reviewed
        if not region_scope.may_change_all(scope, [] if one == ALL else [one])
    }


async def beyond(office: RegionalOffice, who: Person) -> dict[str, str]:
    """Return the entries that *who* may not change, as they are."""
    scope = Identity(name=who.name, roles=frozenset(), regions=frozenset(who.regions))
    request = blocklist_pb2.ListEntriesRequest(page_size=1000)
    listed = await office.ask("BlocklistService/ListEntries", request, LI)
    return {
        f"{one.pattern} {one.action}": written(one)
        for one in listed.entries
        if not region_scope.may_change_all(scope, [region_codes.region_key(one.region)])
    }


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_answer_to_anybody_tells_of_other_regions_and_no_request_changes_them(
    office: RegionalOffice, seed: int
) -> None:
    dice = random.Random(seed)
    case, answered = await filled(office, dice), set[str]()

    for number in range(PEOPLE):
        who = somebody(dice, number)
        before = await beyond(office, who)
        for method, build in dice.sample(sorted(BUILDERS.items()), len(BUILDERS)):
            request = build(case)
            answer = await office.ask(method, request, who)
            assert not leaked(method, request, answer, who), (method, who, request, answer)
            assert not isinstance(answer, Refused) or answer.code.name != "UNKNOWN", answer
            answered |= set() if isinstance(answer, Refused) else {method}
        after = await beyond(office, who)
        assert {name: one for name, one in before.items() if after.get(name) != one} == {}, who

    reads = {
        one for one in BUILDERS if re.search(r"/(Get|List|Find|Export|Count|Preview|Diff)", one)
    }
    assert not {one for one in reads - answered if not one.endswith("GetDocument")}
