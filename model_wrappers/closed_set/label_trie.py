"""A closed set's labels as one tree of tokens, in which labels that begin alike share their first nodes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

ROOT = -1  # the parent of a first token: the prompt's last token


@dataclass(frozen=True)
class LabelTrie:
    """Nodes in an order in which a parent stands before its children and every leaf after all inner nodes.

    A node's log-probability is read at its parent, so that leaves need not be fed to a model at all: without
    end-of-answer tokens a pass over the prompt and the first `inner` nodes scores every label.

    Attributes:
        tokens: token id of each node.
        parents: index of each node's parent, `ROOT` for a first token.
        depths: tokens between the prompt and the node: 0 for a first token.
        terminals: for each label, in the order given, the node of its last token.
        inner: nodes with children; they are the first ones.
    """

    tokens: tuple[int, ...]
    parents: tuple[int, ...]
    depths: tuple[int, ...]
    terminals: tuple[int, ...]
    inner: int

    def path(self, label: int) -> tuple[int, ...]:
        """The nodes of label number `label`, first token first."""
        nodes, node = [], self.terminals[label]
        while node != ROOT:
            nodes.append(node)
            node = self.parents[node]
        return tuple(reversed(nodes))

    @cached_property
    def paths(self) -> tuple[tuple[int, ...], ...]:
        """`path` of every label."""
        return tuple(self.path(label) for label in range(len(self.terminals)))

    @cached_property
    def sequences(self) -> tuple[tuple[int, ...], ...]:
        """The token ids of every label, as the trie was built from."""
        return tuple(tuple(self.tokens[node] for node in path) for path in self.paths)

    @cached_property
    def stem(self) -> tuple[int, ...]:
        """The nodes that all labels begin with, first token first, and none that ends one.

        >>> build_trie([[5, 7, 8], [5, 7, 9]]).stem, build_trie([[5], [5, 7]]).stem
        ((0, 1), ())
        """
        together = zip(*(path[:-1] for path in self.paths), strict=False)
        return tuple(nodes[0] for nodes in takewhile(lambda nodes: len(set(nodes)) == 1, together))

    @cached_property
    def prefix_pairs(self) -> tuple[tuple[int, int], ...]:
        """Pairs (short, long) of labels where all of the short one's tokens begin the long one.

        By the plain sum the long one can never win over the short one; with an end token it can.
        """
        ends_at: dict[int, list[int]] = {}
        for label, node in enumerate(self.terminals):
            ends_at.setdefault(node, []).append(label)
        return tuple(
            (short, long)
            for long, path in enumerate(self.paths)
            for node in path[:-1]
            for short in ends_at.get(node, ())
        )


def build_trie(sequences: Sequence[Sequence[int]]) -> LabelTrie:
    """The trie of the labels' token ids; label i of the trie is `sequences[i]`.

    Equal sequences share their terminal node.

    >>> build_trie([[5], [5, 7]])
    LabelTrie(tokens=(5, 7), parents=(-1, 0), depths=(0, 1), terminals=(0, 1), inner=1)

    Raises:
        ValueError: no labels, or a label without tokens.
    """
    if not sequences:
        raise ValueError("no labels to score: a trie needs at least one")
    for number, sequence in enumerate(sequences):
        if not sequence:
            raise ValueError(f"label {number} has no tokens: nothing of it could be scored")
    keys = [tuple(sequence) for sequence in sequences]
    prefixes = dict.fromkeys(key[:end] for key in keys for end in range(1, len(key) + 1))
    with_children = {prefix[:-1] for prefix in prefixes}
    order = sorted(prefixes, key=lambda prefix: (prefix not in with_children, len(prefix)))  # stable: labels' order
    index = {prefix: node for node, prefix in enumerate(order)}
    return LabelTrie(
        tokens=tuple(prefix[-1] for prefix in order),
        parents=tuple(index.get(prefix[:-1], ROOT) for prefix in order),
        depths=tuple(len(prefix) - 1 for prefix in order),
        terminals=tuple(index[key] for key in keys),
        inner=len(with_children - {()}),
    )
