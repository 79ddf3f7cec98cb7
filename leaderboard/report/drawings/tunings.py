"""What became of each base by its tunings: forgetting, epochs, outcomes."""

from collections.abc import Iterator, Mapping

from emt_tasks.forgetting import naming, sets
from emt_tasks.forgetting.findings import Findings
from emt_tasks.forgetting.lineage import Place, Role
from emt_tasks.forgetting.measures import Kept, series_of
from emt_tasks.forgetting.scores import Score
from leaderboard.figures.epoch_curves import Point, curves
from leaderboard.figures.forgetting_matrix import Cell, matrix
from leaderboard.figures.outcome_bars import UNKNOWN, Stack, stacks
from leaderboard.figures.theme import OKABE_ITO
from leaderboard.report.drawings.figure import Figure, data_table

MATRIX_SAYS = (
    "Base less tuned after the last epoch, points, with paired 95 % Newcombe intervals. Dashed: the set it was tuned "
    "on."
)
CURVES_SAY = (
    "Epoch 0 is the base. Filled: the drop from the base shows (paired 95 % interval below 0). Bars: 95 % Wilson "
    "intervals."
)


def _by_base(found: Findings) -> Iterator[tuple[int, Place, list[tuple[Place, ...]]]]:
    """The tunings of each base that has some; bases are numbered from 1."""
    all_series = series_of(found.told)
    bases = [place for place in found.told.of(Role.BASE) if any(series[0].base == place.run for series in all_series)]
    for number, base in enumerate(bases, start=1):
        yield number, base, [series for series in all_series if series[0].base == base.run]


def matrices(found: Findings) -> Iterator[Figure]:
    """For each base what its tunings forgot after their last epoch."""
    called, kept = naming.names(found.told), {(one.run, one.change.key): one for one in found.kept}
    for number, base, all_series in _by_base(found):
        last = [series[-1] for series in all_series]
        cells = [
            Cell(
                called[place.run],
                sets.shown(key),
                one.forgetting,
                *one.forgetting_interval,
                one.tuned_on,
            )
            for place in last
            for key in found.told.keys
            if (one := kept.get((place.run, key))) is not None
        ]
        if not cells:
            continue
        title = f"What {called[base.run]} forgot"
        spec = matrix(cells, title, MATRIX_SAYS)
        rows = [(c.row, c.column, c.value, c.low, c.high, "yes" if c.own else "no") for c in cells]
        heads = ("tuning", "set", "forgetting", "low", "high", "tuned on")
        yield Figure(
            f"forgetting-{number}",
            "forgetting",
            f"{title}, after the last epoch of each tuning.",
            spec,
            data_table(title, heads, rows),
        )


def epoch_curves(found: Findings) -> Iterator[Figure]:
    """For each base its accuracy by epoch, a panel for each set tuned on; tunings of unknown epoch are in none."""
    called, tuning = naming.names(found.told), naming.tunings(found.told)
    kept = {(one.run, one.change.key): one for one in found.kept}
    keys = found.told.keys[: len(OKABE_ITO)]
    for number, base, all_series in _by_base(found):
        measured = [
            point
            for series in all_series
            if series[0].epoch is not None and series[0].sets
            for key in keys
            for place in (base, *series)
            if (point := _point(found.score(place.run, key), place, series[0], tuning[series[0].run], kept)) is not None
        ]
        if not measured:
            continue
        title = f"{called[base.run]}: accuracy by epoch"
        spec = curves(measured, title, CURVES_SAY)
        rows = [(p.tuning, p.line, p.epoch, p.value, p.low, p.high, "yes" if p.drop else "no") for p in measured]
        heads = ("tuning", "set", "epoch", "accuracy", "low", "high", "drop shown")
        yield Figure(
            f"epochs-{number}",
            "forgetting",
            f"{title}, a panel for each set tuned on.",
            spec,
            data_table(title, heads, rows),
        )


def _point(
    score: Score | None, place: Place, of: Place, tuning: str, kept: Mapping[tuple[str, str], Kept]
) -> Point | None:
    if score is None:
        return None
    one = kept.get((place.run, score.key))
    drop = one is not None and one.change.interval[1] < 0
    epoch = 0.0 if place.role is Role.BASE else place.epoch or 0.0
    panel = f"tuned on {sets.shown_together(of.sets)}"
    return Point(panel, sets.shown(score.key), naming.method(of), tuning, epoch, score.accuracy, *score.interval, drop)


def outcome_stacks(found: Findings) -> Iterator[Figure]:
    """For each base the outcomes by epoch."""
    called, tuning = naming.names(found.told), naming.tunings(found.told)
    for number, base, all_series in _by_base(found):
        measured = [
            Stack(
                tuning[series[0].run],
                sets.shown(key),
                "0" if place is base else UNKNOWN if place.epoch is None else f"{place.epoch:g}",
                {o.value: c / s.n for o, c in s.counts.items()},
                s.foreign / s.n,
            )
            for series in all_series
            for key in found.told.keys
            for place in (base, *series)
            if (s := found.score(place.run, key)) is not None
        ]
        if not measured:
            continue
        title = f"{called[base.run]}: what became of the answers"
        spec = stacks(measured, title, "By epoch; 0 is the base. ◆ share of answers with words of another set.")
        names = list(measured[0].shares)
        rows = [(m.row, m.column, m.epoch, *(m.shares[name] for name in names), m.foreign) for m in measured]
        yield Figure(
            f"outcomes-{number}",
            "outcomes",
            f"{title}, by epoch.",
            spec,
            data_table(title, ("tuning", "set", "epoch", *names, "foreign"), rows),
        )
