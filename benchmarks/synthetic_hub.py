"""Writes the recorded pages of a made-up Hub of three million models, to crawl `--offline`.

`python -m benchmarks.synthetic_hub CACHE` fills a cache folder as a crawl of https://huggingface.co
would. Who descends from whom comes from `benchmarks.synthetic_graph`; the proportions are those
recorded of the Hub in October 2026: 3,117,871 models, of these about 15 % adapters, 120,903
adapters that name their base in their own configuration alone, 53,368 cards with a former name.
No name, key or number in it is real.
"""

import argparse
import base64
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.synthetic_graph import SyntheticGraph, synthetic_graph
from lineage.domain.arrays import Int64s, Mask, Nodes
from lineage.domain.clock import SystemClock
from lineage.http.client import request_text
from lineage.http.page_log import PageLogs
from lineage.sources.hub import FULL_PARAMS, LISTING, PAGE_SIZE

MODELS = 3_118_000
ENDPOINT = "https://huggingface.co"
SILENT_ADAPTERS = 120_903 / 3_117_871
FORMER_NAMES = 53_368 / 3_117_871
UNDATED = 0.02

FIRST_SECOND, LAST_SECOND = 1_646_263_744, 1_795_219_200
"""2022-03-02T23:29:04Z, the Hub's constant for "unknown", and 2026-11-21."""

RELATIONS = ("adapter", "merge", "quantized", "finetune", None)
STEMS = (
    *("Llama-3.1-8B-Instruct", "qwen2.5-7b-sft", "mistral-7b-dpo", "bert-base-finetuned-emotion"),
    *("gemma-2-9b-it", "whisper-small", "sd-lora", "distilbert-imdb", "Phi-3.5-mini", "t5-summary"),
)
LIBRARIES = ("transformers", "peft", "diffusers", "gguf", "sentence-transformers", "")
PIPELINES = ("text-generation", "text-to-image", "text-classification", "fill-mask", "")
LICENSES = ("apache-2.0", "mit", "llama3.1", "other", "gemma", "")
GATED = ("false", '"auto"', '"manual"')
ARCHITECTURES = ("Llama", "Qwen2", "Mistral", "Bert", "Gemma2", "")
MORE_TAGS = (
    '"safetensors","text-generation-inference","conversational","endpoints_compatible"',
    '"tensorboard","generated_from_trainer","dataset:imdb","autotrain_compatible"',
    '"pytorch","en","arxiv:1910.09700","endpoints_compatible"',
    '"gguf","imatrix","conversational"',
)
PROSE = 5 * "a made-up card, about as long as what authors write in their front matter; "


@dataclass(frozen=True, slots=True)
class Models:
    """The columns of every model, oldest first."""

    graph: SyntheticGraph
    first_edge: Int64s
    """Parents of model i are parent[first_edge[i] : first_edge[i + 1]]."""
    parent: Nodes
    author: Nodes
    second: Int64s
    is_silent: Mask
    """An adapter whose configuration alone names its base."""
    has_old_name: Mask
    """Its card calls the parent by a former name."""

    def id(self, model: int) -> str:
        return f"maker-{self.author[model]}/{STEMS[model % len(STEMS)]}-{model}"

    def former_id(self, model: int) -> str:
        return f"maker-{self.author[model]}/Meta-{STEMS[model % len(STEMS)]}-{model}"

    def key(self, model: int) -> str:
        """Return a key that begins with the creation, as the Hub's do, and rises with it."""
        mixed = model * 2_654_435_761 % 2**32
        return f"{self.second[model]:08x}{model:08x}{mixed:08x}"


def made_up_models(count: int, seed: int = 20261121) -> Models:
    """Return the columns of so many models; the same for the same seed."""
    rng = np.random.default_rng(seed)
    graph = synthetic_graph(count, seed)
    order = np.argsort(graph.child, kind="stable")
    edges = np.bincount(graph.child, minlength=count)
    age = np.sort(rng.random(count)) ** 0.6
    second = FIRST_SECOND + (age * (LAST_SECOND - FIRST_SECOND)).astype(np.int64)
    second[: int(count * UNDATED)] = FIRST_SECOND
    adapters = np.flatnonzero((graph.kind == 0) & (edges == 1))
    silent = rng.choice(adapters, size=int(count * SILENT_ADAPTERS), replace=False)
    is_silent = np.zeros(count, dtype=np.bool_)
    is_silent[silent] = True
    speaks = np.flatnonzero((edges > 0) & ~is_silent)
    has_old_name = np.zeros(count, dtype=np.bool_)
    has_old_name[rng.choice(speaks, size=int(count * FORMER_NAMES), replace=False)] = True
    return Models(
        graph=graph,
        first_edge=np.concatenate(([0], np.cumsum(edges))),
        parent=graph.parent[order],
        author=(count * 0.3 * rng.random(count) ** 3).astype(np.int32),
        second=second,
        is_silent=is_silent,
        has_old_name=has_old_name,
    )


def bodies(models: Models, page_size: int = PAGE_SIZE, seed: int = 1) -> Iterator[bytes]:
    """Yield the pages of the listing as the Hub would send them, oldest model first."""
    rng = np.random.default_rng(seed)
    for start in range(0, models.graph.nodes, page_size):
        numbers = range(start, min(start + page_size, models.graph.nodes))
        yield f"[{','.join(_rows(models, numbers, rng))}]".encode()


