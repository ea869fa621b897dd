"""Every route of the API, and the OpenAPI document that is made of them and their schemas."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import fields

from lineage.serve import operations
from lineage.serve.operations import CYCLONEDX, Question, Reply
from lineage.serve.parameters import (
    BatchBody,
    BomQuery,
    CheckBody,
    CountsQuery,
    FamilyQuery,
    PageQuery,
    SearchQuery,
    SnapshotQuery,
    TreeQuery,
    TrendQuery,
    parameter_schemas,
)
from lineage.version import __version__


@dataclass(frozen=True, slots=True)
class Operation:
    """One route of the API."""

    name: str
    path: str
    """`{subject}` stands for any spelling of a subject, slashes included."""
    query: type[SnapshotQuery]
    """What it takes: of a GET behind the question mark, of a POST as its body."""
    answer: Callable[[Question], Reply] = field(repr=False)
    summary: str
    example: str = ""
    """A subject that the bundled registry has."""
    method: str = "GET"
    headers: Sequence[str] = ()
    media_type: str = "application/json"
    is_quick: bool = False
    """Whether it is looked up, and must not wait behind what takes long."""


_MODEL, _FAMILY = "/api/models/{subject}", "/api/families/{subject}"
_LLAMA_2 = "meta-llama/Llama-2-7b-hf"
_PURL = f"pkg:huggingface/{_LLAMA_2}"

# fmt: off
OPERATIONS: Sequence[Operation] = (
    Operation("list_snapshots", "/api/snapshots", SnapshotQuery, operations.answer_snapshots,
              "Every snapshot, newest last.", is_quick=True),
    Operation("show_snapshot", "/api/snapshots/{subject}", SnapshotQuery,
              operations.answer_snapshot,
              "What one snapshot says of itself: an ID, `latest`, or a date.", "latest",
              is_quick=True),
    Operation("search", "/api/search", SearchQuery, operations.answer_search,
              "Models, authors and families by letters: exact names, beginnings, then the rest.",
              is_quick=True),
    Operation("count_derivatives", f"{_MODEL}/counts", CountsQuery, operations.answer_counts,
              "How many models descend from it; every number with its definition.", _LLAMA_2),
    Operation("list_derivatives", f"{_MODEL}/derivatives", PageQuery,
              operations.answer_derivatives,
              "Exactly the models that `counts` counts, in the order of the snapshot.", _LLAMA_2,
              headers=("Link",)),
    Operation("trace_model", f"{_MODEL}/lineage", FamilyQuery, operations.answer_lineage,
              "Whether it descends from a family, by which paths, and on whose evidence.",
              _LLAMA_2),
    Operation("bill_of_materials", f"{_MODEL}/bom", BomQuery, operations.answer_bom,
              "Its bill of materials: CycloneDX 1.6, ancestors as pedigree.", _LLAMA_2,
              media_type=CYCLONEDX),
    Operation("model_trend", f"{_MODEL}/trend", TrendQuery, operations.answer_model_trend,
              "How many models descended from it in each snapshot.", _LLAMA_2),
    Operation("describe_model", _MODEL, FamilyQuery, operations.answer_model,
              "Record, names, availability, counts and verdict of one model.", _LLAMA_2),
    Operation("list_families", "/api/families", SnapshotQuery, operations.answer_families,
              "Every family of the registry, with the number of its entries.", is_quick=True),
    Operation("count_family", f"{_FAMILY}/counts", CountsQuery, operations.answer_family_counts,
              "How many models descend from a family, or a release as `family/release`.", "llama"),
    Operation("family_trend", f"{_FAMILY}/trend", TrendQuery, operations.answer_trend,
              "How many models descended from a family in each snapshot.", "llama"),
    Operation("family_tree", f"{_FAMILY}/tree", TreeQuery, operations.answer_tree,
              "What lies below a family or a release, pruned.", "llama"),
    Operation("describe_family", _FAMILY, SnapshotQuery, operations.answer_family,
              "All that the registry knows of a family or a release, with its sources.", "llama",
              is_quick=True),
    Operation("find_package", "/api/purl/{subject}", SnapshotQuery,
              operations.answer_package_address,
              "Sends a package address, `pkg:huggingface/owner/name@revision`, to its model.",
              _PURL, headers=("Location",), is_quick=True),
    Operation("ask_many", "/api/batch", BatchBody, operations.answer_batch,
              "Counts and lineage of up to 1,000 subjects.", method="POST"),
    Operation("check_models", "/api/check", CheckBody, operations.answer_check,
              "Holds up to 1,000 models against rules on their ancestors, roots and licenses.",
              method="POST"),
)
# fmt: on

_ERROR = {
    "type": "object",
    "required": ["error", "hint"],
    "properties": {
        "error": {"type": "string", "description": "What is wrong, in one sentence."},
        "hint": {"type": "string", "description": "What to do about it."},
        "candidates": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Subjects that may be meant, the best first.",
        },
    },
}
_STATUSES = {
    "400": "A parameter, a body or a subject is wrong; the hint says what is allowed.",
    "404": "An unknown name, release or snapshot.",
    "405": "Another method than the one described.",
    "413": "A body over the limit.",
    "503": "No snapshot yet, too many questions, or no answer within the time limit.",
}


def make_openapi() -> dict[str, Any]:
    """Return the document, OpenAPI 3.1."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _describe_route(operation)
    for path, summary, media_type in (
        ("/openapi.json", "This document.", "application/json"),
        ("/healthz", "Whether there is a snapshot to answer from.", "application/json"),
        ("/metrics", "Requests, latency and snapshot age for Prometheus.", "text/plain"),
    ):
        answer = {"description": summary, "content": {media_type: {"schema": {}}}}
        name = path.strip("/").replace(".", "_")
        responses = {"200": answer} | {
            status: _describe_route_error(status) for status in ("405", "503")
        }
        paths[path] = {"get": {"operationId": name, "summary": summary, "responses": responses}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "lineage",
            "version": __version__,
            "summary": "Which model descends from which on the Hugging Face Hub.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": {"Error": _ERROR}},
    }


