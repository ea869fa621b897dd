"""The colors of a poster, on white paper: told apart by who sees no red or no green, or in gray."""

from lineage.domain.claims import Relation

ROOT, GROUP = "root", "group"
FILLS = {
    Relation.FINETUNE.value: "#b3d3f3",
    Relation.ADAPTER.value: "#f6d29d",
    Relation.QUANTIZED.value: "#b2dfc6",
    Relation.MERGE.value: "#eabfe4",
    Relation.UNSPECIFIED.value: "#d8d8d8",
    ROOT: "#d3cdf0",
    GROUP: "#e4e1d9",
}
STYLE = """\
text { font-family: "DejaVu Sans", Verdana, system-ui, sans-serif; fill: #17191d }
.soft { fill: #43474e } .paper { fill: #ffffff } .line { fill: #d3d1cb }
.warned { fill: #f6f5f2; stroke: #2b5d9b } .veil { fill: #ffffff; fill-opacity: .5 }
.merge { fill: #b3261e } .gone { fill: url(#gone) }
.gone-frame { fill: none; stroke: #17191d; stroke-dasharray: 4 3 }
.halo { stroke: #ffffff; stroke-width: 3; stroke-opacity: .8; paint-order: stroke }
"""


def style() -> str:
    """Return every color by its class."""
    return STYLE + " ".join(f".is-{name} {{ fill: {fill} }}" for name, fill in FILLS.items())