def write_pages(
    cache: Path,
    models: Models,
    identity: Mapping[str, str],
    path: str = LISTING,
    params: Sequence[tuple[str, str]] = FULL_PARAMS,
) -> int:
    """Record the whole walk in a new page log under the cache; return the bytes of its bodies."""
    log = PageLogs(cache / "pages", SystemClock()).begin_page_log(identity)
    request, size, seen = request_text(path, params), 0, 0
    for body in bodies(models):
        seen = min(seen + PAGE_SIZE, models.graph.nodes)
        headers = {"content-type": "application/json; charset=utf-8"}
        mark = f'{{"_id":{{"$gt":"{models.key(seen - 1)}"}}}}'
        cursor = base64.b64encode(mark.encode()).decode()
        following = request_text(path, (*params, ("cursor", cursor)))
        if seen < models.graph.nodes:
            headers["link"] = f'<{ENDPOINT}{following}>; rel="next"'
        log.put_logged_page(request, headers, body)
        request, size = following, size + len(body)
    return size


def _rows(models: Models, numbers: range, rng: np.random.Generator) -> Iterator[str]:
    """Yield rows as JSON; nothing in them needs escaping."""
    count = len(numbers)
    seconds = models.second[numbers.start : numbers.stop]
    created = np.datetime_as_string(seconds.astype("datetime64[s]")).tolist()
    changed = np.minimum(seconds + rng.integers(0, 10**7, count), LAST_SECOND)
    modified = np.datetime_as_string(changed.astype("datetime64[s]")).tolist()
    downloads = np.where(rng.random(count) < 0.7, 0, rng.pareto(0.6, count) * 5)
    pulls = np.minimum(downloads, 1e9).astype(np.int64).tolist()
    likes = np.minimum(rng.pareto(1.2, count), 10**4).astype(np.int64).tolist()
    gated = rng.choice(GATED, count, p=(0.983, 0.006, 0.011)).tolist()
    shas = rng.bytes(20 * count).hex()
    library, pipeline, license, architecture, more = (
        rng.choice(values, count).tolist()
        for values in (LIBRARIES, PIPELINES, LICENSES, ARCHITECTURES, MORE_TAGS)
    )
    prose = rng.integers(0, len(PROSE), count).tolist()
    for at, model in enumerate(numbers):
        id = models.id(model)
        base, base_tags, card_base, peft = _parents(models, model)
        card = f"{card_base}{_named('license', license[at])}"
        config = peft or _architecture(architecture[at])
        license_tag = f',"license:{license[at]}"' if license[at] else ""
        yield (
            f'{{"_id":"{models.key(model)}","id":"{id}","author":"{id.partition("/")[0]}"{base},'
            f'"cardData":{{"language":["en"],"summary":"{PROSE[: prose[at]]}"{card}}}{config},'
            f'"createdAt":"{created[at]}.000Z","disabled":false,"downloads":{pulls[at]},'
            f'"downloadsAllTime":{pulls[at] * 7},"gated":{gated[at]},'
            f'"lastModified":"{modified[at]}.000Z","likes":{likes[at]},"private":false'
            f"{_named('library_name', library[at])}{_named('pipeline_tag', pipeline[at])},"
            f'"sha":"{shas[at * 40 : at * 40 + 40]}",'
            f'"tags":[{more[at]}{_tag(library[at])}{_tag(pipeline[at])}{base_tags}{license_tag},'
            f'"region:us"]}}'
        )


def _parents(models: Models, model: int) -> tuple[str, str, str, str]:
    """Return `baseModels`, tags, the card's `base_model` and the adapter's config, as JSON."""
    start, end = models.first_edge[model : model + 2].tolist()
    if start == end:
        return "", "", "", ""
    parents = list(dict.fromkeys(models.parent[start:end].tolist()))
    ids = [models.id(parent) for parent in parents]
    relation = RELATIONS[models.graph.kind[model]]
    peft = ""
    if relation == "adapter":
        peft = f',"config":{{"peft":{{"base_model_name_or_path":"{ids[0]}"}}}}'
    if models.is_silent[model]:
        return "", "", "", peft
    written = ids
    if models.has_old_name[model]:
        written = [models.former_id(parents[0]), *ids[1:]]
    quoted = ",".join(f'"{id}"' for id in written)
    card = f',"base_model":[{quoted}]'
    tags = "".join(f',"base_model:{id}"' for id in ids)
    if relation is None:
        return "", tags, card, peft
    tags += "".join(f',"base_model:{relation}:{id}"' for id in ids)
    listed = ",".join(
        f'{{"_id":"{models.key(parent)}","id":"{id}"}}'
        for parent, id in zip(parents, ids, strict=True)
    )
    base = f',"baseModels":{{"relation":"{relation}","models":[{listed}]}}'
    return base, tags, card, peft


def _architecture(name: str) -> str:
    if not name:
        return ""
    return (
        f',"config":{{"architectures":["{name}ForCausalLM"],"model_type":"{name.lower()}",'
        '"tokenizer_config":{"bos_token":"<s>","eos_token":"</s>","pad_token":null}}'
    )


def _named(field: str, value: str) -> str:
    return f',"{field}":"{value}"' if value else ""


def _tag(value: str) -> str:
    return f',"{value}"' if value else ""


def main() -> None:
    """Write the pages and say how many bytes in how many seconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--models", type=int, default=MODELS)
    arguments = parser.parse_args()
    start = time.perf_counter()
    models = made_up_models(arguments.models)
    made = time.perf_counter() - start
    asked = "&".join(f"{name}={value}" for name, value in FULL_PARAMS)
    identity = {"endpoint": ENDPOINT, "asked": asked, "below": ""}
    size = write_pages(arguments.cache, models, identity)
    seconds = time.perf_counter() - start
    print(f"{arguments.models:,} models in {seconds:.0f} s, {made:.0f} s of it for the columns")
    print(f"{size / arguments.models:.0f} bytes a row, {size / 1e9:.2f} GB in all")


if __name__ == "__main__":
    main()