def _describe_route(operation: Operation) -> dict[str, Any]:
    document: dict[str, Any] = {"operationId": operation.name, "summary": operation.summary}
    parameters: list[dict[str, Any]] = []
    if "{subject}" in operation.path:
        parameters.append(
            {
                "name": "subject",
                "in": "path",
                "required": True,
                "description": "A subject; its slashes may stand as they are.",
                "schema": {"type": "string", "minLength": 1},
                "example": operation.example,
            }
        )
    schemas = parameter_schemas(operation.query)
    required = [it.name for it in fields(operation.query) if it.required]
    if operation.method == "GET":
        for name, schema in schemas.items():
            parameters.append(_describe_parameter(name, schema, required=name in required))
    else:
        body = {
            "type": "object",
            "properties": schemas,
            "required": required,
            "additionalProperties": False,
        }
        document["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": body}},
        }
    if parameters:
        document["parameters"] = parameters
    document["responses"] = {
        **_describe_success_response(operation),
        **_list_error_responses(operation),
    }
    return document


def _describe_parameter(name: str, schema: Mapping[str, Any], *, required: bool) -> dict[str, Any]:
    parts = [it for it in schema.get("anyOf", ()) if it != {"type": "null"}]
    plain = {key: it for key, it in schema.items() if key not in ("anyOf", "default")}
    plain = {**parts[0], **plain} if parts else plain
    if schema.get("default") is not None:
        plain["default"] = schema["default"]
    description = plain.pop("description", "")
    parameter = {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "schema": plain,
    }
    if plain.get("type") == "array":
        parameter |= {"style": "form", "explode": False}
    return parameter


def _describe_success_response(operation: Operation) -> dict[str, Any]:
    if operation.name == "find_package":
        headers = {"Location": {"schema": {"type": "string"}}}
        return {"302": {"description": "Where the model is.", "headers": headers}}
    media_type = operation.media_type.partition(";")[0]
    headers = {"ETag": {"schema": {"type": "string"}}} if operation.method == "GET" else {}
    headers |= {name: {"schema": {"type": "string"}} for name in operation.headers}
    schema = {"type": ["object", "array"]}
    answer: dict[str, Any] = {
        "description": operation.summary,
        "content": {media_type: {"schema": schema}},
    }
    if not headers:
        return {"200": answer}
    unchanged = {"description": "It is what the client has already: If-None-Match."}
    return {"200": answer | {"headers": headers}, "304": unchanged}


def _list_error_responses(operation: Operation) -> dict[str, Any]:
    return {
        status: _describe_route_error(status)
        for status in _STATUSES
        if status != "413" or operation.method == "POST"
    } | ({"501": _describe_route_error("501")} if operation.name == "bill_of_materials" else {})


def _describe_route_error(status: str) -> dict[str, Any]:
    reference = {"$ref": "#/components/schemas/Error"}
    return {
        "description": _STATUSES.get(status, "An optional part of the server is missing."),
        "headers": {"X-Error-Code": {"schema": {"type": "string"}}},
        "content": {"application/json": {"schema": reference}},
    }
