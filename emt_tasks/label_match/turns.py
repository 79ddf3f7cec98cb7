"""Which part of a text is the model's answer, where it goes on with a dialogue of its own making.

A model that does not stop writes the next question itself: "a ship. Human: And this? Assistant: a dog". Only what
precedes the next turn answers the question that was asked. A text that opens with the user's turn repeats the prompt;
its answer is the first turn of the assistant.
"""

import re

_USERS = frozenset(["human", "user", "instruction", "question", "q", "system", "inst"])
_TURN = re.compile(
    # A speaker's name with a colon, where a line or a sentence begins: "This is a human: he ..." opens no turn.
    r'(?:^|(?<=[\n.!?>"\')\]])) *(?:[#*]{1,3} ?)?(human|user|assistant|gpt|instruction)(?:\*\*)? ?:'
    r"|(?:^ *|\n *)(?:[#*]{1,3} ?)?(question|q)(?:\*\*)? ?:"
    r"|<\|im_start\|> ?(user|assistant|system)\b|<start_of_turn> ?(user|model)\b"
    r"|<\|start_header_id\|> ?(user|assistant|system) ?<\|end_header_id\|>|\[(inst)\]",
    re.IGNORECASE,  # judges and encoders are given what is not folded
)
_SILENT = re.compile(r"(?>(?><[^<>]{0,40}>|[^\w<]|<|_)*)")


def first_turn(text: str) -> str:
    """The answer in a text, folded or not, without the rest of a dialogue; the text itself if it is none.

    >>> first_turn("a ship. human: and this? assistant: a dog")
    'a ship.'
    """
    if ":" not in text and "<" not in text and "[" not in text:
        return text
    start, asking = 0, False
    for turn in _TURN.finditer(text):
        said = text[start : turn.start()]
        if not asking and not _SILENT.fullmatch(said):
            return said
        start, asking = turn.end(), not _USERS.isdisjoint((speaker or "").lower() for speaker in turn.groups())
    return text if asking else text[start:]
