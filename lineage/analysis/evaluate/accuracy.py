"""How good guesses are: frozen values, before anyone decides how to say them."""

from dataclasses import dataclass

from lineage.analysis.evaluate.shares import Share

ALL = "all"
OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Score:
    """What one habit of one rule, or all together, did for the models of one family."""

    family: str
    """A family's id, `others`, or `all`."""
    rule: str
    habit: str
    hidden: int
    """Models whose parents were hidden."""
    guessed: int
    """Models for which it spoke."""
    parent: Share
    line: Share
    release: Share
    """Among the models that lead to a release of any family."""
    checked: Share
    """`line` on the half of the authors that no rule was tuned on."""
    authors: Share
    """`line` as the mean of the authors' shares, so that nobody's habit decides."""

    @property
    def coverage(self) -> Share:
        """The models it spoke for among those it was asked about."""
        return Share(self.guessed, self.hidden)

    @property
    def recall(self) -> Share:
        """The models it was right about (`line`) among those it was asked about."""
        return Share(self.line.hits, self.hidden)


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong guess."""

    child: str
    guessed: str
    declared: tuple[str, ...]
    rule: str
    habit: str
    quote: str
    children: int
    """How many models would come along."""
    crosses: bool
    """Whether it leads into a family that the declared parents do not belong to."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good guesses are, by family, rule and habit."""

    snapshot: str
    family: str
    hidden_by: str
    """`declared` or `labels`."""
    scores: tuple[Score, ...]
    mistakes: tuple[Mistake, ...]
    """The worst first: into another family, then with most models below."""
    crossings: int
    """How many guesses lead into the family from outside."""
    unmeasured: tuple[str, ...]
    """Rules that guess and said nothing here."""
    labels_unknown: int = 0
    """Labelled children that the snapshot does not hold."""
    labels_bad: int = 0
    """Lines of the labels that held no pair of ids."""
