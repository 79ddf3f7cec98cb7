"""How the page's templates write what a board holds."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import BuiltinFunctionType, MethodType
from typing import Any

from emt_tasks.escaping import plain
from leaderboard.board.table import Column
from leaderboard.board.view import Board
from leaderboard.page.matrices import strength
from leaderboard.page.wording import Words, filled
from leaderboard.words import between, percent, points, points_between


def shown(value: object) -> str:
    r"""A value of unknown origin as text on one line; nothing where there is none.

    >>> shown(None), shown(3), shown("a\x1b[31mb")
    ('', '3', 'ab')
    """
    return "" if value is None else plain(str(value))


def said(value: object) -> object:
    """A value that is about to be written.

    Raises:
        TypeError: it is no value but a method: a word is called as a method of dictionaries is.
    """
    if isinstance(value, BuiltinFunctionType | MethodType):
        raise TypeError(f"{value!r} is about to be written into a page.")
    return value


def is_https(address: str) -> bool:
    """Whether an address may be a link: https, and of characters that an address is made of.

    >>> is_https("https://example.org/a"), is_https("javascript:alert(1)"), is_https("https://a b")
    (True, False, False)
    """
    return address.startswith("https://") and address.isprintable() and not set(address) & set(" <>\"'`\\")


def command(words: Sequence[str]) -> str:
    """A command as a shell takes it."""
    return shlex.join(words)


def css_name(key: str) -> str:
    """A key of letters, digits and `._-` as part of a class's name.

    >>> css_name("mini.image-net")
    'mini_image-net'
    """
    return key.replace(".", "_")


FILTERS: Mapping[str, Callable[..., Any]] = {
    "plain": shown,
    "is_https": is_https,
    "command": command,
    "css_name": css_name,
    "filled": filled,
    "percent": percent,
    "points": points,
    "between": between,
    "points_between": points_between,
    "strength": strength,
}


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: its name, what it means, and of which set it is."""

    name: str
    title: str
    of: str = ""


def head(column: Column, told: Words, board: Board) -> Head:
    """What stands above a column."""
    names = told["table"]["columns"]
    if column.set is None:
        return Head(*names[column.key])
    of = next(one.shown for one in board.sets if one.key == column.set)
    if not column.key.endswith("_gap"):
        return Head(of, "", of)
    name, title = names["gap"]
    return Head(name, filled(title, set=of), of)
