"""Digits and number words: which of them name a digit of MNIST, and which count, measure, order or point.

In answers about digits a number is the answer unless it plainly is not ("two circles", "one of them"). Elsewhere it is
a foreign label, and counts are common: a digit must stand alone ("The airplane is 8.", not "2 airplanes"), a number
word must be said as a name ("the number eight").
"""

from emt_tasks.label_match.english import (
    ARTICLES,
    COPULAS,
    DETERMINERS,
    FUNCTION_WORDS,
    MODALS,
    has_content,
    words_for,
)
from emt_tasks.label_match.mention import Mention
from emt_tasks.label_match.tokens import DASH, EDGE, HYPHEN, LINE, Words

DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
VALUES = {word: value for value, word in enumerate(DIGIT_WORDS)} | {"ten": 10}
NAMING_NOUNS = words_for("naming_nouns")
MEASURES = words_for("units", "multiples")
TENS = words_for("tens") | {"point"}
REFERENCES = words_for("references")
REFERENCES_ELSEWHERE = words_for("references_elsewhere")
BEFORE_A_COUNT = words_for("before_a_count")
PLURALS = words_for("plural_people")
PARTICIPLES = words_for("participles")
S_BUT_SINGULAR = words_for("s_but_singular")
OTHER_ONE = words_for("other_one")
SAYING = words_for("like") | COPULAS
TIMES = ("x", "by", "times")
OPENING_MARKS = frozenset(":=(\"'\u201c")
RANGES = ("to", "through", "thru")
WHOLE_RANGES = ((0, 9), (1, 9))
"""The digits as a whole: "a digit from 0 to 9" names neither end."""


def is_number_name(word: str) -> bool:
    """Whether a label's one-word name is a digit or a digit's word."""
    return word in VALUES or (len(word) == 1 and word.isdigit())


def number_mention(words: Words, i: int, own: bool, markers: frozenset[int]) -> Mention:
    """How much the number at place `i` means the digit's label.

    Args:
        words: The whole answer.
        i: Place of a digit, a number word, or the plural of one.
        own: Whether the answer is to a question about digits.
        markers: Places of the answer's list markers, from `list_markers`.
    """
    if i in markers:
        return _marker_mention(words, i, markers) if own else Mention.NO
    if _measures(words, i) or _is_part(words, i, own) or _spans_range(words, i, own) or _counts(words, i, own):
        return Mention.NO
    if words.before(i) in COPULAS and _is_tally(words, i):
        return Mention.NO
    token = words.tokens[i]
    if words.before(i) in REFERENCES and not (own and words.before(i - 1) in DETERMINERS):
        return Mention.NO
    if not own and words.before(i) in REFERENCES_ELSEWHERE:
        return Mention.NO
    if own:
        return _one_mention(words, i) if token in ("one", "ones") else Mention.SURE
    return Mention.SURE if token[0].isdigit() or _is_said_as_name(words, i) else Mention.NO


def list_markers(words: Words) -> frozenset[int]:
    """The places of numbers that only order a list: "1. airplane 2. automobile", "(3) bird" at the start of a line."""
    markers: set[int] = set()
    expected = -1
    for i in range(len(words.tokens) - 2):
        token = words.tokens[i]
        mark = words.tokens[i + 1]
        if mark not in (".", ")", ":") or not token.isdecimal() or len(token) > 3 or words.after(i + 2) == EDGE:
            continue
        starts = _starts_line(words, i)
        opens = words.mark(i - 1) == ":" and int(token) < 2 and mark != ":"
        if starts or opens or (int(token) == expected and mark != ":"):
            markers.add(i)
            expected = int(token) + 1
    return frozenset(markers)


def _starts_line(words: Words, i: int) -> bool:
    """Whether the word at place `i` is its line's first, a bracket or quote before it aside."""
    return words.gaps[i - 1 if words.mark(i - 1) else i] == LINE


def _marker_mention(words: Words, i: int, markers: frozenset[int]) -> Mention:
    """A lone "1." before an answer may be a list of one; a lone "8." is the answer."""
    if len(markers) > 1:
        return Mention.NO
    return Mention.PERHAPS if words.tokens[i] in ("0", "1") else Mention.SURE


def _value(words: Words, i: int) -> int | None:
    """The number at place `i`; None where no whole number of a few digits stands there."""
    token = words.tokens[i] if 0 <= i < len(words.tokens) else EDGE
    return int(token) if token.isdecimal() and len(token) < 5 else VALUES.get(token)


def _measures(words: Words, i: int) -> bool:
    """Whether it measures or is part of a compound: "8 pixels", "8 %", "8 x 8", "3-D", "seven of", "twenty-eight"."""
    before, after = words.before(i), words.after(i + 1)
    if words.mark(i + 1) in ("%", "\u00b0") or (
        after in MEASURES and not (after in ("of", "out") and before in NAMING_NOUNS)
    ):
        return True
    if after and words.gaps[i + 1] == HYPHEN and (has_content(after) or after == "like"):
        return True
    if before in TENS or (before == "and" and words.before(i - 1) in TENS):
        return True
    return (after in TIMES and _value(words, i + 2) is not None) or (
        before in TIMES and _value(words, i - 2) is not None
    )


