"""Keys and repository ids as the Hub gives them, and every way in which people spell an id.

One function, `find_repo_id`, decides what a text names: in tags, cards and configurations, in
dumps, in labels and opt-outs, and as a SUBJECT.
"""

import hashlib
import html
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote

KEY_LENGTH = 24
STAND_IN = "ffffffff"
"""How a stand-in key begins: a key's first eight digits are its creation, and these lie in 2106."""
NAME_PREFIX = "name:"
"""How the key of a node begins that is known by its name alone."""
_PART = r"\b[\w.\-]{1,96}\b"
_ONE = rf"(?:{_PART}/)?{_PART}"
_REPO_ID = re.compile(_ONE, re.ASCII)
REPO_ID_PATTERN = rf"(?a)\A(?!.*(?:--|\.\.))(?!.*\.git\Z)(?:{_ONE})\Z"
"""`is_repo_id` as one expression, for schemas."""
_LINES_OF_IDS = re.compile(rf"(?:{_ONE}\n)*", re.ASCII)
_HEX_DIGITS = re.compile(r"[0-9a-f]*")


def is_repo_id(text: str) -> bool:
    """Say whether the Hub would accept this as `name` or `owner/name`.

    Source: the rules of the Hub's own client, `huggingface_hub.utils.validate_repo_id`.
    """
    return (
        _REPO_ID.fullmatch(text) is not None
        and "--" not in text
        and ".." not in text
        and not text.endswith(".git")
    )


def are_repo_ids(texts: Sequence[str]) -> bool:
    """Say whether `is_repo_id` holds for each of them: one look at many costs a third."""
    lines = "".join([f"{text}\n" for text in texts])
    return (
        lines.count("\n") == len(texts)
        and _LINES_OF_IDS.fullmatch(lines) is not None
        and "--" not in lines
        and ".." not in lines
        and ".git\n" not in lines
    )


def is_key(text: str) -> bool:
    """Say whether this is an `_id` as the Hub gives them: 24 hex digits."""
    return len(text) == KEY_LENGTH and _HEX_DIGITS.fullmatch(text) is not None


def are_keys(texts: Sequence[str]) -> bool:
    """Say whether `is_key` holds for each of them: one look at many costs a seventh."""
    lengths = set(map(len, texts))
    return lengths <= {KEY_LENGTH} and _HEX_DIGITS.fullmatch("".join(texts)) is not None


# How people spell an id

