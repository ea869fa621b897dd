"""A headline of the trend report is true of its numbers, in both languages, or it is neutral."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.analysis.growth.results import (
    GrowthSeries,
    Moment,
    RelationMix,
    SinceRelease,
    SubjectHistory,
    Timeline,
)
from lineage.domain.claims import RELATIONS, Relation
from lineage.domain.definitions import Definition
from lineage.families.registry import all_families, family
from lineage.reporting import trend_text as headlines
from lineage.reporting.language import Language
from lineage.reporting.trend_charts import is_charted_month_reliable, list_charted_months
from lineage.reporting.trend_text import TrendText
from lineage.store.manifest import SnapshotKind
from lineage.store.reader import Snapshot
from tests.builders import published, row
from tests.questions import find_trends

FAMILIES = ("llama", "qwen", "mistral", "gemma")
SMALL = st.integers(0, 12)
COUNTS = st.one_of(SMALL, st.integers(0, 10**6))
SOME = settings(max_examples=60)
BOTH = pytest.mark.parametrize("language", list(Language))


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    root = row("meta-llama/Llama-2-7b-hf")
    folder = tmp_path_factory.mktemp("headlines")
    return published([root, row("a/one", [str(root["id"])])], folder, families=all_families())


@pytest.fixture(scope="module")
def base(snapshot: Snapshot) -> Callable[[Language], TrendText]:
    """A trend of the real Hub, for whose numbers a test puts its own."""
    found = find_trends(snapshot, family("llama"), Definition(), all_families())
    whole = replace(found, knowledge=replace(found.knowledge, known=10**9, is_local=False))
    assert not whole.knowledge.is_sample
    return lambda language: TrendText.trend_text_in_language(
        whole, snapshot.manifest, language, all_families()
    )


def with_numbers(trend: TrendText, **numbers: object) -> TrendText:
    return replace(trend, findings=replace(trend.findings, **numbers))  # type: ignore[arg-type]


def moments(gaps: Sequence[int]) -> list[Moment]:
    day, made = datetime(2025, 3, 12, tzinfo=UTC), []
    for gap in (0, *gaps):
        day += timedelta(days=gap)
        made.append(Moment(f"{day:%Y%m%d}", SnapshotKind.FULL, day, "https://hub", None, True))
    return made


def number(text: str) -> int:
    return int(re.sub(r"[.,]", "", text))


# Growth


@BOTH
@SOME
@given(st.lists(COUNTS, min_size=2, max_size=5), st.data())
def test_growth_is_what_the_first_and_the_last_snapshot_say(
    base: Callable[[Language], TrendText],
    language: Language,
    whole: list[int],
    data: st.DataObject,
) -> None:
    gaps = data.draw(
        st.lists(st.integers(1, 200), min_size=len(whole) - 1, max_size=len(whole) - 1)
    )
    trend = with_numbers(base(language), history=SubjectHistory(moments(gaps), whole))
    text, first, last = headlines.growth_headline(trend), whole[0], whole[-1]
    if match := re.search(r"(\S+)-(?:fold|Fache)", text):
        assert last > first > 0
        spelled = match[1].replace(",", ".") if language is Language.GERMAN else match[1]
        decimals = len(spelled.partition(".")[2]) if last < 10 * first else 0
        value = Fraction(spelled.replace(",", "") if decimals else str(number(match[1])))
        assert abs(Fraction(last, first) - value) <= Fraction(1, 2 * 10**decimals)
    elif match := re.search(r"(\d+)(?:%|\N{NO-BREAK SPACE}%)", text):
        assert abs(Fraction(100 * abs(last - first), first) - int(match[1])) <= Fraction(1, 2)
        assert 0 < int(match[1]) < 100
    elif match := re.search(r"(?:from|von) ([\d.,]+) (?:to|auf) ([\d.,]+)", text):
        assert (number(match[1]), number(match[2])) == (first, last)
    else:
        assert first == last == number(text.rsplit(" ", 1)[-1])
    rises = re.search(r" grew | gestiegen$", text)
    falls = re.search(r" fell | gesunken$", text)
    assert (bool(rises), bool(falls)) == (last > first, last < first)
    if match := re.search(r"in (\d+) (?:weeks|Wochen)", text):
        assert 7 * int(match[1]) == sum(gaps)
    else:
        assert trend.texts.date(date(2025, 3, 12)) in text


@BOTH
def test_a_single_snapshot_grew_by_nothing(
    base: Callable[[Language], TrendText], language: Language
) -> None:
    trend = with_numbers(base(language), history=SubjectHistory(moments([]), [7]), models=7)
    words = {Language.ENGLISH: "7 models descend from", Language.GERMAN: "7 Modelle stammen von"}
    assert headlines.growth_headline(trend).startswith(words[language])


@BOTH
def test_what_is_true_of_a_sample_is_said_of_the_sample(
    base: Callable[[Language], TrendText], language: Language
) -> None:
    trend = base(language)
    local = replace(trend.findings.knowledge, is_local=True, known=0)
    history = SubjectHistory(
        moments([7]),
        [10, 30],
        families=[GrowthSeries("llama", [10, 30]), GrowthSeries("qwen", [5, 40])],
    )
    mix = RelationMix("Llama 2", dict.fromkeys(RELATIONS, 0) | {Relation.FINETUNE: 100})
    trend = with_numbers(
        trend,
        knowledge=local,
        history=history,
        shares=Timeline(["2025-05"], [GrowthSeries("llama", [60]), GrowthSeries("qwen", [90])]),
        mixes=[mix, replace(mix, key="Llama 3")],
        models=30,
        authors=10,
    )
    where = trend.say("page.where").strip()
    assert where
    for text in (
        headlines.growth_headline(trend),
        headlines.rivals_headline(trend),
        headlines.share_headline(trend, "2025-05"),
        headlines.mixes_headline(trend),
        headlines.variants_headline(trend),
    ):
        assert where in text


# Rivals


@BOTH
@SOME
@given(st.data())
def test_who_leads_and_since_when_is_what_every_snapshot_says(
    base: Callable[[Language], TrendText], language: Language, data: st.DataObject
) -> None:
    size = data.draw(st.integers(2, 6))
    keys = data.draw(st.lists(st.sampled_from(FAMILIES), max_size=4, unique=True))
    lines = [
        GrowthSeries(key, data.draw(st.lists(SMALL, min_size=size, max_size=size))) for key in keys
    ]
    at = moments([7] * (size - 1))
    history = SubjectHistory(at, [0] * size, families=[line for line in lines if any(line.values)])
    trend = with_numbers(base(language), history=history)
    text = headlines.rivals_headline(trend)
    if text == trend.say("headline.rivals"):
        return
    values = {line.key: line.values for line in history.families}
    own = values.pop("llama")
    leader = next((key for key in values if text.startswith(trend.line_name(key))), "llama")
    if leader == "llama":
        ahead = [mine > max(column) for mine, *column in zip(own, *values.values(), strict=True)]
        assert re.search(rf"\b{len(values) + 1} (?:families|Familien)", text)
    else:
        assert values[leader][-1] == max(line[-1] for line in values.values())
        ahead = [theirs > mine for mine, theirs in zip(own, values[leader], strict=True)]
    if match := re.search(r"(?:all|allen) (\d+) (?:snapshots|Schnappschüssen)", text):
        assert int(match[1]) == size
        assert all(ahead)
        return
    since = next(
        place for place, it in enumerate(at) if trend.texts.date(it.taken_at.date()) in text
    )
    assert all(ahead[since:])
    assert not ahead[since - 1]


# Shares


@BOTH
@SOME
@given(st.data())
def test_shares_are_those_of_a_month_that_is_over_and_known_enough(
    base: Callable[[Language], TrendText], language: Language, data: st.DataObject
) -> None:
    months = [f"2025-0{at}" for at in range(1, data.draw(st.integers(2, 5)))]
    column = st.lists(st.integers(0, 400), min_size=len(months), max_size=len(months))
    keys = data.draw(st.lists(st.sampled_from((*FAMILIES, "mixed")), min_size=1, unique=True))
    shares = Timeline(
        months,
        [GrowthSeries(key, data.draw(column)) for key in keys],
        data.draw(st.integers(0, len(months))),
        data.draw(st.integers(0, len(months))),
    )
    trend = with_numbers(base(language), shares=shares)
    over = months[: len(months) - shares.incomplete]
    fit = [
        it
        for it in list_charted_months(shares)
        if it in over and is_charted_month_reliable(shares, it)
    ]
    text = headlines.share_headline(trend, fit[-1] if fit else None)
    if text == trend.say("headline.shares"):
        return
    place = months.index(fit[-1])
    assert trend.texts.month(fit[-1]) in text
    assert place >= shares.few
    assert place < len(months) - shares.incomplete
    values = {line.key: line.values[place] for line in shares.lines}
    whole = sum(values.values())
    assert whole >= 100
    values.pop("mixed", None)
    own = values.get("llama", 0)
    spelled = [int(each) for each in re.findall(r"(?<![\d-])(\d+)\N{NO-BREAK SPACE}?%", text)]
    others = [models for key, models in values.items() if key != "llama"]
    if own > max(others, default=0):
        claimed = [own]
        assert "Llama" in text
    else:
        most = max(others)
        assert others.count(most) == 1
        assert most > own
        rival = next(key for key, models in values.items() if models == most and key != "llama")
        assert trend.line_name(rival) in text
        claimed = [most, own]
    assert len(spelled) == len(claimed) - (not own)
    for percent, models in zip(spelled, claimed, strict=False):
        exact = Fraction(100 * models, whole)
        near = abs(exact - percent) <= Fraction(1, 2)
        assert near or (percent == 1 and exact < 1) or (percent == 99 and 99 < exact < 100)


# Relations, releases, authors


@BOTH
@SOME
@given(st.data())
def test_the_relation_that_leads_leads_whatever_the_unspecified_are(
    base: Callable[[Language], TrendText], language: Language, data: st.DataObject
) -> None:
    releases = [f"Llama {at}" for at in range(data.draw(st.integers(0, 4)))]
    mixes = [
        RelationMix(name, {key: data.draw(st.integers(0, 200)) for key in RELATIONS})
        for name in (*releases, "mixed")
    ]
    trend = with_numbers(base(language), mixes=mixes)
    text = headlines.mixes_headline(trend)
    if text == trend.say("headline.mixes"):
        return
    compared = {mix.key: mix for mix in mixes[:-1] if mix.models >= 50}

    def leads(mix: RelationMix, kind: Relation) -> bool:
        """Say so for any way of giving the unspecified a relation."""
        hidden = mix.by_relation[Relation.UNSPECIFIED]
        known = [key for key in RELATIONS if key not in (kind, Relation.UNSPECIFIED)]
        return all(mix.by_relation[kind] > mix.by_relation[key] + hidden for key in known)

    kinds = [key for key in RELATIONS if key is not Relation.UNSPECIFIED]
    named = {key: trend.say(f"kind.{key}") for key in kinds}
    if match := re.search(r"(?:of all|bei allen) (\d+)", text):
        kind = next(key for key, name in named.items() if text.lower().startswith(name.lower()))
        assert int(match[1]) == len(compared) > 1
        assert all(leads(mix, kind) for mix in compared.values())
    elif match := re.search(r"(\d+) (?:of|von) (\d+)", text):
        kind = next(key for key, name in named.items() if text.lower().startswith(name.lower()))
        assert int(match[2]) == len(compared)
        assert int(match[1]) == sum(leads(mix, kind) for mix in compared.values())
        assert 2 * int(match[1]) > len(compared)
    else:
        largest = sorted(compared.values(), key=lambda mix: -mix.models)[:2]
        places = sorted((text.index(f"{mix.key} "), mix.key) for mix in largest)
        first, second = (compared[key] for _, key in places)
        said = [key for key, name in sorted(named.items(), key=lambda it: text.find(it[1]))]
        said = [key for key in said if named[key] in text]
        assert [leads(first, said[0]), leads(second, said[1])] == [True, True]


@BOTH
@SOME
@given(st.data())
def test_a_release_leads_even_if_every_undated_model_were_another_s(
    base: Callable[[Language], TrendText], language: Language, data: st.DataObject
) -> None:
    lines = []
    for at in range(data.draw(st.integers(0, 4))):
        steps = data.draw(st.lists(st.integers(0, 20), min_size=1, max_size=12))
        values = [sum(steps[: to + 1]) for to in range(len(steps))]
        lines.append(GrowthSeries(f"Llama {at}", values, data.draw(st.integers(0, 5))))
    longest = max((len(line.values) for line in lines), default=0)
    since = SinceRelease([7 * week for week in range(longest)], lines)
    trend = with_numbers(base(language), since_release=since)
    text = headlines.since_release_headline(trend)
    if text == trend.say("headline.since_releases"):
        return
    days = int(re.match(r"\d+", text)[0])  # type: ignore[index]
    week = since.days.index(days)
    old = [line for line in lines if len(line.values) > week]
    best = next(line for line in old if re.search(rf"{line.key} .*\b{line.values[week]}\b", text))
    assert all(best.values[week] > it.values[week] + it.undated for it in old if it is not best)
    assert re.search(rf"\b{len(old)} (?:releases|Versionen)", text)


@BOTH
@SOME
@given(COUNTS, COUNTS)
def test_authors_are_named_where_several_models_come_from_one(
    base: Callable[[Language], TrendText], language: Language, models: int, authors: int
) -> None:
    trend = with_numbers(base(language), models=models, authors=authors)
    text = headlines.variants_headline(trend)
    if text == trend.say("headline.variants_plain"):
        assert not 0 < authors < models
    else:
        spelled = [number(each) for each in re.findall(r"\d[\d.,]*", text)]
        assert spelled == [models, authors]
