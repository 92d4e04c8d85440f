"""Ids of cases and messages, and the key that joins warnings into one case."""

from hashlib import blake2b

from fanzha import url
from services.warning.model import MeansKind, Tier, WarningRecord

NOT_KNOWN_CAMPAIGN = "not_known"
"""Campaign of all warnings that name neither one nor any means."""


def campaign_of(warning: WarningRecord) -> str:
    """Return the campaign of a warning: warnings with one person and campaign join one case.

    The campaign named by its source; else the list pattern that matched; else the means. A number
    counts as one campaign whether it calls or texts, and so do all links of one host.
    """
    if warning.campaign:
        return f"campaign:{warning.campaign}"
    value = warning.pattern or warning.means.value
    if not value:
        return NOT_KNOWN_CAMPAIGN
    match warning.means.kind:
        case MeansKind.CALLER | MeansKind.SENDER:
            return f"number:{value.casefold()}"
        case MeansKind.LINK:
            host = url.split(url.canonical(value))[0] if url.canonical(value) else value
            return f"link:{host}"
        case MeansKind.TEXT | MeansKind.ACCOUNT as kind:
            return f"{kind.value}:{value}"


def base_of(victim: str, campaign: str) -> str:
    """Return the common prefix of the ids of all cases of one person and campaign."""
    return blake2b(f"{victim}\0{campaign}".encode(), digest_size=10).hexdigest()


def case_id(base: str, round_: int) -> str:
    """Return the id of the case of a round, from 1; each return of a campaign is a new round."""
    return base if round_ == 1 else f"{base}-{round_}"


def message_id(case: str, tier: Tier, step: int) -> str:
    """Return the id of a message: a digest of case, tier and step, so equal steps get equal ids.

    It begins with the case id, so that a receipt leads back to its case.
    """
    digest = blake2b(f"{case}\0{tier.value}\0{step}".encode(), digest_size=6).hexdigest()
    return f"{case}.{digest}"


def correction_id(case: str, channel: str) -> str:
    """Return the id of the message that corrects the warnings of a case by a channel."""
    digest = blake2b(f"{case}\0correction\0{channel}".encode(), digest_size=6).hexdigest()
    return f"{case}.{digest}"


ROBOT_STEP = 1_000
"""Steps from here on are turns of the robot's dialogue, not of the plan."""


def robot_id(case: str, turn: int) -> str:
    """Return the id of what the robot says in a turn of the dialogue about a case."""
    digest = blake2b(f"{case}\0robot\0{turn}".encode(), digest_size=6).hexdigest()
    return f"{case}.{digest}"


_EDUCATION = "education-"


def education_id(campaign: int, person: str) -> str:
    """Return the id of the message of an educational campaign to a person, named by a digest."""
    return f"{_EDUCATION}{campaign}.{person}"


def education_of(message: str) -> tuple[int, str] | None:
    """Return campaign and person of an educational message; None for the message of a case."""
    campaign, _, person = message.removeprefix(_EDUCATION).partition(".")
    if not message.startswith(_EDUCATION) or not campaign.isdecimal():
        return None
    return int(campaign), person


def case_of_message(message: str) -> str:
    """Return the case id in a message id."""
    return message.partition(".")[0]
