"""The table of roles, its page, and the reach of an identity."""

import pytest

from blocklists.entries import Source
from fanzha.errors import NotAllowed
from services.auth import roles as access
from services.auth import roles_page
from services.auth.identity import Identity, Role
from services.auth.roles import AccessLevel
from tests.support.checkout import CHECKOUT


def an_identity(*roles: Role, regions: str = "", sources: tuple[Source, ...] = ()) -> Identity:
    return Identity(
        name="wang",
        roles=frozenset(roles),
        regions=frozenset(regions.split()),
        sources=frozenset(sources),
    )


def test_the_page_of_roles_is_current() -> None:
    assert (CHECKOUT / "docs/reference/roles.md").read_text() == roles_page.page()


def test_no_role_may_call_a_method_without_a_rule() -> None:
    path = "/fanzha.v1.BlocklistService/DropEverything"

    assert access.access_of(path) is None
    assert "no role may call this method" in str(access.refusal(an_identity(*Role), path))


def test_auditors_may_not_call_writing_methods() -> None:
    auditors = access.methods_of(an_identity(Role.AUDITOR))

    changing = ("Update", "Import", "Confirm", "Dismiss", "Report", "Decide")
    # Theirs are dry runs: `check_live_decisions` refuses the others.
    paths = [path for path in auditors if not path.startswith("/fanzha.v1.InterceptionService/")]
    assert not [path for path in paths if path.rpartition("/")[2].startswith(changing)]
    assert Role.AUDITOR not in access.LIVE_DECISIONS


def test_only_health_checks_need_no_authentication() -> None:
    opened = {
        service for service, methods in access.TABLE.items() if AccessLevel.OPEN in methods.values()
    }

    assert opened == {"grpc.health.v1.Health"}


def test_a_refusal_names_required_and_present_roles() -> None:
    editor = an_identity(Role.EDITOR, Role.CARRIER)

    message = str(access.refusal(editor, "/fanzha.v1.BlocklistService/GetStatus"))

    assert message == (
        "BlocklistService/GetStatus takes the role editor, approver, auditor, appeals_officer or "
        "operator; wang has carrier and editor"
    )


def test_an_identity_without_sources_reaches_all() -> None:
    access.check_source(an_identity(), Source)


def test_other_sources_are_refused_by_name() -> None:
    held = an_identity(sources=(Source.BUREAU, Source.CARRIER))

    access.check_source(held, [Source.CARRIER])
    with pytest.raises(NotAllowed, match="has the scope bureau, carrier, not ministry"):
        access.check_source(held, [Source.MINISTRY, Source.BUREAU])


@pytest.mark.parametrize(
    ("regions", "region", "reached"),
    [
        ("", "330106", True),
        ("", "", True),
        ("33", "33", True),
        ("33", "330106", True),
        ("3301", "33", False),
        ("33 44", "4403", True),
        ("33", "4403", False),
        ("33", "", False),
    ],
)
def test_a_region_holds_the_regions_in_it(regions: str, region: str, reached: bool) -> None:
    assert access.may_access_region(an_identity(regions=regions), region) is reached


def test_another_region_is_refused_by_name() -> None:
    with pytest.raises(NotAllowed, match="region: wang has the scope 33, not 4403"):
        access.check_region(an_identity(regions="33"), "4403")


def test_a_refusal_is_said_in_chinese() -> None:
    editor = an_identity(Role.EDITOR, Role.CARRIER)

    error = access.refusal(editor, "/fanzha.v1.AuditService/VerifyLog")

    assert error.translated("zh") == (
        "AuditService/VerifyLog 需要角色 auditor；wang 的角色为 carrier 和 editor"
    )
