"""Tables of known answers, as people write them."""

from hypothesis import given
from hypothesis import strategies as st

from lineage.analysis.evaluate.known_answers import Labels, read_evaluation_labels


def test_a_header_and_empty_lines_are_passed_over() -> None:
    lines = [
        "\ufeffChild,Parent",
        "",
        "a/one,b/two",
        " , ",
        "a/one,b/two,and more",
        "a/one,b/three",
    ]
    assert read_evaluation_labels(lines) == Labels((("a/one", "b/two"), ("a/one", "b/three")))


def test_names_are_tidied_as_everywhere() -> None:
    line = ' https://huggingface.co/a/one/ , "b/two"'
    assert read_evaluation_labels([line]).pairs[0][0] == "a/one"
    line = "model:a/one@main,models--b--two"
    assert read_evaluation_labels([line]) == Labels((("a/one", "b/two"),))


def test_a_parent_may_be_a_release_or_a_family_and_a_child_may_not() -> None:
    lines = ["a/one,release:Kin-3.1", "a/two,family:kin", "release:kin-3,a/one", "a/two,kin"]
    found = read_evaluation_labels(lines)
    assert found.pairs == (("a/one", "release:kin-3.1"), ("a/two", "family:kin"), ("a/two", "kin"))
    assert found.bad_lines == 1


def test_lines_that_hold_no_pair_are_counted() -> None:
    lines = ["a/one", "a/one,", "a/one,no id at all", "x,y\x00z", '"a/one,b/two', "a/one,b/two"]
    found = read_evaluation_labels([*lines, "a/one,None", "a/two,null"])
    assert (found.pairs, found.bad_lines) == ((("a/one", "b/two"),), 7)


@given(st.lists(st.text(max_size=40), max_size=20))
def test_any_lines_are_read_without_complaint(lines: list[str]) -> None:
    found = read_evaluation_labels(lines)
    assert found.bad_lines + len(found.pairs) <= len(lines)
