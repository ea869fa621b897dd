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

from lineage.analysis.reasons import explain_trace, verdict_word
from lineage.analysis.verdicts import PathClaim, PathEdge
from lineage.domain.clock import iso
from lineage.domain.escape import visible
from lineage.domain.repo_ids import is_repo_id
from lineage.export.bill_of_materials import Ancestor, Bill, Part
from lineage.store.manifest import Manifest
from lineage.version import __version__

_PUBLIC = "https://huggingface.co"
_SIGN = r"(?:[A-Za-z0-9._~/:@!$&'()+,*;=?-]|%[0-9A-Fa-f]{2})"
_WEB_ADDRESS = re.compile(rf"https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/{_SIGN}*)?(?:#{_SIGN}*)?")


def cyclonedx(bill: Bill, manifest: Manifest) -> str:
    """Spell a bill; same snapshot and model: same bytes. ASCII alone."""
    subject = _component(bill.subject, manifest, _verdict(bill, manifest))
    subject.pedigree = Pedigree(
        ancestors=[_ancestor(one, manifest) for one in bill.ancestors], notes=_notes(bill)
    )
    tool = Component(name="lineage", type=ComponentType.APPLICATION, version=__version__)
    bom = Bom(
        serial_number=_serial_number(bill, manifest),
        metadata=BomMetaData(
            timestamp=manifest.origin.taken_at,
            tools=ToolRepository(components=[tool]),
            component=subject,
        ),
    )
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _serial_number(bill: Bill, manifest: Manifest) -> UUID:
    parts = [_ref(one) for one in (bill.subject, *(each.part for each in bill.ancestors))]
    told = [manifest.origin.endpoint, manifest.id, bill.trace.family, *parts]
    return uuid5(NAMESPACE_URL, "\n".join(told))


def _component(part: Part, manifest: Manifest, more: Iterable[Property]) -> Component:
    owner, _, name = part.id.rpartition("/")
    author = part.author or owner
    return Component(
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=_ref(part),
        group=visible(owner) or None,
        name=visible(name),
        version=None if part.sha is None else visible(part.sha),
        authors=[OrganizationalContact(name=visible(author))] if author else None,
        licenses=_licenses(part),
        purl=_purl(part, manifest.origin.endpoint),
        external_references=_references(part, manifest.origin.endpoint),
        properties=[*_known(part), *more],
    )


def _ancestor(ancestor: Ancestor, manifest: Manifest) -> Component:
    told = [_property("generation", str(ancestor.generation))]
    for step in ancestor.steps:
        text = f"{step.relation.value}, {step.strength.value}, of {step.child}"
        told.append(_property("parent-by", text))
    return _component(ancestor.part, manifest, told)


def _verdict(bill: Bill, manifest: Manifest) -> list[Property]:
    return [
        _property("snapshot", manifest.id),
        _property("source", manifest.origin.endpoint),
        _property("family", bill.trace.family),
        _property("descends", verdict_word(bill.trace)),
        *(_property("root", root.root) for root in bill.trace.roots),
    ]


def _known(part: Part) -> list[Property]:
    """Return what CycloneDX has no field for; unknown values are left out."""
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
    return [_property(name, value) for name, value in facts.items() if value is not None]


def _property(name: str, value: str) -> Property:
    return Property(name=f"lineage:{name}", value=visible(value))


def _licenses(part: Part) -> list[DisjunctiveLicense] | None:
    """Return the license as SPDX knows it, else under the name that the author gave it."""
    url = _url(part.license_link or "")
    if (spdx := fixup_id(part.license or "")) is not None:
        return [DisjunctiveLicense(id=spdx, url=url)]
    named = part.license_name if part.license in (None, "other") else part.license
    name = named or part.license
    return [DisjunctiveLicense(name=visible(name), url=url)] if name else None


def _references(part: Part, endpoint: str) -> list[ExternalReference]:
    if not is_repo_id(part.id) or (url := _url(f"{endpoint}/{part.id}")) is None:
        return []
    return [ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=url)]


def _url(link: str) -> XsUri | None:
    """Return a plain web address; None for any other link, whatever it may be."""
    return XsUri(link) if _WEB_ADDRESS.fullmatch(link) else None


def _purl(part: Part, endpoint: str) -> PackageURL | None:
    if not is_repo_id(part.id):
        return None
    owner, _, name = part.id.rpartition("/")
    elsewhere = {} if endpoint == _PUBLIC else {"repository_url": endpoint}
    return PackageURL("huggingface", owner or None, name, part.sha, elsewhere)


def _ref(part: Part) -> str:
    return visible(part.key or f"name:{part.id}")


def _notes(bill: Bill) -> str:
    """Return the verdict, then each edge with its claims, a line each."""
    steps = [step for ancestor in bill.ancestors for step in ancestor.steps]
    return "\n".join([visible(explain_trace(bill.trace)), *(_note(step) for step in steps)])


def _note(step: PathEdge) -> str:
    said = "; ".join(_voice(voice) for voice in step.evidence)
    how = f"{step.relation.value}, {step.strength.value}"
    return visible(f"{step.child} <- {step.parent} ({how}) {said}".rstrip())


def _voice(voice: PathClaim) -> str:
    words = None if voice.quote is None else f'"{voice.quote}"'
    return f"{voice.rule}: {', '.join(text for text in (words, voice.source, voice.url) if text)}"