_HOST = r"(?:www\.|api-inference\.)?(?:huggingface\.co|hf\.co)"
# Other hosts that answer like the Hub are not the Hub: nothing says that their names are its.
_ADDRESS = re.compile(
    rf"(?:(?:(?:(?:git\+)?[a-z]+:/{{1,3}}|//)(?:[^/@\s]{{0,100}}@)?)?{_HOST}(?::\d{{1,5}})?(?:/+|(?=[?#])|\Z)\s*"
    rf"|git@{_HOST}:/*|hf:(?://)?|hf[-_]hub:|pkg:huggingface/)+",
    re.IGNORECASE,
)
_BEGINS_WITH_HOST = re.compile(rf"{_HOST}(?:/|\Z)", re.IGNORECASE)
_SITE_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_CACHED = re.compile(r"(?:^|[/\\])(models|datasets|spaces)--([^/\\?#@\s]+)", re.IGNORECASE)
_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\(\s*<?([^\s()<>]*)>?(?:\s[^()]*)?\)|\[[^\[\]]*\])?")
_ANCHOR = re.compile(r"\s*<a\s[^<>]{0,200}?href\s*=\s*[\"']?([^\"'\s<>]+)", re.IGNORECASE)
_QUOTES = (
    " \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029\"'`<>*"
    "\u00b4\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033"
    "\u00ab\u00bb\u2039\u203a\u300a\u300b\u300c\u300d\u300e\u300f\u3010\u3011"
)
_AROUND = _QUOTES + "()[]{}"
_PUNCTUATION = ",;:!?"
_DRESSED = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u2044\u2215\u29f8", "/"),
    }
)
_REVISION = r"(?:main|master|refs/.*|[0-9a-f]{7,40}|v\d[\w.]*)"
_VIEW = re.compile(
    rf"/(?:(?:tree|blob|resolve)/[^/]+|(?:raw|commits?|snapshots|revision)/{_REVISION}"
    r"|discussions(?:/\d+)?)(?:/.*)?\Z"
)
"""What follows an id in an address; in a bare text only where no folder would be called so."""
_PAGES = frozenset(
    {
        *("tree", "blob", "resolve", "raw", "commit", "commits", "edit", "discussions"),
        *("snapshots", "refs", "blobs", "revision"),
    }
)
_OTHER_REPOSITORIES = {"datasets": "a data set", "spaces": "a Space"}
NO_OWNERS = frozenset(
    {
        *("api", "blog", "buckets", "chat", "collections", "datasets", "docs", "enterprise"),
        *("inference", "join", "kernels", "learn", "models", "new", "organizations", "papers"),
        *("posts", "pricing", "search", "settings", "spaces", "storage", "tasks"),
    }
)
"""First parts of the Hub's own addresses: no account can be called so."""
_FOLDERS = NO_OWNERS | {
    *("adapter", "adapters", "app", "cache", "checkpoint", "checkpoints", "ckpt", "ckpts"),
    *("content", "data", "dataset", "drive", "exp", "experiments", "exps", "finetuned", "home"),
    *(
        "final",
        "hf-models",
        "hf_models",
        "kaggle",
        "llm",
        "llms",
        "local",
        "local_models",
        "logs",
        "lora",
        "lora-out",
        "loras",
        "merged",
        "mnt",
        "model",
        "mydrive",
        "n",
        "none",
        "null",
    ),
    *("opt", "out", "output", "outputs", "pretrained", "pretrained_models", "result", "results"),
    *("root", "runs", "save", "saved", "saved_model", "saved_models", "saves", "scratch", "src"),
    *("temp", "test", "tmp", "train", "training", "user", "users", "usr", "var", "weights"),
    *("work", "workspace", "username", "your-username", "path", "undefined", "unknown"),
}
_DOUBTFUL_END = re.compile(
    r"(?:^|/)(?:checkpoint|ckpt|epoch|step)s?[-_]?\d*$"
    r"|\.(?:safetensors|bin|pth?|ckpt|gguf|ggml|onnx|h5|msgpack|tflite|model|npz|pkl|pickle|json"
    r"|jsonl|ya?ml|toml|txt|md|py|ipynb|zip|tar|t?gz|parquet|csv|html?|pdf)$",
    re.IGNORECASE,
)
_SITE = re.compile(r"[^/]*\.(?:com|org|net|io|ai|cn|co|dev|app|edu|local)/", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"your(?:[-_]|user|name|org|hf)|(?:hf[-_]?)?user[-_]?name/|org(?:ani[sz]ation)?(?:[-_]?name)?/"
)
_INVISIBLE = re.compile(r"[\u034f\ufe00-\ufe0f]")
"""Without a width, and not of Unicode's category for those (Cf)."""
_HALVES = re.compile(r"[\ud800-\udfff]")
_LAYERS = 3
"""An address is rarely quoted more often than this."""


def find_repo_id(text: str) -> str | None:
    """Return the id of the model that a text spells, in any way; None where it can name none.

    Understood are addresses of the Hub, folders of its client's cache, revisions, queries, Markdown
    links, quotes, escapes and dressed letters. A path on somebody's disk, another site's address
    and words with spaces in them are no ids, also where they hold something that looks like one.
    """
    if is_repo_id(text) and _BEGINS_WITH_HOST.match(text) is None:  # nearly always
        return text
    spelling = _read_repo_spelling(text)
    return None if spelling.other is not None else spelling.id


def is_doubtful_repo_id(id: str) -> bool:
    """Say whether an id may as well be a folder, a file, a site or a placeholder: `output/final`.

    Such a name means a model only where the Hub or the registry knows one.
    """
    low = id.lower()
    return (
        low.partition("/")[0] in _FOLDERS
        or _PLACEHOLDER.match(low) is not None
        or _DOUBTFUL_END.search(low) is not None
        or _SITE.match(low) is not None
    )


def is_full_id(id: str) -> bool:
    """Say whether an id is a model's name also where the model is unknown."""
    return "/" in id and not is_doubtful_repo_id(id)


def name_other_kind_of_repository(text: str) -> str | None:
    """Return `a data set` or `a Space` where a text is the address of one, else None."""
    return _read_repo_spelling(text).other


def is_hub_address(text: str) -> bool:
    """Say whether a text is an address on the Hub, of whatever."""
    return _ADDRESS.match(strip_quotes_of_repo_id(fold_repo_letters(text))) is not None


