"""Administrative controls of warnings: kill switch and opt-outs, audited."""

from collections.abc import Callable

from fanzha.errors import InvalidInput
from fanzha.phone import HomePlan, masked, number_text
from fanzha.translation.message import Message
from infra.redis.client import Client
from services.audit.events import Audit, AuditKind
from services.auth import identity, region_scope
from services.settings.settings import Settings
from services.warning.dispatch.kill_switch import KillSwitch
from services.warning.dispatch.limit_store import LimitStore, never_stopped
from services.warning.dispatch.limits import NoticeKind
from services.warning.policy import rulebook


class WarningControl:
    """Kill switch and opt-outs. Raises `Unavailable` while Redis is away."""

    def __init__(
        self, *, switch: KillSwitch, limits: LimitStore, home: HomePlan, audit: Audit
    ) -> None:
        self.switch = switch
        self._limits = limits
        self._home = home
        self._audit = audit

    @property
    def test_mode(self) -> bool:
        """Whether all messages go to the test sink."""
        return self._limits.rules.test_mode

    async def set_opt_out(
        self, number: str, notice: NoticeKind, *, opted_out: bool, by: str
    ) -> frozenset[NoticeKind]:
        """Set or revoke an opt-out, and return all opt-outs of the person."""
        person = self._person(number)
        if notice is not NoticeKind.ADVICE:
            # A person may live anywhere: a county keeps no warning of a danger from them.
            region_scope.check_all_regions(Message("an opt-out of warnings"))
        change = self._limits.opt_out if opted_out else self._limits.opt_in
        await change(person, notice)
        await self._audit.record(
            AuditKind.OPT_OUT_CHANGED,
            subject=f"person:{masked(person)}",
            details={"kind": notice, "opted_out": "yes" if opted_out else "no"},
            actor=identity.author(by),
        )
        return await self._limits.opted_out(person)

    async def opted_out(self, number: str) -> frozenset[NoticeKind]:
        """Return the kinds a person opted out of."""
        return await self._limits.opted_out(self._person(number))

    def _person(self, number: str) -> str:
        key = self._home.number_key(number)
        if key <= 0:
            raise InvalidInput("number: not a phone number")
        return number_text(key)


def build(
    settings: Settings, client: Client, *, now_ms: Callable[[], int], audit: Audit
) -> WarningControl:
    """Build the controls for list administration."""
    return WarningControl(
        switch=KillSwitch(client, now_ms=now_ms, audit=audit),
        limits=LimitStore(
            client, rules=rulebook.rules(settings), stopped=never_stopped, now_ms=now_ms
        ),
        home=HomePlan(settings.home_country),
        audit=audit,
    )
