"""The paper's claims (a) to (e), each answered from the runs at hand by a rule that is stated with the answer.

They are of tunings: a point between base and tuned (WiSE-FT) is made from one, and is not counted as a further one.

Source of the claims: arXiv 2309.10313, sections 4 and 5.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from emt_tasks.forgetting import comparisons, sets
from emt_tasks.forgetting.contrasts import Contrast, Mean, corrected, mean_of
from emt_tasks.forgetting.gathered import Gathered
from emt_tasks.forgetting.measures import gaps

NEARLY = 0.9  # our choice for "nearly every"
AGAINST = 0.1  # our choice: more comparisons than this shown the other way, and a general claim does not hold
EPOCHS, FIRST = 3.0, 1.0  # the paper's
RULE_MEAN = (
    "Holds where the mean difference's 95 % interval lies on the claimed side of 0 and at most one comparison in ten "
    "is shown on the other side; does not where the interval lies on the other side, or more than one in ten is shown "
    "there."
)
BY_SEED = "Tunings of one seed are compared where both have that seed."
SHOWN = "A difference is shown where exact McNemar's p, Holm-corrected over the claim's comparisons, is at most 0.05."


class Verdict(StrEnum):
    """What runs say of a claim."""

    HOLDS = "holds"
    DOES_NOT = "does not"
    CANT_TELL = "can't be told"


@dataclass(frozen=True, slots=True)
class Part:
    """One claim, or a part of one, with its evidence.

    Attributes:
        says: the claim, so that the differences should be `claimed`.
        rule: how the verdict is reached.
        claimed: +1 or -1, the sign that the differences should have.
        evidence: the comparisons, B less A, p corrected over them.
        mean: of their differences.
        verdict: see `Verdict`.
        lacks: what runs it would take, where there are none or not all that the claim speaks of; else "".
    """

    says: str
    rule: str
    claimed: int
    evidence: tuple[Contrast, ...]
    mean: Mean | None
    verdict: Verdict
    lacks: str

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many comparisons are shown as claimed, shown the other way, and not shown."""
        shown = [one.shown * self.claimed for one in self.evidence]
        return shown.count(1), shown.count(-1), shown.count(0)


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim of the paper: it holds where all its parts do, and does not where one does not."""

    letter: str
    says: str
    parts: tuple[Part, ...]

    @property
    def verdict(self) -> Verdict:
        """Of all parts together."""
        verdicts = {part.verdict for part in self.parts}
        if Verdict.DOES_NOT in verdicts:
            return Verdict.DOES_NOT
        return Verdict.CANT_TELL if Verdict.CANT_TELL in verdicts else Verdict.HOLDS


Judge = Callable[[Sequence[Contrast], Mean, int], Verdict]


def claims(told: Gathered) -> tuple[Claim, ...]:
    """All five."""
    return (_a(told), _b(told), _c(told), _d(told), _e(told))


def _part(
    says: str, rule: str, judge: Judge, claimed: int, found: Iterable[Contrast | None], lacks: str, rest: str = ""
) -> Part:  # fmt: skip
    """A part of a claim; `lacks` says what it takes, `rest` what is wanting where some of it is there."""
    evidence = corrected([one for one in found if one is not None])
    mean = mean_of(evidence)
    verdict = judge(evidence, mean, claimed) if mean is not None else Verdict.CANT_TELL
    return Part(says, f"{rule} {SHOWN}", claimed, evidence, mean, verdict, rest if evidence else lacks)


def _by_mean(evidence: Sequence[Contrast], mean: Mean, claimed: int) -> Verdict:
    against = sum(one.shown == -claimed for one in evidence) / len(evidence)
    low, high = mean.interval if claimed > 0 else (-mean.interval[1], -mean.interval[0])
    if high < 0 or against > AGAINST:
        return Verdict.DOES_NOT
    return Verdict.HOLDS if low > 0 else Verdict.CANT_TELL


def _by_share(evidence: Sequence[Contrast], mean: Mean, claimed: int) -> Verdict:  # noqa: ARG001  # a judge
    if sum(one.shown == claimed for one in evidence) >= NEARLY * len(evidence):
        return Verdict.HOLDS
    against = sum(one.shown == -claimed for one in evidence)
    return Verdict.DOES_NOT if against > (1 - NEARLY) * len(evidence) else Verdict.CANT_TELL


def _by_all(evidence: Sequence[Contrast], mean: Mean, claimed: int) -> Verdict:  # noqa: ARG001  # a judge
    if all(one.shown == claimed for one in evidence):
        return Verdict.HOLDS
    return Verdict.DOES_NOT if any(one.shown == -claimed for one in evidence) else Verdict.CANT_TELL


def _by_some(evidence: Sequence[Contrast], mean: Mean, claimed: int) -> Verdict:
    """As `_by_all` where not all are there: they can speak against it, not for it."""
    verdict = _by_all(evidence, mean, claimed)
    return Verdict.CANT_TELL if verdict is Verdict.HOLDS else verdict


def _a(told: Gathered) -> Claim:
    rule = (
        "Holds where at least nine in ten pairs of model and set are shown below; does not where more than one in"
        " ten is shown above."
    )
    lacks = "runs of a base and of its own encoder (emt_clip) on the same set"
    says = "nearly every model is below its own vision encoder"
    return Claim("a", says, (_part(says, rule, _by_share, -1, gaps(told), lacks),))


def _b(told: Gathered) -> Claim:
    at_three = [place for place in comparisons.tuned(told) if place.epoch == EPOCHS and len(place.sets) == 1]
    lower = _part(
        "three epochs on one set lower the others",
        RULE_MEAN,
        _by_mean,
        -1,
        comparisons.others(told, at_three),
        "a checkpoint of epoch 3 tuned on one set, and its base, on another set",
    )
    more = _part(
        "LoRA lowers them more than linear",
        f"{BY_SEED} {RULE_MEAN}",
        _by_mean,
        -1,
        comparisons.methods(told, at_three),
        "checkpoints of epoch 3 by linear and by LoRA from one base on one set",
    )
    return Claim("b", "three epochs on one set lower the others, LoRA more than linear", (lower, more))


def _c(told: Gathered) -> Claim:
    tuned = [
        place
        for place in comparisons.tuned(told)
        if place.method == "linear" and place.epoch == FIRST and len(place.sets) == 1 and place.sets[0] in sets.RGB
    ]
    says = "one epoch of linear on an RGB set raises the other RGB sets"
    lacks = (
        "a linear checkpoint of epoch 1 tuned on CIFAR-10, CIFAR-100 or miniImageNet, and its base, on another of them"
    )
    found = comparisons.others(told, tuned, among=sets.RGB)
    return Claim("c", says, (_part(says, RULE_MEAN, _by_mean, +1, found, lacks),))


def _d(told: Gathered) -> Claim:
    last = [series[-1] for series in comparisons.tunings(told) if series[-1].sets == ("mnist",)]
    says = "fine-tuning on MNIST lowers all others"
    rule = (
        "Holds where each of the three other sets is shown lower after each tuning's last epoch; does not where one is "
        "shown higher."
    )
    lacks = "a checkpoint tuned on MNIST, and its base, on the three other sets"
    unasked = [key for key in sets.RGB if any(told.contrast(one.base or "", one.run, key) is None for one in last)]
    rest = f"the same on {' and '.join(map(sets.shown, unasked))}" if unasked else ""
    judge = _by_some if unasked else _by_all
    return Claim("d", says, (_part(says, rule, judge, -1, comparisons.others(told, last), lacks, rest),))


def _e(told: Gathered) -> Claim:
    says = "more diverse fine-tuning data forgets less"
    rule = (
        "Diversity is the number of classes tuned on. Checkpoints of one base, method and epoch (the last that two "
        f"tunings share) are compared on sets that neither was tuned on. {BY_SEED} {RULE_MEAN}"
    )
    lacks = "checkpoints of one base, method and epoch tuned on sets of 10 and of 100 classes, on a third set"
    return Claim("e", says, (_part(says, rule, _by_mean, +1, comparisons.diversities(told), lacks),))
