"""Tells a command of the user's own what a new snapshot changed; never ends a run."""

import json
import logging
import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from typing import IO

from lineage.analysis.diff.diffs import Diff, diff_snapshots, find_alerts
from lineage.domain.documents import Document, to_document
from lineage.domain.families import Family
from lineage.domain.opt_outs import OptOuts
from lineage.errors import LineageError
from lineage.families.registry import load_families
from lineage.settings import Settings
from lineage.store.manifest import Manifest, SnapshotKind
from lineage.store.store import ParquetStore

SECRETS = frozenset(
    {
        *("HF_TOKEN", "HF_TOKEN_PATH", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_TOKEN"),
        *("HUGGINGFACEHUB_API_TOKEN", "LINEAGE_TOKEN_FILE", "CREDENTIALS_DIRECTORY"),
    }
)
"""Variables that hold a token or lead to one."""
_NOT_AGAIN = "LINEAGE_ON_PUBLISH"
"""A command that crawls itself would call itself for ever."""
_MOST_TOLD = 2000
"""Characters of the command's own words, from their end."""

logger = logging.getLogger(__name__)


def notify(settings: Settings, manifest: Manifest, environment: Mapping[str, str]) -> None:
    """Run the settings' command with what changed on its standard input; a fault is a warning.

    The command sees the environment without tokens.
    """
    if settings.on_publish is None:
        return
    try:
        told = json.dumps(describe_change(settings, manifest)).encode()
        words = shlex.split(settings.on_publish)
        _run(words, told, _harmless(environment, settings.token), settings.on_publish_seconds)
    except (LineageError, OSError, ValueError, IndexError) as error:
        logger.warning("the command of --on-publish could not be run: %s", error)


def describe_change(settings: Settings, manifest: Manifest) -> Document:
    """Return the diff to the snapshot before, with alerts; all null for a first snapshot."""
    store = ParquetStore(settings.store, OptOuts.parse(settings.opt_outs))
    about: Document = {"kind": manifest.origin.kind.value}
    if (previous := _previous(store, manifest)) is None:
        nothing = dict.fromkeys(field.name for field in fields(Diff))
        return {**nothing, "after": manifest.id, **about, "alerts": []}
    # A model that asked to be left out since is missing on both sides: it is no removal.
    before, after = (store.snapshot(id) for id in (previous, manifest.id))
    families: Sequence[Family] = load_families(settings.families)
    diff = diff_snapshots(before, after, families)
    found = find_alerts(before, after, diff, families, settings.alert_lost_share)
    document: Document = to_document(diff)
    return document | about | {"alerts": to_document(found)}


def _previous(store: ParquetStore, manifest: Manifest) -> str | None:
    """Return the snapshot to compare with: a walk below a base only with the last one like it."""
    if manifest.origin.kind is not SnapshotKind.BELOW:
        return manifest.previous
    like = (manifest.origin.kind, manifest.origin.below)
    earlier = (one for one in store.manifests() if one.id < manifest.id)
    return max(
        (one.id for one in earlier if (one.origin.kind, one.origin.below) == like), default=None
    )


def _harmless(environment: Mapping[str, str], token: str | None) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if name not in SECRETS and name != _NOT_AGAIN and not (token and token in value)
    }


def _run(words: Sequence[str], told: bytes, seen: Mapping[str, str], seconds: float) -> None:
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=dict(seen),
            start_new_session=True,
        ) as process,
    ):
        try:
            process.communicate(told, seconds)
        except subprocess.TimeoutExpired:
            logger.warning("%s took over %.0f s and was ended", words[0], seconds)
        else:
            _tell(words[0], process.returncode, _tail(said))
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End what still runs of it, its own children included."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tail(said: IO[bytes]) -> str:
    size = said.seek(0, os.SEEK_END)
    said.seek(max(0, size - _MOST_TOLD))
    return said.read().decode("utf-8", "replace").strip()


def _tell(program: str, code: int, said: str) -> None:
    if code == 0:
        logger.info("%s was told%s", program, f": {said}" if said else "")
    else:
        words = f"; its words: {said}" if said else ""
        logger.warning("%s ended with exit code %d, told of a snapshot%s", program, code, words)
