from services.audit.events import AuditKind
from services.console.audit.kinds import KINDS, page_of


def test_every_kind_of_record_has_its_words() -> None:
    assert set(KINDS) == {kind.value for kind in AuditKind}


def test_subjects_lead_to_the_pages_about_them() -> None:
    assert page_of("change:12")[0] == "/changes/12"
    assert page_of("appeal:3")[0] == "/appeals/3"
    assert page_of("case:0a7d520a7d520a7d520a-2")[0] == "/cases/0a7d520a7d520a7d520a-2"


def test_other_subjects_lead_nowhere() -> None:
    subjects = ("lists:7", "nabc", "change:../../x", "case:javascript", "appeal:1 ", "")

    assert {page_of(one) for one in subjects} == {("", "")}
