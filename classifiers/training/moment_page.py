"""Renders the page about a moment model, from its card and the behaviours it was trained on."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from classifiers.training.call_simulator import worlds
from classifiers.training.call_simulator.behaviour import Behaviour, Range
from classifiers.training.call_simulator.worlds import World
from classifiers.training.common import markdown_table

_KIND_TITLES = ("kind", "callers", "of them with calls enough", "marked", "calls", "marked calls")
_RANGES = (
    ("rate", "calls an hour, in bursts"),
    ("bursts", "bursts a day"),
    ("minutes", "minutes a burst"),
    ("strangers", "share of strangers"),
    ("in_a_row", "next number"),
    ("again", "tried again"),
    ("answered", "answered"),
    ("brief", "of these brief"),
    ("called_back", "got per made"),
)


def page(bundle: Path) -> str:
    """Render the page about the moment model in *bundle*."""
    card = tomllib.loads((bundle / "card.toml").read_text(encoding="utf-8"))
    metrics = card["metrics"]
    return _PAGE.format(
        version=card["version"],
        date=card["date"],
        seed=card["seed"],
        threshold=f"{card['threshold']:.4f}",
        set_by=metrics["threshold_set_by"],
        kilobytes=round((bundle / "model.onnx").stat().st_size / 1000),
        features=", ".join(f"`{name}`" for name in card["inputs"]["features"]),
        validation=_kinds(metrics["validation"]["kinds"]),
        validation_auc=metrics["validation"]["auc"],
        test=_kinds(metrics["test"]["kinds"]),
        test_auc=metrics["test"]["auc"],
        left_out=_left_out(metrics["left_out"]),
        behaviours=_behaviours(worlds.TRAINING),
        test_behaviours=_behaviours(worlds.TEST),
        sources=_sources(worlds.TEST),
    )


def _kinds(kinds: Sequence[Mapping[str, Any]]) -> str:
    titles = (*_KIND_TITLES, "calls until then")
    return markdown_table(titles, [_kind(kind) for kind in kinds])


def _kind(kind: Mapping[str, Any]) -> list[object]:
    callers, marked, calls = kind["callers"], kind["marked"], kind["calls"]
    return [
        f"**{kind['kind']}**" if kind["fraud"] else kind["kind"],
        f"{callers:,}",
        f"{kind['with_enough_calls']:,}",
        f"{marked:,} ({_percent(marked / callers)})",
        f"{calls:,}",
        _percent(kind["marked_calls"] / calls),
        kind["calls_until_marked"] or "–",
    ]


def _left_out(rows: Sequence[Mapping[str, Any]]) -> str:
    titles = ("kind nothing was learnt of", "marked, validation world", "marked, test world")
    return markdown_table(titles, [[row["kind"], *map(_both(row), _WORLDS)] for row in rows])


_WORLDS = ("validation", "test")


def _both(row: Mapping[str, Any]) -> Any:
    def cell(world: str) -> str:
        marked, callers = row[f"{world}_marked"], row[f"{world}_callers"]
        return f"{marked:,} of {callers:,} ({_percent(marked / callers)})"

    return cell


def _behaviours(world: World) -> str:
    titles = ("kind", *(title for _, title in _RANGES))
    return markdown_table(titles, [_behaviour(behaviour) for behaviour in world.behaviours])


def _behaviour(behaviour: Behaviour) -> list[str]:
    name = f"**{behaviour.name}**" if behaviour.fraud else behaviour.name
    return [name, *(_range(getattr(behaviour, field)) for field, _ in _RANGES)]


def _range(values: Range) -> str:
    return f"{values.low:.3g} to {values.high:.3g}"


def _sources(world: World) -> str:
    return "\n".join(f"* *{other.name}*: {other.source}." for other in world.behaviours)


def _percent(share: float) -> str:
    return f"{share:.1%}" if not share or share >= 0.01 else f"{share:.2%}"  # noqa: PLR2004


_PAGE = """\
# Moment model {version}: learnt from a simulation

Tells at a call what the call itself shows: where it came in, whether its number is plausible and
attested, how fast its caller has been calling, whether it calls strangers, numbers in a row, and
whether its calls are answered. **Every figure on this page is of a simulation.** There is no
labelled public data of single calls. The simulator imagines callers by assumptions, the model
learns them, and the tables say how well it learnt them: nothing about real calls.

