"""Letters in a table of multiple choice, as VLMEvalKit keeps it: columns A, B, C, ... hold the row's own options."""

import re
from collections.abc import Sequence
from string import ascii_uppercase

from emt_tasks.errors import EmtError
from emt_tasks.escaping import plain

LONGEST = 60  # characters of an answer that is a letter; in a long one the search would take its time
# An answer that is a letter and says nothing else: "B", "B.", "(B)", "Answer: B", "The answer is (B)."
_ALONE = re.compile(
    r"(?:the\s+)?(?:correct\s+)?(?:(?:answer|option|choice)(?:\s+is)?\s*:?\s*)?[(\[]?(?-i:([A-Z]))[)\].:]*",
    re.IGNORECASE,
)


class OptionLetters:
    """What the letters of one table stand for.

    Args:
        header: the table's column names; its options are the columns A, B, C, ... as far as they go, from two on.
    """

    def __init__(self, header: Sequence[str]) -> None:
        names = [name.strip() for name in header]
        self._at: dict[str, int] = {}
        for letter in ascii_uppercase:
            if letter not in names:
                break
            self._at[letter] = names.index(letter)
        self._twice = [letter for letter in self._at if names.count(letter) > 1]

    def label(self, text: str, row: Sequence[str], where: str) -> str | None:
        """The option that is right, where the row's label is a letter; None where it is none.

        Raises:
            EmtError: nothing says what the letter stands for; `where` is for the error.
        """
        letter = text.strip()
        if letter not in tuple(ascii_uppercase):
            return None
        if len(self._at) < 2:
            raise EmtError(
                f"{where}: the right label is the letter {letter}, and the table has no columns A, B, ... that say "
                "what it stands for. Add them, or name a column of labels with --label-column."
            )
        if self._twice:
            raise EmtError(
                f"{where}: several columns are called {self._twice[0]}, so that nothing says which option the letter "
                "stands for. Rename or delete all but one."
            )
        option = self._option(letter, row)
        if not option:
            some = ", ".join(name for name in self._at if self._option(name, row)) or "none"
            raise EmtError(
                f"{where}: the right label is the letter {letter}, which is no option of its row (it has {some}). "
                "Mend the row, or name a column of labels with --label-column."
            )
        return option

    def answer(self, text: str, row: Sequence[str]) -> str:
        """An answer that is an option's letter alone, with the option's words; any other as it stands.

        >>> letters, row = OptionLetters(["answer", "A", "B"]), ["B", "cat", "dog"]
        >>> [letters.answer(text, row) for text in ("A", "The answer is (B).", "A. dog", "a cat", "C")]
        ['A. cat', 'B. dog', 'A. dog', 'a cat', 'C']
        """
        said = text.strip()
        alone = _ALONE.fullmatch(said) if len(said) <= LONGEST else None
        option = self._option(alone[1], row) if alone else ""
        return f"{alone[1]}. {option}" if alone and option else text

    def _option(self, letter: str, row: Sequence[str]) -> str:
        at = self._at.get(letter, len(row))
        return plain(row[at]).strip() if at < len(row) else ""
