"""The report as plain data, for JSON: fractions in [0, 1], intervals at 95 % unless said otherwise."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from emt_tasks.forgetting import naming
from emt_tasks.forgetting.answers import Answers
from emt_tasks.forgetting.claims import Claim
from emt_tasks.forgetting.confusion import Confusion
from emt_tasks.forgetting.contrasts import Contrast, Mean
from emt_tasks.forgetting.failures import Fate
from emt_tasks.forgetting.findings import Findings
from emt_tasks.forgetting.grid import Cell
from emt_tasks.forgetting.lineage import Place
from emt_tasks.forgetting.measures import Kept, Peak
from emt_tasks.forgetting.scores import Score
from leaderboard.report import boxes, failures
from leaderboard.report.sections import method

SCHEMA = 1


def as_data(found: Findings) -> dict[str, Any]:
    """Everything found, with names of runs as keys between the parts."""
    called = naming.names(found.told)
    return {
        "schema": SCHEMA,
        "reading": found.told.reading,
        "variant": found.told.variant,
        "sets": list(found.told.keys),
        "partial": found.partial,
        "runs": [_place(place, called[place.run]) for place in found.told.places],
        "scores": [_score(score) for score in found.scores],
        "gaps": [_contrast(one) for one in found.gaps],
        "forgetting": [_kept(one) for one in found.kept],
        "backward_transfer": [{"run": one.run, "sets": list(one.keys), **_mean(one.mean)} for one in found.transfers],
        "peaks": [_peak(one) for one in found.peaks],
        "grid": [_cell(one) for one in found.grid],
        "claims": [_claim(claim) for claim in found.claims],
        "confusions": [_confusion(one) for one in found.confusions],
        "failures": {"rule": failures.rule(found), "of": [_fate(one) for one in found.fates]},
        "examples": {"rule": boxes.rule(found), "drawn": [asdict(one) for one in found.examples]},
        "answers": _answers(found.answers),
        "problems": [
            {"trouble": p.trouble.value, "where": p.where, "what": p.what, "todo": p.todo} for p in found.problems
        ],
        "method": method(found),
    }


def _place(place: Place, called: str) -> dict[str, Any]:
    names = ("run", "encoder", "base", "sets", "method", "epoch", "recipe", "seed", "known_from")
    return {"called": called, "role": place.role.value, **{name: getattr(place, name) for name in names}}


def _score(score: Score) -> dict[str, Any]:
    return {
        "run": score.run, "set": score.key, "task": score.task, "n": score.n, "unscored": score.unscored,
        "accuracy": score.accuracy, "interval": score.interval,
        "counts": {outcome.value: count for outcome, count in score.counts.items()},
        "foreign": score.foreign, "words_of": dict(score.words_of),
    }  # fmt: skip


def _contrast(one: Contrast) -> dict[str, Any]:
    return {
        "a": one.a, "b": one.b, "set": one.key, "n": one.n, "both": one.table.both, "only_a": one.table.only_a,
        "only_b": one.table.only_b, "neither": one.table.neither, "difference": one.difference,
        "interval": one.interval, "p": one.p, "p_holm": one.p_holm,
    }  # fmt: skip


def _kept(one: Kept) -> dict[str, Any]:
    retention: Sequence[float | None] = one.retention or (None, None, None)
    return {
        "run": one.run, "set": one.change.key, "tuned_on": one.tuned_on, "forgetting": one.forgetting,
        "interval": one.forgetting_interval, "retention": retention[0], "retention_interval": retention[1:],
        "smallest_drop_shown": one.shows, "against": _contrast(one.change),
    }  # fmt: skip


def _mean(mean: Mean) -> dict[str, Any]:
    return {"value": mean.value, "interval": mean.interval, "of": mean.of}


def _peak(one: Peak) -> dict[str, Any]:
    return {
        "last": one.last, "peak": one.peak, "set": one.key, "change": one.change.difference, "interval": one.interval,
        "dropped": one.dropped,
    }  # fmt: skip


def _cell(one: Cell) -> dict[str, Any]:
    return {
        "runs": one.runs, "set": one.key, "tuned_on": one.tuned_on, "accuracy": one.accuracy, "lowest": one.lowest,
        "highest": one.highest, "change": _mean(one.change),
    }  # fmt: skip


def _claim(claim: Claim) -> dict[str, Any]:
    parts = [
        {
            "says": part.says, "verdict": part.verdict.value, "rule": part.rule, "claimed": part.claimed,
            "mean": _mean(part.mean) if part.mean else None, "lacks": part.lacks or None,
            "evidence": [_contrast(one) for one in part.evidence],
        }
        for part in claim.parts
    ]  # fmt: skip
    return {"claim": claim.letter, "says": claim.says, "verdict": claim.verdict.value, "parts": parts}


def _confusion(one: Confusion) -> dict[str, Any]:
    rows, columns = one.counts.nonzero()
    cells = [[int(r), int(c), int(one.counts[r, c])] for r, c in zip(rows, columns, strict=True)]
    return {"run": one.run, "set": one.key, "labels": one.labels, "answers": one.answers, "cells": cells}


def _fate(one: Fate) -> dict[str, Any]:
    told = asdict(one)
    return {"base": told.pop("base"), "run": told.pop("run"), "set": told.pop("key"), **told}


def _answers(all_sets: Sequence[Answers]) -> dict[str, Any]:
    """How many answers of models were read, and how many different ones there are of each set."""
    return {
        "read": sum(one.read for one in all_sets),
        "distinct": sum(one.distinct for one in all_sets),
        "sets": {one.key: {"read": one.read, "distinct": one.distinct} for one in all_sets},
    }
