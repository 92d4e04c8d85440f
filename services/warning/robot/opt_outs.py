"""Opting out, as somebody asks the robot for it: of advice, and only as far as people may."""

from typing import Protocol

from fanzha.errors import InvalidInput, NotFound
from services.warning.dispatch.limits import NoticeKind


class OptOuts(Protocol):
    """Where opt-outs are kept."""

    async def opt_out(self, victim: str, notice: NoticeKind) -> None:
        """Opt a person out; `InvalidInput` where nobody may."""
        ...


async def opt_out_of_advice(opt_outs: OptOuts, victim: str) -> bool:
    """Opt a person out of advice; return whether people may.

    Where they may not, their wish is a note of the case like everything else that they said.
    """
    try:
        await opt_outs.opt_out(victim, NoticeKind.ADVICE)
    except (InvalidInput, NotFound):
        return False
    return True
