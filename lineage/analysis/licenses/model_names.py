"""How near a model's name comes to the beginning that license terms ask for."""

from lineage.domain.licenses import NameLevel

_DROPPED = str.maketrans("", "", " -_")


def name_level(model: str, prefix: str) -> NameLevel:
    """Compare the part of an id behind the owner with a prefix such as `Llama 3`.

    No repository name can hold a space, so that a prefix with one is never met to the letter.
    """
    name = model.rpartition("/")[2]
    if name.startswith(prefix):
        return NameLevel.STRICT
    plain, wanted = _plain(name), _plain(prefix)
    if plain.startswith(wanted):
        return NameLevel.NORMALIZED
    return NameLevel.CONTAINS if wanted in plain else NameLevel.ABSENT


def _plain(text: str) -> str:
    return text.lower().translate(_DROPPED)
