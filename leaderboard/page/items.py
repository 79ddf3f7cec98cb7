"""The page's many-of-a-kind parts, each rendered on its own so that its length is known."""

from collections.abc import Collection
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from emt_tasks.escaping import plain
from leaderboard.board.table import columns, tuning
from leaderboard.board.view import Against, Board, Entry, Judged, Sample
from leaderboard.page import rows
from leaderboard.page.answers import marked
from leaderboard.page.maps import Map
from leaderboard.page.matrices import Matrix
from leaderboard.page.naming import models, names
from leaderboard.page.wording import Words, filled
from leaderboard.words import p_value, points

MISTAKES = 10  # commonest ones of a small set; of one of more labels twice as many


class Items:
    """The items of one page.

    Attributes:
        board, words: what is shown, in which words.
        called: entries' names by id.
        sets: sets' names by key.
        columns: of the table.
    """

    def __init__(self, board: Board, told: Words, environment: Environment) -> None:
        self.board, self.words = board, told
        self.called = names(board, told)
        self.sets = {one.key: one.shown for one in board.sets}
        self.columns = rows.shown_columns(columns(board.sets))
        self._environment = environment
        self._groups = tuple(rows.groups(board, self.columns, models(board, told)))

    def item(self, template: str, /, **values: Any) -> Markup:
        """One item, from its template."""
        made = self._environment.get_template(f"page/pieces/{template}.html.j2")
        return Markup(made.render(w=self.words, board=self.board, sets=self.sets, **values))  # noqa: S704  # escaped by the template

    def rows(self, viewed: Collection[str]) -> Markup:
        """The body of the table; entries that are `viewed`, by id, are linked."""
        return self.item("rows", groups=self._groups, columns=self.columns, viewed=viewed)

    def answer(self, sample: Sample) -> Markup:
        """One answer."""
        of = next(one for one in self.board.sets if one.key == sample.key)
        picture = of.sprite if sample.tile is not None else None
        return self.item(
            "answer", s=sample, marked=marked(sample.raw, sample.spans), got=_got(sample), picture=picture,
            name=self.called.get(sample.entry, sample.entry), shown=of.shown,
        )  # fmt: skip

    def map(self, one: Map, first: bool) -> Markup:
        """One confusion."""
        most = MISTAKES if len(one.set.labels) <= 2 * MISTAKES else 2 * MISTAKES
        return self.item("map", m=one, name=self.called[one.entry.id], most=most, first=first)

    def matrix(self, one: Matrix) -> Markup:
        """One matrix."""
        told = self.words["matrix"]
        epoch = told["last"] if one.epoch is None else filled(told["epoch"], epoch=f"{one.epoch:g}")
        return self.item("matrix", m=one, caption=filled(told["caption"], method=one.method, epoch=epoch))

    def judge(self, of: tuple[Entry, Judged]) -> Markup:
        """What a reading of one entry was made by."""
        entry, one = of
        return self.item("judge", one=one, name=self.called[entry.id])

    def view(self, entry: Entry) -> Markup:
        """All about one entry."""
        told = entry.results.values()
        against = [self._against(one.key, one.encoder) for one in told if one.encoder is not None]
        change = [self._against(one.key, one.change) for one in told if one.change is not None]
        return self.item(
            "view", e=entry, name=self.called[entry.id], tuning=tuning(entry), against=against, change=change
        )

    def _against(self, key: str, one: Against) -> str:
        return filled(
            self.words["entries"]["against"], set=self.sets.get(key, key), difference=points(one.difference),
            low=points(one.low), high=points(one.high), n=one.n, p=p_value(one.p_holm),
        )  # fmt: skip


def _got(sample: Sample) -> str:
    """Where an answer stands in a confusion: the label that it names, or the name of a bin."""
    read = sample.reads[0]
    if read.prediction is not None:
        return plain(read.prediction)
    if read.outcome == "intrinsic":
        return "several"
    if read.outcome == "empty":
        return "empty"
    return "foreign" if sample.foreign else "none"
