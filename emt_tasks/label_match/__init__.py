"""The reading `label_match`: which labels an answer names, by their own words.

Whole words count, in any case, width and accent, in singular and plural, with hyphens, underscores or spaces between
them, closed compounds joined or split, CLIP's clearer name of the same class too. The longest name wins where two
overlap. Synonyms and broader words name nothing, nor does a word that has another sense where it stands (`senses`,
`numerals`), what is denied (`negation`) or taken back (`revisions`), or a place where something else stands (`places`).
Otherwise to mention is to name. Time is linear in the answer's length.
"""

from collections.abc import Iterable

from emt_tasks.label_match.lexicon import Span, lexicon_of
from emt_tasks.label_match.mention import Mention
from emt_tasks.label_match.negation import is_denied
from emt_tasks.label_match.numerals import is_number_name, list_markers, number_mention
from emt_tasks.label_match.places import is_place
from emt_tasks.label_match.revisions import are_alternatives, is_revised
from emt_tasks.label_match.senses import mention_of
from emt_tasks.label_match.spelling import answer_alone, folded, has_emoji
from emt_tasks.label_match.tokens import HYPHEN, Words, words_of
from emt_tasks.labels import LabelSet
from emt_tasks.reading import Reading

NAME = "label_match"
LEAST_PARTED = 3
LEAST_ADJACENT = 4
LONGEST_SEPARATOR = 3
"""How many names make a list with and without separators, and how many tokens a separator may have (", and")."""


def read(answer: str, labels: LabelSet) -> Reading:
    """What `answer` to the prompt of `labels` names.

    >>> from emt_tasks.labels import label_set
    >>> reading = read("The airplane is 8.", label_set("cifar10"))
    >>> reading.named, reading.foreign, reading.prediction
    (('airplane',), ('8',), 'airplane')
    """
    text = answer_alone(folded(answer))
    words = words_of(text)
    spans = list(lexicon_of(labels).spans(words))
    mentions = _standing(words, list(zip(spans, _mentions(words, spans), strict=True)))
    sure = [span.meaning for span, mention in mentions if mention is Mention.SURE]
    meant = sure or [span.meaning for span, mention in mentions if mention is Mention.PERHAPS]
    return Reading(
        reading=NAME,
        raw=answer,
        named=_distinct(meaning.named for meaning in meant),
        foreign=_distinct(meaning.foreign for meaning in meant),
        says_something=any(token[0].isalnum() for token in words.tokens) or has_emoji(text),
    )


def _standing(words: Words, mentions: list[tuple[Span, Mention]]) -> list[tuple[Span, Mention]]:
    """The mentions, without the force of those that the next one takes back, their alternatives ("a or b") too."""
    stand, taken = mentions[-1:], False
    for (span, mention), (after, meant) in zip(mentions[-2::-1], mentions[:0:-1], strict=True):
        taken = (taken and are_alternatives(words, span.end, after.start)) or (
            meant is Mention.SURE and bool(after.meaning.named) and is_revised(words, span.end, after.start)
        )
        stand.append((span, Mention.NO if taken else mention))
    return stand[::-1]


def words_in(answer: str) -> Words:
    """The words of what `read` takes for the answer in a model's text."""
    return words_of(answer_alone(folded(answer)))


def _distinct(labels: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Each label once, in order of first mention."""
    return tuple(dict.fromkeys(label for group in labels for label in group))


def _mentions(words: Words, spans: list[Span]) -> Iterable[Mention]:
    """For each name how much the answer means it."""
    listed = _listed(words, spans)
    markers = list_markers(words) if any(is_number_name(span.meaning.word) for span in spans) else frozenset()
    named_to = 0
    for k, span in enumerate(spans):
        mention = Mention.NO if is_denied(words, span.start) else _meant(words, span, markers, k in listed)
        own = mention is Mention.SURE and bool(span.meaning.named)
        if own and named_to and k not in listed and is_place(words, named_to, span.start):
            mention = Mention.PERHAPS
        elif own:
            named_to = span.end
        yield mention


def _meant(words: Words, span: Span, markers: frozenset[int], in_list: bool) -> Mention:
    """How much an answer means one of its names by the words around it."""
    word = span.meaning.word
    if is_number_name(word):
        return number_mention(words, span.start, bool(span.meaning.named), markers)
    return Mention.SURE if in_list else mention_of(words, span.start, span.end, word)


def _listed(words: Words, spans: list[Span]) -> set[int]:
    """The indices of the spans that stand in a list, where every word is a name whatever its neighbours mean elsewhere.

    Three names with only commas and the like between them are a list, and so are two that are the whole answer; names
    with nothing between them ("camel can castle chair") are one from four on.
    """
    listed: set[int] = set()
    if len(spans) < 2:
        return listed
    for between, least in ((_parted, LEAST_PARTED), (_adjacent, LEAST_ADJACENT)):
        first = 0
        for k in range(1, len(spans) + 1):
            if k < len(spans) and between(words, spans[k - 1].end, spans[k].start):
                continue
            whole = between is _parted and first == 0 and k == len(spans) and _is_whole(words, spans)
            if k - first >= least or whole:
                listed.update(range(first, k))
            first = k
    return listed


def _parted(words: Words, end: int, start: int) -> bool:
    """Whether two names are items of a list: punctuation, "and", "or", a dash or a new line parts them."""
    if end == start:
        return words.gaps[start] > HYPHEN
    return start - end <= LONGEST_SEPARATOR and all(_separates(token) for token in words.tokens[end:start])


def _adjacent(words: Words, end: int, start: int) -> bool:
    return end == start and words.gaps[start] <= HYPHEN


def _separates(token: str) -> bool:
    return token in ("and", "or") or not token[0].isalnum()


def _is_whole(words: Words, spans: list[Span]) -> bool:
    """Whether an answer is a list and nothing else."""
    outside = words.tokens[: spans[0].start] + words.tokens[spans[-1].end :]
    return not any(token[0].isalnum() for token in outside)
