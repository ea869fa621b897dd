"""A trend report of which every word that somebody else writes is an attack."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from lineage.analysis.growth.results import (
    DayBasis,
    GrowthSeries,
    PublishedCheck,
    StepCount,
    Timeline,
    TrendFindings,
)
from lineage.analysis.results import ComparisonStep
from lineage.domain.definitions import Definition
from lineage.domain.families import Family
from lineage.domain.opt_outs import NO_OPT_OUTS
from lineage.families.published import PublishedNumber, Qualifier
from lineage.families.registry import all_families, family
from lineage.reporting.files import trend_report_files
from lineage.reporting.language import Language
from lineage.store.manifest import Manifest
from lineage.store.store import ParquetStore
from tests.builders import Row, published, row
from tests.fakes.fake_clock import NOON
from tests.hostile import HOSTILE
from tests.questions import find_trends

LLAMA_2, LLAMA_3 = "meta-llama/Llama-2-7b-hf", "meta-llama/Meta-Llama-3-8B"
MISTRAL = "mistralai/Mistral-7B-v0.1"


def rows() -> list[Row]:
    """Two releases and a rival over several months, enough of each to be compared."""
    made = [row(LLAMA_2), row(LLAMA_3), row(MISTRAL)]
    for at in range(240):
        parent = (LLAMA_2, LLAMA_3, MISTRAL)[at % 3]
        when = f"2024-{5 + at % 4:02}-1{at % 9}T12:00:00.000Z"
        made.append(row(f"a{at % 99}/m{at}", [parent], createdAt=when, downloads=at))
    return made


def attacked_trends(folder: Path) -> tuple[TrendFindings, Manifest, Sequence[Family]]:
    """Publish the rows on two days and put an attack in the place of each word."""
    listed = rows()
    for at, some in enumerate((listed[:150], listed)):
        moment = NOON + timedelta(days=at)
        snapshot = published(some, folder, families=all_families(), taken_at=moment)
    store = ParquetStore(str(folder), NO_OPT_OUTS)
    found = find_trends(snapshot, family("llama"), Definition(), all_families(), store)
    assert found.has_history
    own = replace(family("llama"), name=HOSTILE[0], version=HOSTILE[3])
    families = [own if it.id == "llama" else replace(it, name=HOSTILE[5]) for it in all_families()]
    bad = replace(
        found,
        subject=found.subject._replace(family=own),
        history=replace(found.history, parts=_attack_series(found.history.parts)),
        growth=_attack_months(found.growth),
        mixes=[replace(mix, key=_release(mix.key)) for mix in found.mixes],
        since_release=replace(found.since_release, lines=_attack_series(found.since_release.lines)),
        days=[replace(day, events=[HOSTILE[4]]) for day in found.days],
        published=[_attack_number(at, attack) for at, attack in enumerate(HOSTILE)],
    )
    assert len(bad.since_release.lines) == 2
    origin = replace(snapshot.manifest.origin, endpoint=HOSTILE[2])
    return bad, replace(snapshot.manifest, origin=origin), families


def _attack_number(at: int, attack: str) -> PublishedCheck:
    day = date(2025, 6, 30)
    # Of addresses the reader of the file lets printable ones through, and no others.
    address = f"https://outside.example/{attack}" if attack.isprintable() else None
    number = PublishedNumber(
        attack, at, Qualifier.ABOUT, "2025-06", day, attack, f"x{attack}", address, attack, True
    )
    step = StepCount(ComparisonStep.DIRECT, at, at + 1)
    basis = DayBasis.SNAPSHOT
    return PublishedCheck(number, attack, "20261121T120000Z", day, basis, [step], step, False)


def _attack_series(lines: Sequence[GrowthSeries[int]]) -> list[GrowthSeries[int]]:
    return [replace(line, key=_release(line.key)) for line in lines]


def _attack_months(timeline: Timeline) -> Timeline:
    return replace(timeline, lines=_attack_series(timeline.lines))


def _release(name: str) -> str:
    return {"Llama 2": HOSTILE[1], "Llama 3": HOSTILE[15]}.get(name, name)


def spelled_trends(folder: Path, language: Language) -> dict[str, bytes]:
    """Return every file of the attacked report."""
    found, manifest, families = attacked_trends(folder)
    return dict(trend_report_files(found, manifest, language, families))