def _is_part(words: Words, i: int, own: bool) -> bool:
    """Whether it is part of a fraction or a date: "7/10", "7/4/2020"; for questions about digits "8/9" is two."""
    for step in (2, -2):
        for place in (i + step, i + 2 * step):
            if words.mark(place - step // 2) != "/":
                break
            value = _value(words, place)
            if value is not None and (value > 9 or not own):
                return True
    return False


def _spans_range(words: Words, i: int, own: bool) -> bool:
    """Whether it is an end of a range that is no answer: "from 0 to 9", "1-10"; for foreign numbers any range."""
    here = _value(words, i)
    for step in (1, -1):
        other = _range_end(words, i, step)
        if other is not None and (not own or other > 9 or (here, other)[::step] in WHOLE_RANGES):
            return True
    return False


def _range_end(words: Words, i: int, step: int) -> int | None:
    """The other end of a range, forwards (`step` 1) or backwards (-1); None where there is none."""
    if _dashed(words, i, step):
        chained = _dashed(words, i, -step) or _dashed(words, i + step, step)
        return None if chained else _value(words, i + step)
    between = words.after(i + 1) if step > 0 else words.before(i)
    if between in RANGES or (between == "and" and words.before(min(i, i + 2 * step)) == "between"):
        return _value(words, i + 2 * step)
    return None


def _dashed(words: Words, i: int, step: int) -> bool:
    """Whether a hyphen or dash and a number stand next to place `i`, on the side that `step` says."""
    gap = i + (step > 0)
    joined = 0 < gap < len(words.gaps) and words.gaps[gap] in (HYPHEN, DASH)
    return joined and _value(words, i + step) is not None


def _counts(words: Words, i: int, own: bool) -> bool:
    """Whether it counts what follows: "two circles", "2 or 3 lines", not "the number 8 drawn in white"."""
    before, after, then = words.before(i), words.after(i + 1), words.after(i + 2)
    if after in ("or", "to") and _value(words, i + 2) is not None:
        after, then = words.after(i + 3), words.after(i + 4)
    if before in NAMING_NOUNS:
        return False
    one_of_them = words.tokens[i] == "one" and then in NAMING_NOUNS  # "one handwritten digit"
    if after in PARTICIPLES and has_content(then) and (_is_plural(then) or one_of_them):
        return True
    if not has_content(after):
        return False
    if not own or _is_plural(after) or (has_content(then) and _is_plural(then)) or before in BEFORE_A_COUNT:
        return True
    number = words.tokens[i]
    if number.isalpha():
        return before not in ARTICLES | SAYING
    return number == "1" and after in NAMING_NOUNS and before not in DETERMINERS


def _is_tally(words: Words, i: int) -> bool:
    """Whether the subject asks how many: "The number of objects in the image is one.", "... of strokes is 2"."""
    said = words.clause_before(i)
    return any(said[k : k + 2] == ["number", "of"] and _is_plural(noun) for k, noun in enumerate(said[2:]))


def _is_plural(noun: str) -> bool:
    if noun in PLURALS:
        return True
    return len(noun) > 3 and noun.endswith("s") and not noun.endswith("ss") and noun not in S_BUT_SINGULAR


def _one_mention(words: Words, i: int) -> Mention:
    """How much "one" means the digit: "the number one", "a one", "zero, one", not "this one", "one can see"."""
    before, after = words.before(i), words.after(i + 1)
    if before in NAMING_NOUNS:
        return Mention.SURE
    if words.tokens[i] == "ones":
        return Mention.SURE if before == EDGE and after in (EDGE, "and", "or") else Mention.NO
    if before in OTHER_ONE or after in MODALS or after in ("another", "more", "by", "who"):
        return Mention.NO
    listed = after in (EDGE, "and", "or") or _value(words, i + 1) is not None
    if (
        before in ("a", "an")
        or (before == EDGE and listed)
        or (before in ("and", "or") and _value(words, i - 2) is not None)
    ):
        return Mention.SURE
    said = before in SAYING and words.before(i - 1) != "there"
    return Mention.SURE if said and (listed or after in FUNCTION_WORDS) else Mention.PERHAPS


def _is_said_as_name(words: Words, i: int) -> bool:
    """Whether a number word outside questions about digits is a digit's name: "The airplane is eight."."""
    before, after = words.before(i), words.after(i + 1)
    if before in NAMING_NOUNS:
        return True
    if after != EDGE and not (after in ("and", "or") and _value(words, i + 2) is not None):
        return False
    beside = {_value(words, i - 2), _value(words, i + 2)} - {None}
    if before in (EDGE, "and", "or"):
        alone = before == EDGE and (_starts_line(words, i) or words.mark(i - 1) in OPENING_MARKS)
        return alone or bool(beside)
    if before in ("a", "an"):
        return True
    pronouns = ("it", "this", "that", "what", "which") if words.tokens[i] == "one" else ()
    counted = words.before(i - 1) in ("there", "these", "those", "here", "they", "we", *pronouns)
    return before in SAYING and not counted and not (pronouns and before in ("like", "as"))
