"""Ids of cases and of their messages, and what connects warnings into one case."""

from hashlib import blake2b

from fanzha import url
from services.warning.model import MeansKind, Tier, WarningRecord


def campaign_of(warned: WarningRecord) -> str:
    """Say what connects warnings about one person into one case.

    The campaign its source names; otherwise the list pattern that matched, otherwise the means:
    a number is the same whether it calls or texts, links are the same when they have one host.
    """
    if warned.campaign:
        return f"campaign:{warned.campaign}"
    value = warned.pattern or warned.means.value
    match warned.means.kind:
        case MeansKind.CALLER | MeansKind.SENDER:
            return f"number:{value.casefold()}"
        case MeansKind.LINK:
            host = url.split(url.canonical(value))[0] if url.canonical(value) else value
            return f"link:{host}"
        case MeansKind.TEXT | MeansKind.ACCOUNT as kind:
            return f"{kind.value}:{value}"


def base_of(victim: str, campaign: str) -> str:
    """Return what the ids of all cases of one person and campaign begin with."""
    return blake2b(f"{victim}\0{campaign}".encode(), digest_size=10).hexdigest()


def case_id(base: str, round_: int) -> str:
    """Return the id of the case: a campaign that comes back later is another case."""
    return base if round_ == 1 else f"{base}-{round_}"


def message_id(case: str, tier: Tier, step: int) -> str:
    """Return the id of a warning: the same case, tier and step are the same warning.

    It begins with the id of the case, so that a receipt finds its way back.
    """
    digest = blake2b(f"{case}\0{tier.value}\0{step}".encode(), digest_size=6).hexdigest()
    return f"{case}.{digest}"


def case_of_message(message: str) -> str:
    """Return the id of the case that a message is about."""
    return message.partition(".")[0]
