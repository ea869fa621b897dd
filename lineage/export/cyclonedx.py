"""A model's bill of materials as CycloneDX 1.6 JSON, its ancestors as pedigree.

Source: the CycloneDX specification, https://cyclonedx.org/docs/1.6/json/, and the package URL type
`huggingface` of the purl specification.
"""

import re
from collections.abc import Iterable
from uuid import NAMESPACE_URL, UUID, uuid5

from cyclonedx.model import ExternalReference, ExternalReferenceType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType, Pedigree
from cyclonedx.model.contact import OrganizationalContact
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.spdx import fixup_id
from packageurl import PackageURL

from lineage.analysis.verdicts import PathClaim, PathEdge, explain_trace, word_of_trace_verdict
from lineage.domain.clock import iso
from lineage.domain.escape import escape_invisible
from lineage.domain.repo_ids import is_repo_id
from lineage.export.bill_of_materials import Ancestor, Bill, Part
from lineage.store.manifest import Manifest
from lineage.version import __version__

_PUBLIC = "https://huggingface.co"
_SIGN = r"(?:[A-Za-z0-9._~/:@!$&'()+,*;=?-]|%[0-9A-Fa-f]{2})"
_WEB_ADDRESS = re.compile(rf"https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/{_SIGN}*)?(?:#{_SIGN}*)?")


def write_cyclonedx(bill: Bill, manifest: Manifest) -> str:
    """Spell a bill; same snapshot and model: same bytes. ASCII alone."""
    subject = _write_component(
        bill.subject, manifest, _list_cyclonedx_verdict_properties(bill, manifest)
    )
    subject.pedigree = Pedigree(
        ancestors=[_write_ancestor(ancestor, manifest) for ancestor in bill.ancestors],
        notes=_write_cyclonedx_notes(bill),
    )
    tool = Component(name="lineage", type=ComponentType.APPLICATION, version=__version__)
    bom = Bom(
        serial_number=_bill_serial_number(bill, manifest),
        metadata=BomMetaData(
            timestamp=manifest.origin.taken_at,
            tools=ToolRepository(components=[tool]),
            component=subject,
        ),
    )
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _bill_serial_number(bill: Bill, manifest: Manifest) -> UUID:
    # From the content and not at random: the same bill is the same bytes, and a diff shows changes.
    parts = [bill.subject, *(ancestor.part for ancestor in bill.ancestors)]
    words = [manifest.origin.endpoint, manifest.id, bill.trace.family]
    return uuid5(NAMESPACE_URL, "\n".join([*words, *map(_write_reference, parts)]))


def _write_component(part: Part, manifest: Manifest, more: Iterable[Property]) -> Component:
    owner, _, name = part.id.rpartition("/")
    author = part.author or owner
    return Component(
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=_write_reference(part),
        group=escape_invisible(owner) or None,
        name=escape_invisible(name),
        version=None if part.sha is None else escape_invisible(part.sha),
        authors=[OrganizationalContact(name=escape_invisible(author))] if author else None,
        licenses=_list_bill_licenses(part),
        purl=_write_purl(part, manifest.origin.endpoint),
        external_references=_list_bill_references(part, manifest.origin.endpoint),
        properties=[*_list_bill_facts(part), *more],
    )


def _write_ancestor(ancestor: Ancestor, manifest: Manifest) -> Component:
    properties = [_write_property("generation", str(ancestor.generation))]
    for step in ancestor.steps:
        text = f"{step.relation.value}, {step.strength.value}, of {step.child}"
        properties.append(_write_property("parent-by", text))
    return _write_component(ancestor.part, manifest, properties)


def _list_cyclonedx_verdict_properties(bill: Bill, manifest: Manifest) -> list[Property]:
    return [
        _write_property("snapshot", manifest.id),
        _write_property("source", manifest.origin.endpoint),
        _write_property("family", bill.trace.family),
        _write_property("descends", word_of_trace_verdict(bill.trace)),
        *(_write_property("root", root.root or root.release) for root in bill.trace.roots),
    ]


def _list_bill_facts(part: Part) -> list[Property]:
    """Return what CycloneDX has no field for; unknown values are omitted."""
    root = part.root
    facts = {
        "hub-key": part.key,
        "listed": "true" if part.listed else "false",
        "created-at": None if part.created_at is None else iso(part.created_at),
        "modified-at": None if part.modified_at is None else iso(part.modified_at),
        "library": part.library,
        "pipeline": part.pipeline,
        "model-type": part.model_type,
        "license-tag": part.license,
        "license-link": part.license_link,
        "release": None if root is None else root.release,
        "official": None if root is None else str(root.official).lower(),
    }
    return [_write_property(name, value) for name, value in facts.items() if value is not None]


def _write_property(name: str, value: str) -> Property:
    return Property(name=f"lineage:{name}", value=escape_invisible(value))


def _list_bill_licenses(part: Part) -> list[DisjunctiveLicense] | None:
    """Return the license as SPDX knows it, else under the name that the author gave it."""
    # Validators accept as an id what SPDX lists, and nothing else.
    url = _read_bill_web_address(part.license_link or "")
    if (spdx := fixup_id(part.license or "")) is not None:
        return [DisjunctiveLicense(id=spdx, url=url)]
    own_name = part.license_name if part.license in (None, "other") else part.license
    name = own_name or part.license
    return [DisjunctiveLicense(name=escape_invisible(name), url=url)] if name else None


def _list_bill_references(part: Part, endpoint: str) -> list[ExternalReference]:
    # A name that cannot be a repository has no page, and a link to it would lead to somebody
    # else's.
    if not is_repo_id(part.id) or (url := _read_bill_web_address(f"{endpoint}/{part.id}")) is None:
        return []
    return [ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=url)]


def _read_bill_web_address(link: str) -> XsUri | None:
    """Return a plain web address; None for any other link, whatever it may be."""
    # An author's link may be anything, `javascript:` too; without it a bill is still true.
    return XsUri(link) if _WEB_ADDRESS.fullmatch(link) else None


def _write_purl(part: Part, endpoint: str) -> PackageURL | None:
    if not is_repo_id(part.id):
        return None
    owner, _, name = part.id.rpartition("/")
    elsewhere = {} if endpoint == _PUBLIC else {"repository_url": endpoint}
    return PackageURL("huggingface", owner or None, name, part.sha, elsewhere)


def _write_reference(part: Part) -> str:
    return escape_invisible(part.key or f"name:{part.id}")


def _write_cyclonedx_notes(bill: Bill) -> str:
    """Return the verdict, then each edge with its claims, a line each."""
    steps = [step for ancestor in bill.ancestors for step in ancestor.steps]
    return "\n".join(
        [escape_invisible(explain_trace(bill.trace)), *(_write_note(step) for step in steps)]
    )


def _write_note(step: PathEdge) -> str:
    claims = "; ".join(map(_spell_bill_claim, step.evidence))
    how = f"{step.relation.value}, {step.strength.value}"
    return escape_invisible(f"{step.child} <- {step.parent} ({how}) {claims}".rstrip())


def _spell_bill_claim(claim: PathClaim) -> str:
    words = None if claim.quote is None else f'"{claim.quote}"'
    return f"{claim.rule}: {', '.join(text for text in (words, claim.source, claim.url) if text)}"
