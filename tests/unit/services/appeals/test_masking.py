"""Only appeals officers see who appeals, and nobody does in a list."""

import pytest

from blocklists.entries import Direction, EntryKind
from services.appeals import masking
from services.appeals.model import Appeal, AppealEvent, AppealEventKind, AppealSubject, Document
from services.auth.identity import Identity, Role, acting_as

LISTED = "+8617000000123"


def an_appeal() -> Appeal:
    return Appeal(
        appeal_id=7,
        received_at_ms=0,
        deadline_ms=1,
        appellant="张三丰",
        contact="+8617000000999",
        grounds="我是张三丰",
        documents=[Document(name="张三丰.pdf", sha256="0" * 64)],
        subject=AppealSubject(kind=EntryKind.NUMBER, pattern=LISTED, direction=Direction.FROM),
        decision={"from_party": LISTED, "to_party": "+8617000000998", "pattern": LISTED},
        opened_by="carrier-desk",
        events=[
            AppealEvent(at_ms=0, by="li", what=AppealEventKind.TAKEN, note="as agreed"),
            AppealEvent(at_ms=0, by="li", what=AppealEventKind.WITHDRAWN, note="张三丰 called"),
        ],
    )


def test_a_masked_appeal_contains_no_personal_data() -> None:
    masked = masking.appeal(an_appeal())

    for personal in ("三丰", "17000000", "called"):
        assert personal not in repr(masked)
    assert (masked.appellant, masked.subject.pattern[-4:]) == ("张**", "0123")
    assert masked.documents[0].name == "….pdf"
    assert masked.events[0].note == "as agreed"


@pytest.mark.parametrize(
    ("whole", "left"),
    [("zhang@company.example", "z***@company.example"), ("+8617000000999", "**********0999")],
)
def test_masked_contacts_stay_recognisable(whole: str, left: str) -> None:
    assert masking.contact(whole) == left


@pytest.mark.parametrize("role", Role)
def test_only_appeals_officers_see_personal_data(role: Role) -> None:
    with acting_as(Identity(name="wang", roles=frozenset({role}))):
        assert masking.sees_personal_data() is (role is Role.APPEALS_OFFICER)
