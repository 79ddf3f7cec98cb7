import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_wrappers.closed_set.label_trie import ROOT, build_trie

# Few tokens, so that beginnings are shared, labels begin others, and some are equal.
SEQUENCES = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=5), min_size=1, max_size=12)


@given(SEQUENCES)
def test_every_label_reads_back_along_its_path(sequences):
    trie = build_trie(sequences)
    assert [list(label) for label in trie.sequences] == sequences


@given(SEQUENCES)
def test_there_is_one_node_for_each_distinct_beginning(sequences):
    trie = build_trie(sequences)
    beginnings = {tuple(sequence[:end]) for sequence in sequences for end in range(1, len(sequence) + 1)}
    assert len(trie.tokens) == len(beginnings)


@given(SEQUENCES)
def test_parents_stand_before_children_one_token_nearer_to_the_prompt(sequences):
    trie = build_trie(sequences)
    for node, parent in enumerate(trie.parents):
        assert parent < node
        assert trie.depths[node] == (0 if parent == ROOT else trie.depths[parent] + 1)


@given(SEQUENCES)
def test_the_inner_nodes_are_the_first_and_exactly_those_with_children(sequences):
    trie = build_trie(sequences)
    assert set(trie.parents) - {ROOT} == set(range(trie.inner))


@given(SEQUENCES)
def test_the_stem_is_the_longest_beginning_of_all_labels_in_which_none_ends(sequences):
    trie = build_trie(sequences)
    shared = [
        end for end in range(1, 6) if all(one[:end] == sequences[0][:end] and len(one) > end for one in sequences)
    ]
    assert [trie.tokens[node] for node in trie.stem] == sequences[0][: max(shared, default=0)]


@given(SEQUENCES)
def test_prefix_pairs_are_those_a_comparison_of_all_pairs_finds(sequences):
    expected = {
        (short, long)
        for short, first in enumerate(sequences)
        for long, second in enumerate(sequences)
        if len(first) < len(second) and second[: len(first)] == first
    }
    pairs = build_trie(sequences).prefix_pairs
    assert set(pairs) == expected
    assert len(pairs) == len(expected)


def test_equal_labels_share_their_terminal_node():
    assert build_trie([[4, 7], [4, 7]]).terminals == (1, 1)


@pytest.mark.parametrize(("sequences", "words"), [([], "no labels"), ([[3], []], "label 1 has no tokens")])
def test_nothing_to_score_is_said(sequences, words):
    with pytest.raises(ValueError, match=words):
        build_trie(sequences)
