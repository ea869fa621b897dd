"""A family file is read as it is written, or refused with the place that is wrong."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.domain.families import Family, FormerName, Release, Reupload
from lineage.errors import SettingsError, UnknownModel
from lineage.families.family_file import load_family_file
from lineage.families.registry import (
    all_families,
    bundled_families,
    check_bundled_families,
    family,
    find_release,
    load_families,
)

GOOD = """
[family]
id = "alpaca"
name = "Alpaca"
version = "2026-01-31"

[[release]]
id = "alpaca-1"
name = "Alpaca 1"
released = 2024-02-29
license = "wool"
source = "a meadow"
official = ["farm/Alpaca-7B", "farm/Alpaca-70B"]

[[release.mirror]]
id = "barn/alpaca-7b"
of = "farm/Alpaca-7B"
source = "its card"
note = "same weights"

[release.former_names]
"farm/Paco-7B" = "farm/Alpaca-7B"

[[release]]
id = "alpaca-0"
name = "Alpaca 0"
released = 2023-01-01
source = "hearsay"
official = []
mirror = [{ id = "barn/alpaca-0", source = "its card" }]
"""

# What is wrong, what is written instead, and what the complaint must name.
WRONG = {
    "no family": ("[family]", "[other]", "unknown key other"),
    "no version": ('version = "2026-01-31"', "", "family: version is missing"),
    "family handle": ('id = "alpaca"', 'id = "Al Paca"', "family: id must be a short handle"),
    "no releases": (GOOD[GOOD.index("[[release]]") :], "", "at least one"),
    "unknown key": ('license = "wool"', 'licence = "wool"', "alpaca-1: unknown key licence"),
    "no source": ('source = "hearsay"', "", "alpaca-0: source is missing"),
    "no official": ("official = []", "", "alpaca-0: official is missing"),
    "no date": ("released = 2024-02-29", "", "alpaca-1: released is missing"),
    "date as text": ("2024-02-29", '"2024-02-29"', "alpaca-1: released must be a date"),
    "date with time": (
        "2023-01-01",
        "2023-01-01T00:00:00Z",
        "must be a date without quotes or time",
    ),
    "empty text": ('name = "Alpaca 0"', 'name = " "', "alpaca-0: name must be a text"),
    "number for text": ('name = "Alpaca 0"', "name = 0", "alpaca-0: name must be a text that"),
    "text for list": ("official = []", 'official = "x"', "alpaca-0: official must be a list"),
    "text for tables": (
        '[{ id = "barn/alpaca-0", source = "its card" }]',
        '["barn/a"]',
        "'barn/a' in mirror must be a table",
    ),
    "text for table": (
        '[family]\nid = "alpaca"',
        'family = "x"\n[y]',
        "family must be a table",
    ),
    "bad official id": (
        '"farm/Alpaca-70B"',
        '"farm/*"',
        "alpaca-1: 'farm/*' in official must be",
    ),
    "number as id": ('"farm/Alpaca-70B"', "70", "alpaca-1: 70 in official must be a repository"),
    "bad mirror id": (
        '"barn/alpaca-7b"',
        '"barn//x"',
        "barn//x: id must be a repository",
    ),
    "mirror without id": (
        '{ id = "barn/alpaca-0", source',
        "{ source",
        "mirror number 1: id is missing",
    ),
    "mirror key": ("note =", "nota =", "alpaca-1, mirror barn/alpaca-7b: unknown key nota"),
    "mirror of nothing": ('of = "farm/Alpaca-7B"', "", "barn/alpaca-7b: of is missing"),
    "mirror of a stranger": (
        'of = "farm/Alpaca-7B"',
        'of = "farm/Llama"',
        "'farm/Llama' is no checkpoint",
    ),
    "of, none official": ('"barn/alpaca-0", ', '"barn/a", of = "x/y", ', "'x/y' is no checkpoint"),
    "official twice": (
        '"farm/Alpaca-70B"',
        '"farm/alpaca-7b"',
        "official in alpaca-1 and also off",
    ),
    "official and mirror": ('"barn/alpaca-7b"', '"farm/Alpaca-70B"', "is official in alpaca-1 and"),
    "in two releases": ('"barn/alpaca-0"', '"farm/Alpaca-70B"', "also a mirror in alpaca-0"),
    "old name in use": ('"farm/Paco-7B"', '"farm/alpaca-70B"', "also an old name in alpaca-1"),
    "now no root": (
        'Paco-7B" = "farm/',
        'Paco-7B" = "barn/',
        "farm/Paco-7B = 'barn/Alpaca-7B'",
    ),
    "old name not an id": (
        '"farm/Paco-7B"',
        '"farm/Paco 7B"',
        "'farm/Paco 7B' is not a repository",
    ),
    "no roots": (
        'mirror = [{ id = "barn/alpaca-0", source = "its card" }]',
        "",
        "alpaca-0: neither an official",
    ),
    "two of a name": ('name = "Alpaca 0"', 'name = "alpaca 1"', "also release alpaca-0"),
    "not TOML": ("[family]", "[family", "paddock.toml cannot be read as TOML"),
}


def write(folder: Path, text: str) -> Path:
    file = folder / "paddock.toml"
    file.write_text(text)
    return file


def test_a_family_file_is_read_as_written(tmp_path: Path) -> None:
    alpaca = load_family_file(write(tmp_path, GOOD))

    first, nought = alpaca.releases
    assert (alpaca.id, alpaca.name, alpaca.version) == ("alpaca", "Alpaca", "2026-01-31")
    assert (first.id, first.name, first.license) == ("alpaca-1", "Alpaca 1", "wool")
    assert first.released == date(2024, 2, 29)
    assert first.official == ("farm/Alpaca-7B", "farm/Alpaca-70B")
    assert first.mirrors == (
        Reupload("barn/alpaca-7b", "farm/Alpaca-7B", "its card; same weights"),
    )
    assert first.former_names == (FormerName("farm/Paco-7B", now="farm/Alpaca-7B"),)
    assert (nought.license, nought.root_repo_ids()) == (None, ("barn/alpaca-0",))


@pytest.mark.parametrize(("right", "wrong", "complaint"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_refused_with_its_name_and_the_entry(
    tmp_path: Path, right: str, wrong: str, complaint: str
) -> None:
    file = write(tmp_path, GOOD.replace(right, wrong, 1))

    with pytest.raises(SettingsError) as refusal:
        load_family_file(file)

    assert refusal.value.message.startswith("paddock.toml")
    assert complaint in refusal.value.message


def test_a_missing_file_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml cannot be read"):
        load_family_file(tmp_path / "nowhere.toml")


def test_an_unknown_key_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refusal:
        load_family_file(write(tmp_path, GOOD.replace("license", "licence")))

    assert "license" in refusal.value.hint


def test_a_family_is_found_by_its_id_in_any_case() -> None:
    assert family(" Llama ") == family("llama")


def test_an_unknown_family_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownModel, match="'camel'") as refusal:
        family("camel")

    assert "llama" in refusal.value.hint


@pytest.mark.parametrize("name", bundled_families())
def test_every_bundled_family_loads_and_is_called_like_its_file(name: str) -> None:
    assert family(name).id == name


def test_bundled_families_keep_the_rules_that_no_question_asks_again() -> None:
    check_bundled_families()


@pytest.mark.parametrize("spelling", ["llama-3.1", "LLAMA-3.1", "Llama 3.1", " llama 3.1 "])
def test_a_release_is_found_by_id_or_name(spelling: str) -> None:
    found = find_release(spelling)

    assert found is not None
    assert (found[0].id, found[1].id) == ("llama", "llama-3.1")


@pytest.mark.parametrize("stranger", ["llama", "", "llama-5", "meta-llama/Llama-3.1-8B"])
def test_what_is_no_release_is_not_found(stranger: str) -> None:
    assert find_release(stranger) is None


def named(id: str, release: str = "other-1", official: str = "pen/Other-7B") -> str:
    return (
        f'[family]\nid = "{id}"\nname = "N {id}"\nversion = "1"\n[[release]]\nid = "{release}"\n'
        f'name = "{release}"\nreleased = 2025-01-01\nsource = "s"\nofficial = ["{official}"]\n'
    )


def test_a_users_file_joins_the_bundled_families(tmp_path: Path) -> None:
    found = load_families(write(tmp_path, GOOD))

    assert {one.id for one in found} == {"alpaca", *bundled_families()}
    assert [one.id for one in found] == sorted(one.id for one in found)
    assert family("ALPACA", found).name == "Alpaca"
    assert find_release("Alpaca 0", found) == (family("alpaca", found), found[0].releases[1])


def test_a_folder_holds_several_families(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(named("one"))
    two = named("two", "two-1", "pen/Two-7B")
    (tmp_path / "two.toml").write_text(two)
    (tmp_path / "notes.txt").write_text("no family")

    assert {"one", "two"} <= {one.id for one in load_families(str(tmp_path))}


def test_without_a_path_the_bundled_families_are_all() -> None:
    assert load_families(None) == all_families()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (named("llama"), "there is a family llama already"),
        (named("mine", release="llama-2"), "llama-2 is a name of the family llama already"),
        (named("llama-2", release="mine-1"), "llama-2 is a name of the family llama already"),
        (
            named("mine", official="META-LLAMA/llama-2-7b"),
            "meta-llama/llama-2-7b is a root of the family llama already",
        ),
        (
            named("mine", official="meta-llama/Meta-Llama-3.1-8B"),
            "meta-llama/meta-llama-3.1-8b is a root of the family llama already",
        ),
    ],
)
def test_a_users_family_may_not_take_what_a_bundled_one_has(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(SettingsError, match=complaint) as refusal:
        load_families(write(tmp_path, text))

    assert refusal.value.message.startswith("paddock.toml")
    assert refusal.value.hint


def test_an_empty_folder_and_a_missing_one_are_wrong_settings(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds no family"):
        load_families(tmp_path)
    with pytest.raises(SettingsError, match="there are no families at"):
        load_families(tmp_path / "nowhere")


handles = st.from_regex(r"[a-z0-9]{1,8}-[0-9]{1,2}", fullmatch=True)
repo_ids = st.from_regex(r"[A-Za-z0-9]{1,6}/[A-Za-z0-9]{1,6}(\.[0-9])?", fullmatch=True)


@st.composite
def families(draw: st.DrawFn) -> Family:
    """Draw any valid family: ids are shared out so that none stands for two things."""
    ids = draw(st.lists(repo_ids, min_size=1, max_size=24, unique_by=str.lower))
    names = draw(st.lists(handles, min_size=1, max_size=4, unique=True))
    shares = [ids[start :: len(names)] for start in range(len(names))]
    releases = tuple(
        draw(releases_of(name, share)) for name, share in zip(names, shares, strict=True) if share
    )
    return Family(draw(handles), draw(st.sampled_from(["A", "Ä b"])), "2026-01-31", releases)


@st.composite
def releases_of(draw: st.DrawFn, name: str, ids: list[str]) -> Release:
    official = ids[: draw(st.integers(0, len(ids)))]
    rest = ids[len(official) :]
    mirrors = rest[: draw(st.integers(0, len(rest)))] if official else rest
    of = st.sampled_from(official) if official else st.none()
    return Release(
        id=name,
        name=name.upper(),
        released=draw(st.dates(min_value=date(1000, 1, 1))),
        license=draw(st.none() | handles),
        official=tuple(official),
        mirrors=tuple(Reupload(id, draw(of), "drawn") for id in mirrors),
        source="drawn",
        former_names=tuple(
            FormerName(id, draw(st.sampled_from(official))) for id in rest[len(mirrors) :]
        ),
    )


def as_toml(family: Family) -> str:
    lines = ["[family]", f'id = "{family.id}"', f'name = "{family.name}"']
    lines.append(f'version = "{family.version}"')
    for release in family.releases:
        lines += ["[[release]]", f'id = "{release.id}"', f'name = "{release.name}"']
        lines += [f"released = {release.released}", 'source = "drawn"']
        lines += [f'license = "{release.license}"'] if release.license else []
        lines.append(f"official = {list(release.official)}")
        for mirror in release.mirrors:
            lines += ["[[release.mirror]]", f'id = "{mirror.id}"']
            lines += [f'of = "{mirror.of}"'] if mirror.of else []
            lines.append('source = "drawn"')
        lines.append("[release.former_names]")
        lines += [f'"{old.name}" = "{old.now}"' for old in release.former_names]
    return "\n".join(lines)


@given(drawn=families())
def test_any_valid_family_comes_back_from_its_file(
    tmp_path_factory: pytest.TempPathFactory, drawn: Family
) -> None:
    file = write(tmp_path_factory.mktemp("families"), as_toml(drawn))

    assert load_family_file(file) == drawn


@given(drawn=families(), data=st.data())
def test_a_second_use_of_any_root_is_refused(
    tmp_path_factory: pytest.TempPathFactory, drawn: Family, data: st.DataObject
) -> None:
    again = data.draw(st.sampled_from(drawn.root_repo_ids())).swapcase()
    late = Release("late", "LATE", date(2030, 1, 1), None, (again,))
    doubled = replace(drawn, releases=(*drawn.releases, late))
    file = write(tmp_path_factory.mktemp("families"), as_toml(doubled))

    with pytest.raises(SettingsError, match="and also official in late"):
        load_family_file(file)
