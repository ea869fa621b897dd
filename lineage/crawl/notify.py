"""Tells a command of the user's own what a new snapshot changed; never ends a run."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import fields

from lineage.analysis.diffs import Diff, diff_snapshots, find_diff_alerts
from lineage.crawl.publish_command import (
    explain_failed_publish_command,
    run_command,
    split_publish_command,
)
from lineage.domain.documents import Document, convert_to_document
from lineage.domain.families import Family
from lineage.domain.opt_outs import OptOuts
from lineage.errors import LineageError
from lineage.families.registry import load_families
from lineage.settings import Settings
from lineage.store.manifest import Manifest, SnapshotKind
from lineage.store.store import ParquetStore

logger = logging.getLogger(__name__)


def notify(settings: Settings, manifest: Manifest, environment: Mapping[str, str]) -> None:
    """Run the settings' command with what changed on its standard input; a fault is a warning."""
    words: list[str] = []
    try:
        words = split_publish_command(settings.on_publish)
        if words:
            message = json.dumps(describe_change_of_crawl(settings, manifest)).encode()
            run_command(words, message, environment, settings.on_publish_seconds, settings.token)
    except (LineageError, OSError, ValueError) as error:
        reason = (
            explain_failed_publish_command(words, error)
            if isinstance(error, OSError)
            else str(error)
        )
        logger.warning("the command of --on-publish could not be run: %s", reason)


def describe_change_of_crawl(settings: Settings, manifest: Manifest) -> Document:
    """Return the diff to the snapshot before, with alerts; all null for a first snapshot."""
    store = ParquetStore(settings.store, OptOuts.parse(settings.opt_outs), settings.cache)
    about: Document = {"kind": manifest.origin.kind.value}
    if (previous := _find_crawl_to_notify_of(store, manifest)) is None:
        nothing = dict.fromkeys(field.name for field in fields(Diff))
        return {**nothing, "after": manifest.id, **about, "alerts": []}
    # A model that opted out since is missing on both sides, so it is no removal.
    before, after = (store.snapshot(id) for id in (previous, manifest.id))
    families: Sequence[Family] = load_families(settings.families)
    diff = diff_snapshots(before, after, families)
    alerts = find_diff_alerts(before, after, diff, families, settings.alert_lost_share)
    document: Document = convert_to_document(diff)
    return document | about | {"alerts": convert_to_document(alerts)}


def _find_crawl_to_notify_of(store: ParquetStore, manifest: Manifest) -> str | None:
    """Return the snapshot to compare with: a crawl below a model only with the last one like it."""
    if manifest.origin.kind is not SnapshotKind.BELOW:
        return manifest.previous
    like = (manifest.origin.kind, manifest.origin.below)
    earlier = (it for it in store.manifests() if it.id < manifest.id)
    return max((it.id for it in earlier if (it.origin.kind, it.origin.below) == like), default=None)
