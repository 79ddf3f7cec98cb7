"""An answer as words: what stands before each, and where a thought ends."""

import re
from dataclasses import dataclass

# What parts two words, by how much. Up to a hyphen they may be one name; a dash or a new line ends a phrase.
SPACE, HYPHEN, DASH, LINE = range(4)

EDGE = ""
"""The neighbour of a word that has none: another sentence, line or clause stands there."""

CLAUSE_REACH = 14
"""Words before a predicate in which its subject is looked for: a bound on the work for one word."""

# Scripts that are written without spaces: in them a word of ours may touch its neighbours.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff"  # Thai and Lao, Burmese, Hangul letters, Khmer
    "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"  # Han and kana, Hangul syllables
)
_LETTER = rf"[^\W_{_UNSPACED}]"
_PIECE = re.compile(
    # What parts two words by more than spaces; a space before it tells "a - b" from "a-b". Plain spaces match nothing.
    r" ?[\n\\*_\u2014-][ \n\\*_\u2014-]*"
    rf"|[{_UNSPACED}]+"
    # "can't", "0.95", "5:30" and "1,000" are single words; "1,2,3" are three.
    rf"|{_LETTER}+(?:'{_LETTER}+|(?<=\d)\.\d{_LETTER}*|(?<=\d):\d\d(?!\d)|(?<=\d),\d{{3}}(?!\d))*"
    r"|[^\w ]"
)
_SOFT = frozenset(" \n\\*_-\u2014")
_NEEDS_CARE = re.compile(r"[\n\\*_\u2014'-]|\(n\)")
# "It's a cat": here the s is a verb. Anywhere else "'s" is taken for a possessive.
_BEFORE_IS = frozenset(["it", "that", "this", "there", "he", "she", "what", "here", "who", "which", "where"])


@dataclass(frozen=True, slots=True)
class Words:
    """The words and punctuation marks of a folded text, in order.

    Attributes:
        tokens: Lower-case words without "'s"; a mark of punctuation is a token of its own.
        gaps: For each token what stands before it: SPACE (or nothing), HYPHEN (or underscore), DASH or LINE.
    """

    tokens: list[str]
    gaps: list[int]

    def before(self, i: int) -> str:
        """The word before place `i` in the same clause, or EDGE."""
        if i <= 0 or self.gaps[i] >= DASH:
            return EDGE
        token = self.tokens[i - 1]
        return token if token[0].isalnum() else EDGE

    def after(self, i: int) -> str:
        """The word at place `i`, if it goes on with the clause of the one before it, or EDGE."""
        if i >= len(self.tokens) or self.gaps[i] >= DASH:
            return EDGE
        token = self.tokens[i]
        return token if token[0].isalnum() else EDGE

    def clause_before(self, i: int) -> list[str]:
        """The words of the same clause before place `i`, the last `CLAUSE_REACH` of them."""
        first = i
        while i - first < CLAUSE_REACH and self.before(first) != EDGE:
            first -= 1
        return self.tokens[first:i]

    def mark(self, i: int) -> str:
        """The punctuation mark at place `i`, or "" where a word or nothing stands there."""
        if 0 <= i < len(self.tokens) and not self.tokens[i][0].isalnum():
            return self.tokens[i]
        return ""


def words_of(text: str) -> Words:
    """The words of a folded text.

    >>> words_of("it's a pick-up truck, isn't it?").tokens
    ['it', 'is', 'a', 'pick', 'up', 'truck', ',', "isn't", 'it', '?']
    """
    if not _NEEDS_CARE.search(text):
        plain = _PIECE.findall(text)
        return Words(plain, ([LINE] + [SPACE] * len(plain))[: len(plain)])
    tokens: list[str] = []
    gaps: list[int] = []
    gap = LINE
    for piece in _PIECE.findall(text.replace("a(n)", "a ")):
        if piece[0] in _SOFT:
            gap = max(gap, _gap(piece))
            continue
        tokens.append(piece if "'" not in piece else piece.removesuffix("'s"))
        gaps.append(gap)
        gap = SPACE
        if tokens[-1] is not piece and tokens[-1] in _BEFORE_IS:
            tokens.append("is")
            gaps.append(SPACE)
    return Words(tokens, gaps)


def _gap(separator: str) -> int:
    """How far a run of white space, dashes, underscores, asterisks and backslashes parts two words."""
    if "\n" in separator:
        return LINE
    if "\u2014" in separator or ("-" in separator and separator.strip(" ") != separator):
        return DASH
    return HYPHEN if "-" in separator or "_" in separator else SPACE