Therefore it cuts off nobody. By default (`moment_action = "mark"`) a call that reaches the
threshold is let through with reason `MOMENT` and its score, counted in
`fanzha_decisions_total{{channel="call",action="allow",reason="moment"}}`, and goes to the stream
of suspected hits, where a person may confirm or dismiss it. What is confirmed there is the
labelled data that does not exist yet. `block` blocks such calls; think of doing so once your own
confirmations say what the tables cannot.

Version {version}, {date}, seed {seed}. Bundle: `classifiers/models/moment/{version}`, {kilobytes}
kB. Code: `classifiers/moment.py`, `classifiers/moment_memory.py`,
`classifiers/training/moment*.py`, `classifiers/training/call_simulator/`.

    fanzha train moment --out FOLDER/moment/{version}

## What it sees

{features}.

* Ingress and attestation are the request's. Implausible is what `fanzha.numbering` says; such
  calls are blocked anyway unless `block_implausible_callers` is off.
* Attempts fade with half-lives of one minute, ten minutes and an hour; repeats, neighbours and
  ends with one of an hour. A *repeat* is a call to one of the caller's last eight callees; a
  *neighbour* is within nine numbers of one of them.
* Ends come by `ReportCallEnds`: not answered, or *brief*, over within two seconds. Where none was
  reported they are unknown, and the graph puts the training mean in their place.
* Calls made over calls got are of the days that `classifiers.activity` remembers.
* Not seen: the segment of the number, the country it is from, the hour. None of these is evidence
  by itself.

The memory has 64 bytes a caller and a quarter as many slots as `activity_slots`: 16 MiB in each
worker by default. Only E.164 callers are counted; service codes and names have no history here.

**Cost.** `python -m benchmarks.moment`: on two busy cores (load average 18), a batch of 256 calls
took 0.17 ms at least and 0.20 ms at the median with callers that call rarely, which are
remembered and not scored; 0.33 ms and 0.51 ms where nine in ten are scored.

**Minimum evidence.** With fewer than three attempts in the last hour a call is not scored: a
first call, from wherever, is not suspicious. Who calls each victim once, from ever new numbers,
is not seen by this model at all.

## Threshold

{threshold}: the lowest at which, in a world like that of training with other callers, at most 1
in 1,000 ordinary callers of each kind is ever marked within three days (set by: {set_by}). In
that world, of which the threshold was chosen (simulation; AUC of callers {validation_auc});
frauds in bold:

{validation}

*Calls until then* is the median number of calls a marked caller made up to the first marked one.

## Another world (simulation)

The test world differs from the one of training: all frauds are slower, less sequential, more
often answered and called back; all others are faster, reach more strangers and are answered less;
half of the calls carry a PASSporT instead of a quarter, half have their ends reported instead of
70 %. *Driver*, *notices by machine*, *robot with a pitch* and *quiet SIM box* exist in no
training. Nothing was chosen on it. AUC of callers {test_auc}:

{test}

## A kind of fraud that nothing was learnt of (simulation)

Each kind of fraud was left out of training once, threshold chosen anew:

{left_out}

## Behaviours of the training world

{behaviours}

Ranges from which each caller draws its own habits. Of the test world:

{test_behaviours}

What they rest on:

{sources}

## Limits

* It is a simulation. Real call centres, couriers and SIM boxes are more varied than a few ranges,
  and nobody measured these. A low rate of marked ordinary callers here does not promise a low
  rate there.
* The score is no probability: frauds and others weigh the same in training, and in traffic they do
  not; and its log-odds are moved so that the threshold is about 0.9. There is no histogram for
  drift on the card, because simulated traffic is not what traffic should look like.
* Roamers who call home come in from abroad with a domestic number: implausible, unless attested.
  See `fanzha.numbering`.
* Each worker counts the attempts it sees; ended calls reach all workers of a host. A caller
  spread over workers looks slower.
* A caller whose first calls in an hour are to a shop, a bank and a friend has called strangers
  too. The model weighs that with everything else; it never rests on one feature by rule.
* It is swapped, watched in shadow and rolled back while serving as the other models are: see
  [Changing models while serving](../how-to/models.md).
"""
