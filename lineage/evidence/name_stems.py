"""What a repository's name says about its making: marks of formats at its end, sizes within."""

import re
from typing import NamedTuple

_QUANTIZED = (
    r"gguf|ggml|awq|autoawq|gptq|gptqmodel|autogptq|autoround|bnb|nf4|exl[23]|hqq|aqlm|uqff|mlc"
    r"|nvfp4|mxfp4|fp[48]|int[248]|w[48]a(?:8|16)|[0-9]{1,2}(?:\.[0-9]{1,2})?bpw|bpw[0-9](?:\.[0-9]+)?"
    r"|[2-8][_-]?bits?|i?q[1-8](?:[_.](?:k|[01]|xs|xxs|nl|s|m)(?:[_.](?:xxs|xs|s|m|l|xl))?)?"
    r"|q[348]f(?:16|32)[_-]1|quantized"
)
_CONVERTED = r"mlx|onnx|openvino|ov|ct2"
# Marks that stand beside others and prove nothing by themselves.
_BESIDE = r"i1|imat|imatrix|hb?[68]|dynamic|gs?(?:32|64|128)|a?sym|dwq|f16|fp16|bf16|f32|unsloth"

# Plain enough for RE2, so that pyarrow can sift a whole column of names with it.
MARKED = rf"(?i)[-_.](?:{_QUANTIZED}|{_CONVERTED}|{_BESIDE})$"
"""Finds names that end in some mark."""

_TAIL = re.compile(rf"(?:[-_.](?:{_QUANTIZED}|{_CONVERTED}|{_BESIDE}))+$", re.IGNORECASE)
_IS_QUANTIZED = re.compile(rf"[-_.](?:{_QUANTIZED})(?![^-_.])", re.IGNORECASE)
_IS_CONVERTED = re.compile(rf"[-_.](?:{_CONVERTED})(?![^-_.])", re.IGNORECASE)
_SIZE = re.compile(r"(?<![0-9a-z.])([0-9]+(?:\.[0-9]+)?)([bm])(?![0-9a-z])", re.IGNORECASE)


class Stem(NamedTuple):
    """What is left of a name when the marks at its end are cut."""

    text: str
    tail: str
    """What was cut, `-Q4_K_M-GGUF`."""
    quantized: bool
    """False for a conversion to another format, which may keep every bit."""


def stem_of(name: str) -> Stem | None:
    """Cut every mark from the end of a repository's name (no owner); None without such marks."""
    match = _TAIL.search(name, 1)
    if match is None:
        return None
    tail = match[0]
    if _IS_QUANTIZED.search(tail) is not None:
        return Stem(name[: match.start()], tail, quantized=True)
    if _IS_CONVERTED.search(tail) is not None:
        return Stem(name[: match.start()], tail, quantized=False)
    return None


def sizes_in(name: str) -> frozenset[str]:
    """Return the numbers of parameters in a name, `8b`, `1.5b`, `125m`, in lower case."""
    return frozenset((number + unit).lower() for number, unit in _SIZE.findall(name))