def fold_repo_letters(text: str) -> str:
    """Return the plain letters of wide and otherwise dressed ones, and no invisible ones."""
    if text.isascii():
        return text
    text = _INVISIBLE.sub("", text)
    # Half a letter, as a command line of odd bytes gives it, can be neither stored nor looked up.
    folded = unicodedata.normalize("NFKC", _HALVES.sub("\ufffd", text))
    return "".join(it for it in folded if unicodedata.category(it) != "Cf")


def strip_quotes_of_repo_id(text: str) -> str:
    """Cut blanks, quotes and brackets around a text, and the punctuation of a sentence behind."""
    text = text.strip(_AROUND)
    bare = text.rstrip(_PUNCTUATION + _AROUND)
    # One dot ends a sentence, two are a folder.
    return bare[:-1].rstrip(_AROUND) if re.search(r"\w\.$", bare) else bare


class _Spelling(NamedTuple):
    id: str | None
    other: str | None = None
    """What else on the Hub it is."""


def _read_repo_spelling(text: str) -> _Spelling:
    # Layer by layer from outside: escapes, letters, links, quotes, the address, then the id.
    text = strip_quotes_of_repo_id(_parse_repo_link(_undress_repo_id(text)))
    address = _ADDRESS.match(text)
    name = text if address is None else text[address.end() :]
    if address is None and _SITE_ADDRESS.match(name):
        return _Spelling(None)
    if (cached := _CACHED.search(name)) is not None:
        # Wherever the copy of the client's cache lies, one part of the path is the repository.
        return _parse_other_repo_id(cached[1].lower(), cached[2].split("--"))
    name = re.sub(r"\\([_/])", r"\1", name)
    name = re.split(r"[?#]", name, maxsplit=1)[0].rstrip("/ ")
    return _read_bare_repo_id(name) if address is None else _read_repo_address(name)


def _undress_repo_id(text: str) -> str:
    for _ in range(_LAYERS):
        text = unquote(html.unescape(text))
    return fold_repo_letters(text).translate(_DRESSED)


def _parse_repo_link(text: str) -> str:
    """Return the target of a Markdown link or an HTML anchor, else the text itself."""
    if (link := _LINK.fullmatch(text.strip(_QUOTES + _PUNCTUATION + "."))) is not None:
        return link[2] if link[2] is not None else link[1]
    anchor = _ANCHOR.match(text)
    return text if anchor is None else anchor[1]


def _read_repo_address(name: str) -> _Spelling:
    parts = [part.strip() for part in name.partition("@")[0].split("/") if part.strip()]
    parts = parts[1:] if parts[:1] == ["api"] else parts
    parts = parts[1:] if parts[:1] == ["models"] else parts
    kind = parts[0].lower() if parts else ""
    if kind in NO_OWNERS:
        return _Spelling(None, _OTHER_REPOSITORIES.get(kind))
    parts = parts[:1] if len(parts) > 1 and parts[1].lower() in _PAGES else parts[:2]
    # Other programs put a quantization behind it: `hf.co/owner/name:Q4_K_M`.
    return _parse_other_repo_id("models", [part.partition(":")[0] for part in parts])


def _read_bare_repo_id(name: str) -> _Spelling:
    name = re.sub(r"@[\w./-]+\Z", "", name)
    name = re.sub(r"(?<=[^/]/)([^/:]+):[\w.-]+\Z", r"\1", name)
    parts = [part.strip() for part in _VIEW.sub("", name).split("/")]
    kind = parts[0].lower()
    if len(parts) > 2 and kind in _OTHER_REPOSITORIES:
        return _Spelling(None, _OTHER_REPOSITORIES[kind])
    return _parse_other_repo_id("models", parts)


def _parse_other_repo_id(kind: str, parts: list[str]) -> _Spelling:
    if kind in _OTHER_REPOSITORIES:
        return _Spelling(None, _OTHER_REPOSITORIES[kind])
    id = "/".join(parts).removesuffix(".git")
    return _Spelling(id if is_repo_id(id) and _BEGINS_WITH_HOST.match(id) is None else None)


def make_stand_in_key(id: str) -> str:
    """Return the key of a model of which a source gives the name alone: always the same one."""
    return STAND_IN + hashlib.sha256(id.encode()).hexdigest()[: KEY_LENGTH - len(STAND_IN)]
