"""The page's drawings: roses and dots by encoder, gaps by set, curves by base; each with its data and files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from emt_tasks.escaping import plain
from leaderboard.board.view import Board, Curve, Entry, Kind, SetInfo
from leaderboard.figures.before_and_after import Share, before_after
from leaderboard.figures.epoch_curves import Point, curves
from leaderboard.figures.gap_forest import Difference, forest
from leaderboard.figures.roses import MOST, Petal, rose
from leaderboard.figures.theme import OKABE_ITO, Spec
from leaderboard.page import naming
from leaderboard.page.matrices import places
from leaderboard.page.naming import short
from leaderboard.page.wording import Words

ROSES, GAPS, BASES = 4, 24, 2
"""At most so many roses on a page, rows of a set's gaps, and bases whose curves are drawn."""
WIDTH = 230  # of a gap's scale, in points: two stand beside each other


@dataclass(frozen=True, slots=True)
class Drawing:
    """One figure: its name, which its files have too, what its title is made of, its spec, and its data as rows."""

    name: str
    about: str
    spec: Spec
    heads: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...]
    left: int = 0


def roses(board: Board, words: Words) -> list[tuple[Drawing, Drawing]]:
    """A rose and the same as dots for each encoder, with its best four models; `left` is how many are not drawn."""
    by_encoder: dict[str, list[Entry]] = {}
    for entry in board.entries:
        if entry.results and entry.tuning.kind == "none":
            by_encoder.setdefault(entry.encoder or entry.model.encoder or "", []).append(entry)
    pinned = {one.id: one for one in board.pinned}
    called, about = naming.drawn(board, words), naming.models(board, words)
    drawn = [(key, entries[:MOST]) for key, entries in by_encoder.items()][:ROSES]
    left = sum(map(len, by_encoder.values())) - sum(len(entries) for _, entries in drawn)
    return [
        _rose(board, number, pinned.get(key), about.get(key, plain(key)), entries, left, called)
        for number, (key, entries) in enumerate(drawn, start=1)
    ]


def _rose(
    board: Board,
    number: int,
    encoder: Entry | None,
    about: str,
    entries: Sequence[Entry],
    left: int,
    called: Mapping[str, str],
) -> tuple[Drawing, Drawing]:
    around = _petals(board, encoder, called) if encoder else []
    petals = [petal for entry in entries for petal in _petals(board, entry, called)]
    title = f"Models that look through {short(about)}"
    rows = tuple((one.model, one.key, one.value, one.low, one.high) for one in (*petals, *around))
    heads = ("model", "set", "accuracy", "low", "high")
    says = "Area is accuracy; whiskers are 95 % Wilson intervals; dashed, the encoder alone."
    dots = [Share("accuracy", one.key, one.model, one.value, one.low, one.high) for one in (*petals, *around)]
    return (
        Drawing(f"rose-{number}", about, rose(petals, around, title, says), heads, rows, left),
        Drawing(f"dots-{number}", about, before_after(dots, title, "95 % Wilson intervals."), heads, rows, left),
    )


def _petals(board: Board, entry: Entry, called: Mapping[str, str]) -> list[Petal]:
    scored = [(one.shown, entry.results[one.key].by) for one in board.sets if one.key in entry.results]
    return [
        Petal(called[entry.id], shown, by["label_match"].accuracy, by["label_match"].low, by["label_match"].high)
        for shown, by in scored
    ]


def gaps(board: Board, words: Words) -> Iterator[Drawing]:
    """For each set its models against their own encoders, the lowest first; `left` is how many are not drawn."""
    called = naming.drawn(board, words)
    for of in board.sets:
        told = [_gap(entry, of, called) for entry in board.entries if _has_gap(entry, of)]
        told.sort(key=lambda one: (one.value, one.row))
        if told:
            drawn = told[:GAPS]
            spec = forest(
                drawn, f"{of.shown}: model less encoder", "Paired 95 % Newcombe intervals.", "points", True, WIDTH
            )
            rows = tuple((one.row, one.value, one.low, one.high) for one in drawn)
            heads = ("model", "gap", "low", "high")
            yield Drawing(f"gap-{of.key}", of.shown, spec, heads, rows, len(told) - len(drawn))


def _has_gap(entry: Entry, of: SetInfo) -> bool:
    return entry.kind is Kind.MODEL and of.key in entry.results and entry.results[of.key].encoder is not None


def _gap(entry: Entry, of: SetInfo, called: Mapping[str, str]) -> Difference:
    against = entry.results[of.key].encoder
    assert against is not None
    return Difference(called[entry.id], of.shown, against.difference, against.low, against.high)


def epochs(board: Board, words: Words) -> Iterator[Drawing]:
    """For each base its curves, a panel for each tuning set; `left` is how many bases are not drawn."""
    entries = {one.id: one for one in board.entries}
    called, tunings = naming.names(board, words), naming.tunings(board, words)
    by_base: dict[str, list[Curve]] = {}
    for curve in board.curves:
        last = entries.get(curve.points[-1].entry) if curve.points else None
        by_base.setdefault(last.base or "" if last else "", []).append(curve)
    shown = {one.key: one.shown for one in board.sets[: len(OKABE_ITO)]}
    for number, (base, told) in enumerate(list(by_base.items())[:BASES], start=1):
        told.sort(key=lambda curve: places(board, curve.tuned_on))
        measured = [point for curve in told if curve.evaluated in shown for point in _points(curve, shown, tunings)]
        if measured:
            name = called.get(base, "")
            title = f"{short(name)}: accuracy by epoch"
            says = "Epoch 0 is the base. Filled: 95 % interval of the difference below 0. Bars: 95 % Wilson intervals."
            rows = tuple((_whose(p), p.line, p.epoch, p.value, p.low, p.high, str(p.drop)) for p in measured)
            heads = ("tuning", "set", "epoch", "accuracy", "low", "high", "interval below 0")
            yield Drawing(
                f"epochs-{number}", name, curves(measured, title, says), heads, rows, max(0, len(by_base) - BASES)
            )


def _whose(point: Point) -> str:
    return f"{point.tuning} · {point.method}, {point.panel}"


def _points(curve: Curve, shown: Mapping[str, str], tunings: Mapping[str, str]) -> Iterator[Point]:
    sets = " + ".join(shown.get(key, short(plain(key))) for key in curve.tuned_on)
    for one in curve.points:
        line, name = shown[curve.evaluated], tunings[curve.series]
        yield Point(f"tuned on {sets}", line, curve.kind, name, one.epoch, one.accuracy, one.low, one.high, one.dropped)
