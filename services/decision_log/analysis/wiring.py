"""Builds the analyser of decisions from settings.

Bundles and trunks are those of this host: where a worker elsewhere decided by others, the analysis
says that it cannot be recomputed.
"""

from infra.reloaded_file import ReloadedFile
from services.decision.origin.trunk_groups import TrunkGroups, read_trunks
from services.decision_log.analysis.analyser import DecisionAnalyser, EntryHistory
from services.decision_log.analysis.bundle_loader import BundleLoader
from services.decision_log.analysis.origin_reasons import OriginReasons
from services.settings.settings import Settings


def build(settings: Settings, history: EntryHistory) -> DecisionAnalyser:
    """Analyse decisions with the bundles and the trunk registry of this host.

    *history* knows the entries of earlier versions of the lists.
    """
    trunks = settings.trunks_file
    current = TrunkGroups if trunks is None else ReloadedFile(trunks, read_trunks).current
    return DecisionAnalyser(
        BundleLoader(settings.models_dir, prevalence=settings.fraud_prevalence),
        origin=OriginReasons(settings.home_country, current),
        history=history,
    )
