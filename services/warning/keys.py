"""Which key of the store holds what of the warning pipeline.

All of a case lies in one slot, so that one script changes all of it; cases are spread over
`SHARDS` slots by their person and campaign.

================================================  ==================================================
key                                               what
================================================  ==================================================
``fanzha:{warning:<shard>}:case:<id>``            hash: view, revision, last move
``fanzha:{warning:<shard>}:events:<id>``          list: the events of a case, oldest first
``fanzha:{warning:<shard>}:round:<base>``         how many cases this person and campaign had
``fanzha:{warning:<shard>}:seen:<base>``          set: source and reference of all that joined
``fanzha:{warning:<shard>}:todo``                 stream: what follows from events, see `relay`
``fanzha:{warning:<shard>}:source:<name>``        hash: what became of a source's warnings
``fanzha:{warning:<shard>}:all[:<region>]``       sorted set: cases by when they were opened
``fanzha:{warning:<shard>}:open[:<region>]``      sorted set: open cases by what is due
``fanzha:{warning:<shard>}:tally``                hash: how many cases are open, and closed how
``fanzha:{warning:<shard>}:entries``              hash: outcomes of cases by list entry
``fanzha:{warning:<shard>}:judged``               sorted set: cases that teach by when they closed
``fanzha:{warning:<shard>}:learned:<id>``         hash: what was proposed because of a case
``fanzha:{warning:ref:<xx>}:<digest>``            what a source used a reference for
``fanzha:warning:feedback:<source>``              stream: outcomes, for who sent the warning
``fanzha:warning:learn``                          stream: closed cases, for list administration
``fanzha:warning:entry:<id>``                     hash: what is known of a list entry with outcomes
``fanzha:warning:dead``                           stream: what failed too often, and why
================================================  ==================================================
"""

from hashlib import blake2b

SHARDS = "0123456789abcdef"
"""The first letter of a case's id is its shard."""
DEAD_LETTERS = "fanzha:warning:dead"
OUTCOMES = "fanzha:warning:learn"
NOTHING_DUE = 2**52
"""Stands for no date among those by which something is due: sorted last."""


FIRST_DATE = 10
"""Dates begin here. What comes before stands for cases that wait for a person, the highest tier
first."""


def shard_of(case_id: str) -> str:
    """Return the shard of a case, or of the base of its id."""
    return case_id[0]


def key(shard: str, *parts: str) -> str:
    """Return a key of a shard."""
    return f"fanzha:{{warning:{shard}}}:{':'.join(parts)}"


def reference_key(source_name: str, reference: str) -> str:
    """Return where it stands what a source used a reference for."""
    digest = blake2b(f"{source_name}\0{reference}".encode(), digest_size=12).hexdigest()
    return f"fanzha:{{warning:ref:{digest[:2]}}}:{digest}"


def feedback(source_name: str) -> str:
    """Return the stream of outcomes for a source."""
    return f"fanzha:warning:feedback:{source_name}"


def region_key(code: str) -> str:
    """Return a region as indexes have it: ``330100`` and ``3301`` are the same city."""
    while len(code) > len("33") and code.isdigit() and code.endswith("00"):
        code = code[:-2]
    return code
