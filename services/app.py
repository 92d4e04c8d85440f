"""Assembles what decides in one worker: lists, models, activity, engine, hits, servicers."""

from collections.abc import Callable
from dataclasses import dataclass

from blocklists.replica import Replica
from classifiers.activity import ActivityTable
from fanzha import numbering
from fanzha.links import find_links
from fanzha.phone import HomePlan
from fanzha.tables import Channel
from services import wanted_models
from services.engine import Engine, Rules
from services.models import ModelSwitch
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
    models: ModelSwitch


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
    _warm_up()
    home = HomePlan(settings.home_country)
    activity = ActivityTable(settings.activity_slots)
    engine = Engine(
        current_snapshot=lambda: replica.current,
        current_models=lambda: models.current,
        activity=activity,
        rules=Rules(
            home_country=settings.home_country,
            block_implausible_callers=settings.block_implausible_callers,
            block_spam=settings.block_spam,
            spam_threshold=settings.spam_threshold,
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


def load_models(settings: Settings) -> ModelSwitch:
    """Load the models this host was told to run last; the newest of a channel without a wish.

    A threshold that is set replaces that of every card.
    """
    return ModelSwitch(
        settings.models_dir,
        {
            Channel.CALL: settings.call_threshold,
            Channel.TEXT: settings.text_threshold,
            Channel.LINK: settings.link_threshold,
        },
        wanted_models.kept(settings.data_dir),
    )


def _warm_up() -> None:
    """Build now what is built on first use, so that no early request waits for it."""
    numbering.prepare()
    find_links("见【示例】 http://first.example/a")
