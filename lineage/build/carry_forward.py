"""What a draft takes from the snapshots before it: whom it learns from, and what it keeps."""

from collections.abc import Sequence
from functools import partial
from itertools import islice

from lineage.build.burial import Earlier
from lineage.build.carrying import Kept, carry_unread
from lineage.build.context import Publication
from lineage.build.derived_tables import giving_keys
from lineage.build.draft import Draft
from lineage.domain.families import Family
from lineage.domain.opt_outs import OptOuts
from lineage.store.manifest import Manifest, Origin, SnapshotKind
from lineage.store.opt_outs import known_to
from lineage.store.previous import heard_by
from lineage.store.reader import Snapshot


def past_of(origin: Origin, into: Publication, onto: Snapshot | None) -> list[Earlier]:
    """Return the snapshots that a draft learns from, the newest first.

    Only those that are as they were published: what is damaged proves nothing. A dump, or a walk
    below one base, proves nobody missing, and asks the newest alone.
    """
    taken_at = origin.taken_at if origin.kind is SnapshotKind.FULL else None
    unharmed = partial(_is_unharmed, into, onto)
    heard = heard_by(taken_at, into.store.beside(origin), unharmed)
    if origin.kind in (SnapshotKind.DUMP, SnapshotKind.BELOW):
        heard = islice(heard, 1)
    return [Earlier(into.store.snapshot(one.manifest.id), one.missed_at) for one in heard]


def _is_unharmed(into: Publication, onto: Snapshot | None, manifest: Manifest) -> bool:
    if onto is not None and onto.id == manifest.id:
        return True  # whoever chose it has looked
    if found := into.store.problems(manifest.id):
        into.progress.say(f"Snapshot {manifest.id} is damaged and passed over: {found[0]}.")
    return not found


def forgotten_by(past: Sequence[Earlier], into: Publication) -> OptOuts:
    """Return who is left out, under every name that the past and the registry know."""
    opt_outs = into.opt_outs
    for one in past:
        opt_outs = known_to(one.snapshot, opt_outs)
    return _all_names(opt_outs, into.families)


def _all_names(opt_outs: OptOuts, families: Sequence[Family]) -> OptOuts:
    """Add what the registry knows: the name now beside each former one."""
    names: dict[str, str] = {}
    for former in (one for family in families for one in family.former_names()):
        listed = opt_outs.behind(former.name) or opt_outs.behind(former.now)
        if listed is not None:
            names |= {former.name: listed, former.now: listed}
    return opt_outs.and_also({}, names)


def make_whole(
    draft: Draft, onto: Snapshot | None, past: Sequence[Earlier], into: Publication
) -> None:
    """Take over what this walk did not read: what did not change, and what could not be read.

    The rules that knew a key keep it, others are asked again.
    """
    kept = Kept(
        giving_keys(into.rules),
        [rule.name for rule in into.rules if rule.infers],
        into.opt_outs,
    )
    if draft.origin.kind is not SnapshotKind.BELOW:
        carry_unread(draft, (one.snapshot for one in past), kept, onto)
    if onto is not None:
        into.progress.begin("lay the changes over the last snapshot")
        draft.lay_over(onto, kept.gives_keys, kept.without)
        into.progress.end()
