"""Ready units for other schedulers, one format a file."""

from collections.abc import Callable, Mapping

from lineage.schedule.plan import Plan
from lineage.schedule.units.cron import crontab
from lineage.schedule.units.github_actions import workflow
from lineage.schedule.units.kubernetes import manifests
from lineage.schedule.units.systemd import service_and_timer

UNITS: Mapping[str, Callable[[Plan], Mapping[str, str]]] = {
    "systemd": service_and_timer,
    "cron": crontab,
    "github-actions": workflow,
    "kubernetes": manifests,
}
"""By the name of a scheduler: what spells a plan for it, as texts by file name."""
