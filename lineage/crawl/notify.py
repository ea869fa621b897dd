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
        message = json.dumps(describe_change(settings, manifest)).encode()
        words = shlex.split(settings.on_publish)
        _run_command(
            words,
            message,
            _without_secrets(environment, settings.token),
            settings.on_publish_seconds,
        )
    except (LineageError, OSError, ValueError, IndexError) as error:
        logger.warning("the command of --on-publish could not be run: %s", error)


def describe_change(settings: Settings, manifest: Manifest) -> Document:
    """Return the diff to the snapshot before, with alerts; all null for a first snapshot."""
    store = ParquetStore(settings.store, OptOuts.parse(settings.opt_outs))
    about: Document = {"kind": manifest.origin.kind.value}
    if (previous := _find_previous(store, manifest)) is None:
        nothing = dict.fromkeys(field.name for field in fields(Diff))
        return {**nothing, "after": manifest.id, **about, "alerts": []}
    # A model that opted out since is missing on both sides, so it is no removal.
    before, after = (store.snapshot(id) for id in (previous, manifest.id))
    families: Sequence[Family] = load_families(settings.families)
    diff = diff_snapshots(before, after, families)
    alerts = find_alerts(before, after, diff, families, settings.alert_lost_share)
    document: Document = to_document(diff)
    return document | about | {"alerts": to_document(alerts)}


def _find_previous(store: ParquetStore, manifest: Manifest) -> str | None:
    """Return the snapshot to compare with: a crawl below a model only with the last one like it."""
    if manifest.origin.kind is not SnapshotKind.BELOW:
        return manifest.previous
    like = (manifest.origin.kind, manifest.origin.below)
    earlier = (it for it in store.manifests() if it.id < manifest.id)
    return max((it.id for it in earlier if (it.origin.kind, it.origin.below) == like), default=None)


def _without_secrets(environment: Mapping[str, str], token: str | None) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if name not in SECRETS and name != _NOT_AGAIN and not (token and token in value)
    }


def _run_command(
    words: Sequence[str], message: bytes, environment: Mapping[str, str], seconds: float
) -> None:
    with (
        tempfile.TemporaryFile() as output,
        subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
        ) as process,
    ):
        try:
            process.communicate(message, seconds)
        except subprocess.TimeoutExpired:
            logger.warning("%s took over %.0f s and was ended", words[0], seconds)
        else:
            _log_outcome(words[0], process.returncode, _read_tail(output))
        finally:
            _end_process(process)


def _end_process(process: "subprocess.Popen[bytes]") -> None:
    """End what still runs of the command, its own children included."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read_tail(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _MOST_TOLD))
    return output.read().decode("utf-8", "replace").strip()


def _log_outcome(program: str, code: int, output: str) -> None:
    if code == 0:
        logger.info("%s was told%s", program, f": {output}" if output else "")
    else:
        words = f"; its words: {output}" if output else ""
        logger.warning("%s ended with exit code %d, told of a snapshot%s", program, code, words)
