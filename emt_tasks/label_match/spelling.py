"""One plain spelling for what can be written in many ways: case, width, accents, digits, dashes, invisible characters.

`folded` works character by character, so its time is linear in the text whatever the text holds (Unicode's own
normalisation sorts runs of accents, which an adversarial answer can make quadratic).
"""

import re
import unicodedata

from emt_tasks.label_match.turns import first_turn

LINE_BREAKS = frozenset("\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029")
LONG_DASHES = frozenset("\u2014\u2015\u2e3a\u2e3b\ufe31\ufe58")
APOSTROPHES = frozenset("'\u2018\u2019\u201b\u02bc\u02bb\u02b9\u2032\u00b4\uff07")
# Decoders leave these where text is missing: SentencePiece's mark of a space and the replacement character.
BLANKS = frozenset("\u2581\ufffd")
WITHOUT_WIDTH = frozenset({"Cf", "Mn", "Me"})
WITHOUT_MEANING = frozenset({"Cc", "Cn", "Co", "Cs", "Zs"})

# What models and templates leave around an answer. The names are listed, since "<ship>" may be an answer.
_MARKUP = re.compile(
    r"<\|im_start\|>\s*(?:assistant|user|system)\b"
    r"|<\|start_header_id\|>\s*(?:assistant|user|system)\s*<\|end_header_id\|>"
    r"|<\|[^<>|\s]{1,40}\|>"
    r"|</?(?:s|pad|unk|eos|bos|cls|sep|mask|image|img|video|im_start|im_end|start_of_turn|end_of_turn|end_of_utterance"
    r"|endoftext|end_of_text|image_placeholder|answer|b|br|code|em|i|p|strong|u)\s?/?>"
    r"|<0x[0-9a-f]{2}>"
    r"|\[/?(?:inst|pad|unk|cls|sep|mask|eos|bos|img|image)\]",
    re.IGNORECASE,
)
_THOUGHT = re.compile(r"<(/?)(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
# An emoji is a word without letters; arrows, boxes and mathematical signs are punctuation.
_EMOJI = re.compile("[\u2600-\u27bf\u2b1b\u2b1c\u2b50\u2b55\U0001f000-\U0001faff]")


class _Folding(dict[int, str]):
    """A table for `str.translate` that finds the plain spelling of a character when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = plain = _plain(chr(code))
        return plain


def _plain(char: str) -> str:
    """What stands for one character in a folded text; "" where nothing does."""
    category = unicodedata.category(char)
    if char in LINE_BREAKS:
        return "\n"
    if char in LONG_DASHES:
        return "\u2014"
    if char in APOSTROPHES:
        return "'"
    if char in BLANKS or category in WITHOUT_MEANING:
        return " "
    if category in WITHOUT_WIDTH:
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Pd" or char == "\u2212":
        return "-"
    if category == "Pc":
        return "_"
    spelled = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold()).replace("\u2044", "/")
    return "".join(mark for mark in spelled if unicodedata.category(mark) not in WITHOUT_WIDTH)


_FOLDING = _Folding()


# Colours and titles for a terminal (ECMA-48): "ESC [ 31 m" is no word, nor is what a title says.
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")


def folded(text: str) -> str:
    """The text in one plain spelling: compatibility forms resolved, case folded, accents and invisible marks dropped.

    Dashes become "-" (long ones "\N{EM DASH}"), decimal digits of any script 0-9, white space " " or a line break.

    >>> folded("Consomm\u00e9, \u017fhip and pick\u2011up")
    'consomme, ship and pick-up'
    """
    return (_TERMINAL.sub("", text) if "\x1b" in text else text).translate(_FOLDING)


def answer_alone(text: str) -> str:
    """A text, folded or not, without what is no answer: special tokens, simple HTML tags, thoughts, and further turns.

    A thought that never ends leaves no answer; an end without a beginning means that the prompt began it.

    >>> answer_alone("<think>a cat? a dog?</think>ship</s>").strip()
    'ship'
    """
    if "<" in text:
        text = _without_thoughts(text)
    text = first_turn(text)
    if "<" in text or "[" in text:
        text = _MARKUP.sub("\n", text)
    return text


def _without_thoughts(text: str) -> str:
    kept: list[str] = []
    start, thinking = 0, False
    for tag in _THOUGHT.finditer(text):
        if tag[1] and not thinking:
            kept.clear()
        elif not thinking:
            kept.append(text[start : tag.start()])
        start, thinking = tag.end(), not tag[1]
    return "\n".join(kept) if thinking else "\n".join([*kept, text[start:]])


def has_emoji(text: str) -> bool:
    """Whether a folded text holds a picture that stands for a word."""
    return not text.isascii() and _EMOJI.search(text) is not None
