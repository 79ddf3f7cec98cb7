"""Everything that runs tell of forgetting, in one frozen whole: what reports are written from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from emt_tasks.forgetting.answers import Answers, answers
from emt_tasks.forgetting.checkpoints import recorded
from emt_tasks.forgetting.claims import Claim, claims
from emt_tasks.forgetting.confusion import Confusion, confusion
from emt_tasks.forgetting.contrasts import Contrast
from emt_tasks.forgetting.drawing import Draw
from emt_tasks.forgetting.examples import Example, examples, shown_places
from emt_tasks.forgetting.failures import Fate, fates
from emt_tasks.forgetting.gathered import Gathered, gathered
from emt_tasks.forgetting.grid import Cell, grid
from emt_tasks.forgetting.lineage import Place, joined, place_of, with_sources
from emt_tasks.forgetting.mapping import Mapped, mapped
from emt_tasks.forgetting.measures import Kept, Peak, Transfer, gaps, kept, peaks, transfers
from emt_tasks.forgetting.missing import lineage_problems
from emt_tasks.forgetting.same_weights import each_once
from emt_tasks.forgetting.scores import Score, scores
from emt_tasks.runs.problems import Problem, Trouble
from emt_tasks.runs.records import Found, Run

HARMLESS = {
    Trouble.OLDER,
    Trouble.WEAK_IDENTITY,
    Trouble.DUPLICATE_ROWS,
    Trouble.REPEATED,
    Trouble.NO_ENCODER,
    Trouble.OTHER_SET,
}  # said, but everything could be told


MOST_PLACES = 4  # named in one problem


@dataclass(frozen=True, slots=True)
class Choices:
    """What a report is asked to be.

    Attributes:
        reading, variant: see `gathered`; None lets the runs decide.
        broken_too: use the rows there are of logs that are not whole.
        seed: of the draw of failures and examples.
        each: failures and examples of each kind, model and set.
    """

    reading: str | None = None
    variant: str | None = None
    broken_too: bool = False
    seed: int = 0
    each: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What runs tell; see the modules of this package for each.

    Attributes:
        told: the runs and what each is.
        gaps: bases against their encoders.
        problems: what is wrong with the runs or missing among them.
        choices: what was asked for.
    """

    told: Gathered
    scores: tuple[Score, ...]
    gaps: tuple[Contrast, ...]
    kept: tuple[Kept, ...]
    transfers: tuple[Transfer, ...]
    peaks: tuple[Peak, ...]
    grid: tuple[Cell, ...]
    claims: tuple[Claim, ...]
    confusions: tuple[Confusion, ...]
    fates: tuple[Fate, ...]
    examples: tuple[Example, ...]
    answers: tuple[Answers, ...]
    problems: tuple[Problem, ...]
    choices: Choices

    @property
    def partial(self) -> bool:
        """Whether something could not be told, or was left out."""
        return any(problem.trouble not in HARMLESS for problem in self.problems)

    @property
    def pictures(self) -> Iterator[tuple[str, str, int]]:
        """Set, pixel hash and row of each picture that was drawn to be shown."""
        for fate in self.fates:
            for one in chain.from_iterable(fate.drawn.values()):
                if one.image is not None:
                    yield fate.key, one.image, one.doc_id
        yield from ((one.key, one.image, one.doc_id) for one in self.examples if one.image is not None)

    def score(self, run: str, key: str) -> Score | None:
        """The score of a run on a set."""
        return self.by_run.get((run, key))

    @property
    def by_run(self) -> Mapping[tuple[str, str], Score]:
        """The scores by run and set."""
        return {(score.run, score.key): score for score in self.scores}


def places_of(runs: Sequence[Run], mapping: Mapped) -> tuple[tuple[Place, ...], tuple[Problem, ...]]:
    """What each run is, by its own files and its checkpoint's, then by the mapping; and what is wrong there.

    Raises:
        UnknownName: the mapping names a run that is not there.
    """
    said = {run.name: recorded(run) for run in runs}
    problems = tuple(told for told in said.values() if isinstance(told, Problem))
    kept = {run: None if isinstance(told, Problem) else told for run, told in said.items()}
    found = [place_of(run.name, run.identity, kept[run.name]) for run in runs]
    identities = {run.name: run.identity for run in runs}
    return joined(with_sources(mapped(found, mapping), identities)), problems


def merged(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """`problems` in their order, those that say the same of several places in one."""
    places: dict[tuple[Trouble, str, str], list[str]] = {}
    for problem in problems:
        several = places.setdefault((problem.trouble, problem.what, problem.todo), [])
        if problem.where not in several:
            several.append(problem.where)
    return tuple(Problem(trouble, _together(where), what, todo) for (trouble, what, todo), where in places.items())


def _together(places: Sequence[str]) -> str:
    rest = len(places) - MOST_PLACES
    return "; ".join(places[:MOST_PLACES]) + (f"; and {rest} more" if rest > 0 else "")


def findings(found: Found, mapping: Mapped | None = None, choices: Choices | None = None) -> Findings:
    """What the runs found tell.

    Raises:
        UnknownName: a run, reading or variant that was asked for is not there.
        EmtError: nothing is left to report on.
    """
    choices = choices or Choices()
    places, problems = places_of(found.runs, mapping or Mapped())
    places, repeated = each_once(found.runs, places)
    told = gathered(
        found.runs, places,
        reading=choices.reading, variant=choices.variant, broken_too=choices.broken_too,
    )  # fmt: skip
    for problem in (*problems, *repeated, *lineage_problems(told)):
        told.note(problem)
    all_kept = kept(told)
    shown = [place.run for place in shown_places(told)]
    confusions = [
        one
        for run in shown
        for key in told.keys
        if (run, key) in told.rows and (one := confusion(run, key, told.rows[run, key])) is not None
    ]
    told_claims, draw = claims(told), Draw(choices.seed)
    return Findings(
        told=told, scores=scores(told), gaps=gaps(told), kept=all_kept, transfers=transfers(all_kept),
        peaks=peaks(told), grid=grid(told), claims=told_claims, confusions=tuple(confusions),
        fates=fates(told, draw, choices.each), examples=examples(told, draw, choices.each), answers=answers(told),
        problems=merged((*found.problems, *told.problems.values())), choices=choices,
    )  # fmt: skip
