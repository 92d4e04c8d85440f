"""Assembles what decides in one worker: lists, models, activity, engine, hits, servicers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from blocklists.replica import Replica
from classifiers import bundles
from classifiers.activity import ActivityTable
from fanzha import numbering
from fanzha.links import find_links
from fanzha.phone import HomePlan
from fanzha.tables import Channel, Texts
from services.engine import Engine, Models, Rules
from services.observer import Observer
from services.rpc.interception import InterceptionServicer
from services.rpc.reading import Reader
from services.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider:
    """What answers, and the parts that others need to reach."""

    engine: Engine
    replica: Replica
    activity: ActivityTable
    home: HomePlan
    interception: InterceptionServicer
    models: Models


def build(
    settings: Settings,
    *,
    replica: Replica,
    observer: Observer,
    reserve_ids: Callable[[int], int],
    now_ms: Callable[[], int],
) -> Decider:
    """Build everything a decision needs; raises ValueError for a wrong deployment."""
    models = load_models(settings)
    _warm_up(models)
    home = HomePlan(settings.home_country)
    activity = ActivityTable(settings.activity_slots)
    engine = Engine(
        current_snapshot=lambda: replica.current,
        current_models=lambda: models,
        activity=activity,
        rules=Rules(
            home_country=settings.home_country,
            block_implausible_callers=settings.block_implausible_callers,
        ),
        observer=observer,
        reserve_ids=reserve_ids,
    )
    interception = InterceptionServicer(
        engine=engine, reader=Reader(home), now_ms=now_ms, observer=observer
    )
    return Decider(
        engine=engine,
        replica=replica,
        activity=activity,
        home=home,
        interception=interception,
        models=models,
    )


def load_models(settings: Settings) -> Models:
    """Load the newest bundle of each channel; a threshold that is set replaces the card's."""
    loaded = bundles.load_all(settings.models_dir)
    return Models(
        caller=loaded.caller,
        text=loaded.text,
        link=loaded.link,
        thresholds={
            Channel.CALL: _or(settings.call_threshold, loaded.caller.threshold),
            Channel.TEXT: _or(settings.text_threshold, loaded.text.threshold),
            Channel.LINK: _or(settings.link_threshold, loaded.link.threshold),
        },
    )


def _warm_up(models: Models) -> None:
    """Build now what is built on first use, so that no early request waits for it."""
    numbering.prepare()
    body = "見【示例】 http://first.example/a 验证码 123456, call 95588"
    models.link.score(find_links(body))
    one = np.ones(1, np.int64)
    models.text.score(
        Texts(
            senders=one,
            receivers=one,
            bodies=[body],
            submitted_at_ms=one,
            ingress=one.astype(np.uint8),
            names={},
            errors={},
        )
    )


def _or(wanted: float | None, otherwise: float) -> float:
    return otherwise if wanted is None else wanted
