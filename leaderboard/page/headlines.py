"""The page's three first sentences."""

from collections.abc import Iterator
from dataclasses import dataclass

from leaderboard.board.view import Board, Headline
from leaderboard.page.wording import Words, filled
from leaderboard.words import percent, points

_POINTS = ("median", "mean", "low", "high")


@dataclass(frozen=True, slots=True)
class Said:
    """A number, large, and the sentence around it."""

    big: str
    says: str


def headlines(board: Board, words: Words) -> tuple[Said, ...]:
    """The board's sentences in the page's language."""
    return tuple(_said(board, words))


def _said(board: Board, words: Words) -> Iterator[Said]:
    for one in board.headlines:
        told = words["headline"][one.key]
        if one.key == "none":
            yield Said(told["big"], told[str(one.numbers["about"])])
            continue
        written = percent if one.key == "hallucination" else points
        numbers = {
            key: written(float(value))
            if key in (*_POINTS, "share")
            else f"{value:,}"
            if isinstance(value, int)
            else value
            for key, value in one.numbers.items()
        }
        yield Said(filled(told["big"], **numbers), filled(told[_sentence(one)], **numbers))


def _sentence(one: Headline) -> str:
    """Which sentence is true: limits of too few differences for an interval are the least and the greatest of them."""
    if one.numbers.get("exact", 1):
        return "says"
    return "one" if one.numbers["of"] == 1 else "few"
