"""Redis keys of the warning pipeline.

Everything about one case lies in one slot, so that one script can change all of it. Cases are
spread over `SHARDS` slots by a hash of person and campaign (`ids.base_of`).

================================================  ==================================================
key                                               value
================================================  ==================================================
``fanzha:{warning:<shard>}:case:<id>``            hash: folded view, revision, id of the last commit
``fanzha:{warning:<shard>}:events:<id>``          list: events of a case, oldest first
``fanzha:{warning:<shard>}:round:<base>``         number of cases of a person and campaign
``fanzha:{warning:<shard>}:seen:<base>``          set: dedup markers of the warnings that joined
``fanzha:{warning:<shard>}:outbox``               stream: tasks for `OutboxRelay`
``fanzha:{warning:<shard>}:source:<name>``        hash: counts of a source's warnings by result
``fanzha:{warning:<shard>}:all[:<region>]``       sorted set: cases by opening time
``fanzha:{warning:<shard>}:open[:<region>]``      sorted set: open cases by due date
``fanzha:{warning:<shard>}:open:tier<n>[:<r>]``   sorted set: the same of one tier, 0: of none
``fanzha:{warning:<shard>}:open:officer:<d>``      sorted set: the same of one officer, by digest
``fanzha:{warning:<shard>}:state:<s>:<t>[:<r>]``  sorted set: cases of a state and tier, open ones
                                                  by due date, closed ones by opening time
``fanzha:{warning:<shard>}:of_entry:<id>``        sorted set: open cases of a list entry by opening
                                                  time
``fanzha:{warning:<shard>}:judged``               sorted set: cases with an informative outcome, by
                                                  closing time
``fanzha:{warning:<shard>}:stop_payment``         sorted set: cases without a receipt of the
                                                  stop-payment desk, by when it fell due
``fanzha:{warning:<shard>}:tally``                hash: open cases by state and tier, closed ones by
                                                  outcome
``fanzha:{warning:<shard>}:map``                  hash: changes of the counts of each month
``fanzha:{warning:<shard>}:map:<month>``          hash: cases by region, kind and day, see
                                                  `cases.region_counts`
``fanzha:{warning:<shard>}:entries``              hash: outcomes of cases by list entry
``fanzha:{warning:<shard>}:applied:<id>``         hash: actions taken because of the outcome of a
                                                  case, see `AppliedLog`
``fanzha:{warning:ref:<xx>}:<digest>``            digest of the warning that used a reference
``fanzha:warning:feedback:<source>``              stream: progress of cases, read by the source
``fanzha:warning:outcomes``                       stream: closed cases with an informative outcome
``fanzha:warning:stop_payments``                  stream: cases to hand to the stop-payment desk
``fanzha:warning:entry:<id>``                     hash: what is on record about a list entry
``fanzha:warning:dead_letters``                   stream: entries given up, with the reason
``fanzha:warning:case_indexes``                   version of the indexes that all cases are in
================================================  ==================================================

Other modules document their own keys: `send_ledger`, `limit_store`, `outbox_relay`, `receipts`,
`city_queues`, `kill_switch`, `backfill` and `retractions.notices`.
"""

from hashlib import blake2b

from blocklists.region_codes import region_key as region_key  # noqa: PLC0414 - others import it here

SHARDS = "0123456789abcdef"
"""The shard of a case is the first digit of its id."""
DEAD_LETTERS = "fanzha:warning:dead_letters"
OUTCOMES = "fanzha:warning:outcomes"
STOP_PAYMENTS = "fanzha:warning:stop_payments"
NOTHING_DUE = 2**52
"""Score of open cases without a due date: after all dates."""
FIRST_DATE = 10
"""Scores below stand for open cases that need a person, the highest tier first."""


def shard_of(case_id: str) -> str:
    """Return the shard of a case, by its id or the base of its id."""
    return case_id[0]


def key(shard: str, *parts: str) -> str:
    """Return a key in the slot of a shard."""
    return f"fanzha:{{warning:{shard}}}:{':'.join(parts)}"


def reference_key(source_name: str, reference: str) -> str:
    """Return the key that holds which warning used a reference of a source."""
    digest = blake2b(f"{source_name}\0{reference}".encode(), digest_size=12).hexdigest()
    return f"fanzha:{{warning:ref:{digest[:2]}}}:{digest}"


def feedback(source_name: str) -> str:
    """Return the feedback stream of a source."""
    return f"fanzha:warning:feedback:{source_name}"
