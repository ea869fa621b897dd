"""Bills of materials: valid by CycloneDX's own schema, the same bytes each time, harmless."""

import json
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from click.testing import CliRunner

from lineage.analysis.verdicts import (
    ModelOrigin,
    PathClaim,
    PathEdge,
    PathRoot,
    Trace,
    VerdictReason,
)
from lineage.cli.main import lineage
from lineage.domain.claims import Relation, Strength
from lineage.domain.escape import escape_invisible
from lineage.export.bill_of_materials import Ancestor, Bill, Part
from lineage.export.cyclonedx import write_cyclonedx
from lineage.store.reader import Snapshot
from tests.unit.cli.drawn import ID, manifest
from tests.unit.export.exported import ATTACKS

BASE = Part(
    "meta-llama/Llama-2-7b-hf",
    "b" * 24,
    True,
    PathRoot("meta-llama/Llama-2-7b-hf", "Llama 2", "llama", True),
    created_at=datetime(2023, 7, 13, 16, 16, 13, tzinfo=UTC),
    license="llama2",
    license_link="https://example.org/LICENSE.txt",
    author="meta-llama",
    sha="c" * 40,
)
CHILD = Part("owner/tuned", "a" * 24, True, license="apache-2.0", author="owner")
STEP = PathEdge(
    BASE.id,
    CHILD.id,
    Relation.FINETUNE,
    Strength.CONFIRMED,
    (PathClaim("hub", f"base: {BASE.id}"),),
)


def a_bill(subject: Part = CHILD, above: Part = BASE, step: PathEdge = STEP) -> Bill:
    step = replace(step, parent=above.id)
    trace = Trace(
        subject.id,
        subject.id,
        subject.key,
        ID,
        "llama",
        True,
        VerdictReason.DECLARED_PATH,
        ModelOrigin.SNAPSHOT,
        (PathRoot(above.id, "Llama 2", "llama", True),),
        ((step,),),
    )
    return Bill(subject, trace, (Ancestor(above, 1, (step,)),))


@cache
def strict_validator() -> Any:
    """CycloneDX's own, which takes seconds to load: only where a bill is read, and once."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_6)


def read(bill: Bill) -> Any:
    """The document, after CycloneDX's strict validator has seen it."""
    text = write_cyclonedx(bill, manifest())
    problem = strict_validator().validate_str(text)
    assert problem is None, problem
    return json.loads(text)


def properties(component: Any) -> dict[str, str]:
    return {one["name"].removeprefix("lineage:"): one["value"] for one in component["properties"]}


def test_a_model_comes_with_its_ancestors() -> None:
    subject = read(a_bill())["metadata"]["component"]
    assert (subject["type"], subject["group"], subject["name"]) == (
        "machine-learning-model",
        "owner",
        "tuned",
    )
    (above,) = subject["pedigree"]["ancestors"]
    assert above["purl"] == f"pkg:huggingface/meta-llama/Llama-2-7b-hf@{'c' * 40}"
    assert properties(above)["parent-by"] == "finetune, confirmed, of owner/tuned"
    assert properties(above)["release"] == "Llama 2"
    assert f'hub: "base: {BASE.id}"' in subject["pedigree"]["notes"]


def test_a_license_is_named_as_spdx_does_where_spdx_knows_it() -> None:
    subject = read(a_bill())["metadata"]["component"]
    assert subject["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    (above,) = subject["pedigree"]["ancestors"]
    named = {"name": "llama2", "url": "https://example.org/LICENSE.txt"}
    assert above["licenses"] == [{"license": named}]


@pytest.mark.parametrize(
    ("license", "name", "said"),
    [
        ("other", "llama-3-community", "llama-3-community"),
        ("other", None, "other"),
        (None, "mine", "mine"),
    ],
)
def test_another_license_goes_by_its_own_name(
    license: str | None, name: str | None, said: str
) -> None:
    part = replace(CHILD, license=license, license_name=name)
    found = read(a_bill(part))["metadata"]["component"]["licenses"]
    assert found == [{"license": {"name": said}}]


def test_what_nobody_declared_is_left_out() -> None:
    part = Part("gone/elder", "name:gone/elder", False)
    found = read(a_bill(above=part))["metadata"]["component"]["pedigree"]["ancestors"][0]
    assert "licenses" not in found
    assert "version" not in found
    assert properties(found)["listed"] == "false"


def test_the_same_bill_is_the_same_bytes() -> None:
    assert write_cyclonedx(a_bill(), manifest()) == write_cyclonedx(a_bill(), manifest())
    other = write_cyclonedx(a_bill(above=replace(BASE, key="d" * 24)), manifest())
    assert json.loads(other)["serialNumber"] != read(a_bill())["serialNumber"]


def test_a_bill_is_dated_by_its_snapshot() -> None:
    assert read(a_bill())["metadata"]["timestamp"] == "2026-11-21T06:00:00+00:00"


def test_a_mirror_of_the_hub_is_named() -> None:
    text = write_cyclonedx(a_bill(), manifest("https://hub.example"))
    purl = json.loads(text)["metadata"]["component"]["purl"]
    assert purl == "pkg:huggingface/owner/tuned?repository_url=https://hub.example"


@pytest.mark.parametrize("attack", ATTACKS)
def test_strangers_words_stay_words(attack: str) -> None:
    words = dict.fromkeys(
        ["license", "license_name", "author", "library", "pipeline", "model_type", "sha"], attack
    )
    part = Part(f"owner/{attack}", attack, True, license_link=attack, **words)  # type: ignore[arg-type]
    step = PathEdge(
        part.id, CHILD.id, Relation.MERGE, Strength.DECLARED, (PathClaim("card", attack),)
    )
    text = write_cyclonedx(a_bill(CHILD, part, step), manifest())
    assert not {one for one in text if unicodedata.category(one)[0] == "C"} - {"\n"}
    above = read(a_bill(CHILD, part, step))["metadata"]["component"]["pedigree"]["ancestors"][0]
    assert properties(above)["library"] == escape_invisible(attack)
    assert "purl" not in above
    assert "externalReferences" not in above


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "LICENSE",
        'https://x.example/ "<>\\^`{|}\n\u202e🦙',
        "https://[half",
        "http://",
        "https://x.example/%zz#a#b",
        "data:text/html,x",
    ],
)
def test_no_link_that_is_none_is_one(link: str) -> None:
    license = read(a_bill(replace(CHILD, license_link=link)))["metadata"]["component"]["licenses"]
    url = license[0]["license"].get("url", "")
    assert not url or url.startswith("http")
    assert url.isascii()
    assert not set(url) & set(' "<>\\^`{|}\n')


@pytest.mark.parametrize("least", ["inferred", "declared", "confirmed"])
def test_every_bill_of_the_corpus_is_valid(corpus_snapshot: Snapshot, least: str) -> None:
    asked = ["export", "cyclonedx", "--min-strength", least]
    asked += ["--store", corpus_snapshot.files.location]
    for model in ("lmsys/vicuna-7b-v1.3", "databricks/dolly-v2-12b", "mlabonne/Monarch-7B"):
        told = CliRunner().invoke(lineage, [*asked, model])
        assert told.exit_code == 0, told.output
        assert strict_validator().validate_str(told.stdout) is None
