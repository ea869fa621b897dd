"""A trend report of which every word that somebody else writes is an attack."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lineage.analysis.growth.results import GroupSize, Timeline, TrendFindings, VariantSeries
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.families.registry import all_families, family
from lineage.reporting.files import trend_report_files
from lineage.reporting.language import Language
from lineage.store.manifest import Manifest
from lineage.store.reader import Snapshot
from tests.builders import Row, published, row
from tests.hostile import HOSTILE
from tests.questions import find_trends

LLAMA_2, LLAMA_3 = "meta-llama/Llama-2-7b-hf", "meta-llama/Meta-Llama-3-8B"
MISTRAL = "mistralai/Mistral-7B-v0.1"


def rows() -> list[Row]:
    """Two releases and a rival, a tag of its own for each attack, several months."""
    made = [row(LLAMA_2), row(LLAMA_3), row(MISTRAL)]
    made += [row(f"rival/m{at}", [MISTRAL]) for at in range(30)]
    for at in range(len(HOSTILE)):
        parent = (LLAMA_2, LLAMA_3)[at % 2]
        # The more of a tag, the further up it stands: each attack comes to its place.
        for again in range(1 + at % 4):
            when = f"2024-{5 + at % 7:02}-1{again}T12:00:00.000Z"
            tags = [f"base_model:{parent}", f"license:tag-{at:02}"]
            made.append(row(f"a{at}/m{again}", [parent], createdAt=when, tags=tags, downloads=at))
    return made


def attacked_trends(folder: Path) -> tuple[TrendFindings, Manifest, Sequence[Family]]:
    """Publish the rows and put an attack in the place of each word."""
    snapshot: Snapshot = published(rows(), folder, families=all_families())
    found = find_trends(snapshot, family("llama"), Definition(), all_families())
    mix = found.license_mix
    words = {f"tag-{at:02}": attack for at, attack in enumerate(HOSTILE)}
    lines = [replace(line, key=words[line.key]) for line in mix.by_month.lines]
    own = replace(found.family, name=HOSTILE[0], version=HOSTILE[3])
    bad = replace(
        found,
        family=own,
        licenses=[GroupSize(words[part.key], part.models) for part in found.licenses],
        license_mix=replace(
            mix,
            tags=[words[tag] for tag in mix.tags],
            by_month=Timeline(mix.by_month.months, lines),
        ),
        by_variant={key: _attacked(side) for key, side in found.by_variant.items()},
        by_release_in_variants=[
            replace(one, key=_release(one.key)) for one in found.by_release_in_variants
        ],
    )
    origin = replace(snapshot.manifest.origin, endpoint=HOSTILE[2])
    return bad, replace(snapshot.manifest, origin=origin), all_families()


def _attacked(side: VariantSeries) -> VariantSeries:
    timeline, since = side.by_release, side.since_release
    return replace(
        side,
        by_release=replace(
            timeline, lines=[replace(one, key=_release(one.key)) for one in timeline.lines]
        ),
        since_release=replace(
            since, lines=[replace(one, key=_release(one.key)) for one in since.lines]
        ),
    )


def _release(name: str) -> str:
    return {"Llama 2": HOSTILE[1], "Llama 3": HOSTILE[15]}.get(name, name)


def spelled_trends(folder: Path, language: Language) -> dict[str, bytes]:
    """Return every file of the attacked report."""
    found, manifest, families = attacked_trends(folder)
    return dict(trend_report_files(found, manifest, language, families))
