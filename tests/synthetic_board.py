"""Boards of any size with made-up numbers that fit together: for tests of the page and for benchmarks."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from emt_tasks.forgetting.sets import SHOWN
from emt_tasks.labels import ALL_SETS, label_set
from emt_tasks.outcomes import Outcome
from emt_tasks.statistics.intervals import wilson
from leaderboard.board.view import (
    Against,
    Agreed,
    Board,
    Change,
    Confused,
    Curve,
    Entry,
    Estimate,
    Excluded,
    Headline,
    Judged,
    Kind,
    Leak,
    Model,
    PaperRow,
    Point,
    Provenance,
    Rank,
    Read,
    Remark,
    Result,
    Sample,
    Scored,
    SetInfo,
    Tier,
    Tuning,
)

ROWS = 100
HOSTILE = (
    '<script>alert("x")</script>',
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    '=HYPERLINK("http://evil.example","x")',
    "<svg onload=alert(1)><style>*{display:none}</style>",
    "\u202etxt.exe\u2066 \x1b[31mred\x07",
    "x" * 80,
    "</script><!-- {{ 7*7 }} {% raw %} --> & &amp; ]]>",
    "模型 " * 20,
    "'; DROP TABLE entries; --\u2028\u2029\0",
)


def board(entries: int, hostile: bool = False, seed: int = 0) -> Board:
    """A board of `entries` models; with `hostile` every text of a submitter or model is an attack."""
    rng = np.random.default_rng(seed)
    made = [_entry(place, rng, hostile) for place in range(entries)]
    found = tuple(sorted(made, key=lambda one: (one.rank is None, -(one.macro.value if one.macro else 0), one.id)))
    pinned = (_adversary("chance", 0.1), _adversary("every_class", 0.0), _encoder(rng)) if entries else ()
    return Board(
        title=_text(hostile, 0, "EMT board"),
        version="1.0",
        software="0.1.0",
        data_hash="0" * 64,
        sets=tuple(_set(key, ROWS if entries else 0) for key in ALL_SETS),
        readings=("label_match", "gpt_judge") if entries else ("label_match",),
        entries=found,
        pinned=pinned,
        paper=(PaperRow("LLaVA-7b", "ViT-L-14 openai", None, ("a", "b")),),
        curves=tuple(_curves(found, hostile)),
        matrix=tuple(_matrix(found, hostile)),
        samples=tuple(one for place, entry in enumerate(found[:8]) for one in _samples(entry, place, hostile)),
        sampling=0,
        headlines=_headlines(entries),
        excluded=(
            Excluded(_text(hostile, 6, "acme__bad/run.json"), (Remark("schema", _text(hostile, 0, "no json")),)),
        ),
        comparisons=entries * (entries - 1) // 2,
    )


def _text(hostile: bool, place: int, harmless: str) -> str:
    return HOSTILE[place % len(HOSTILE)] if hostile else harmless


def _set(key: str, n: int) -> SetInfo:
    return SetInfo(key, SHOWN[key], label_set(key).labels, n, "made up", shows=0.12 if n else None)


def _entry(place: int, rng: np.random.Generator, hostile: bool) -> Entry:
    keys = ALL_SETS if place % 7 else ALL_SETS[:2]
    results = {key: _result(key, rng.random(ROWS) < rng.uniform(0.05, 0.95), rng) for key in keys}
    macro = _estimate([one.by["label_match"] for one in results.values()])
    ranked = len(keys) == len(ALL_SETS)
    epoch = place % 4
    return Entry(
        id=f"org{place % 9}__model-{place}.run",
        kind=Kind.MODEL,
        model=Model(
            name=_text(hostile, place, f"model-{place}"),
            org=_text(hostile, place + 1, f"org{place % 9}"),
            url=f"https://example.org/{place}",
            encoder=_text(hostile, place + 2, "ViT-L-14 openai"),
            llm=_text(hostile, place + 3, "Vicuna-7b"),
            params=7_000_000_000,
            licence=_text(hostile, place + 4, "Apache-2.0"),
        ),
        tuning=Tuning("lora" if place % 2 else "linear", ("mnist",), float(epoch), lr=2e-4, seed=0, base="m")
        if epoch
        else Tuning(),
        provenance=_provenance(place, keys, hostile),
        results=results,
        shares=_shares(0.5),
        foreign=0.02,
        n=ROWS * len(keys),
        rank=Rank(place // 3 + 1, place + 1, place + 3) if ranked else None,
        unranked=None if ranked else "sets",
        macro=macro if ranked else None,
        retention=Estimate(0.8, 0.7, None if place % 5 == 0 else 0.9, len(keys)),
        forgetting=Estimate(0.1, 0.02, 0.2, 3) if epoch else None,
        agreement=Estimate(0.97, 0.95, 0.99, len(keys)),
        encoder="open_clip__ViT-L-14.run",
        series=f"s{place // 4}" if epoch else None,
        readings=(
            Judged("label_match", "1.0"),
            Judged("gpt_judge", "1", _text(hostile, place, "gpt-3.5-turbo"), "a" * 16, "2026-01-01", 0.12),
        ),
        audit=tuple(
            Agreed(key, ("label_match", "gpt_judge"), ROWS, 0.97, 0.92, 0.99, (0.9, 0.8, 1.0), (1, 2)) for key in keys
        ),
        flags=(Remark("jump", _text(hostile, place, "20 points above all others")),) if place % 11 == 0 else (),
        downloads={"entry": f"entries/org{place % 9}__model-{place}.run.json"},
    )  # fmt: skip


def _provenance(place: int, keys: Sequence[str], hostile: bool) -> Provenance:
    return Provenance(
        tuple(Tier)[place % 3],
        _text(hostile, place + 5, "somebody"),
        "2026-01-01",
        _text(hostile, place + 6, "a run"),
        (_text(hostile, place, "emt"), "run"),
        {_text(hostile, place + 1, "torch"): _text(hostile, place + 2, "2.14")},
        dict.fromkeys(keys, "0" * 64),
    )


def _result(key: str, right: np.ndarray, rng: np.random.Generator) -> Result:
    n, correct = len(right), int(right.sum())
    low, high = wilson(correct, n)
    scored = Scored(n, correct, correct / n, low, high, _shares(correct / n), 0.02)
    labels = len(label_set(key).labels)
    cells = {(int(rng.integers(labels)), int(rng.integers(labels + 4))): int(rng.integers(1, 9)) for _ in range(20)}
    confused = Confused(
        tuple(sorted((*at, count) for at, count in cells.items())),
        (
            Leak(
                label_set(key).labels[0], "mnist" if key != "mnist" else "cifar10", "8" if key != "mnist" else "ship", 3
            ),
        ),
    )
    gap = Against("open_clip__ViT-L-14.run", n, 40, 10, 30, 20, 0.7, -0.2, -0.3, -0.1, 0.001, 0.01, shown=True)
    return Result(
        key, "lite", "made up", comparable=True, by={"label_match": scored, "gpt_judge": scored}, encoder=gap,
        retention=Estimate(0.8, 0.7, 0.9, 1), change=replace(gap, other="m"), tuned_on=key == "mnist",
        confused=confused, bits=base64.b64encode(np.packbits(right, bitorder="little")).decode("ascii"),
    )  # fmt: skip


def _shares(right: float) -> Mapping[str, float]:
    rest = (1 - right) / 4
    named = {"correct": right, "incorrect": rest, "intrinsic": rest, "extrinsic": rest, "empty": rest, "unscored": 0.0}
    return {outcome.value: named[outcome.value] for outcome in Outcome}


def _estimate(scored: list[Scored]) -> Estimate:
    mean = sum(one.accuracy for one in scored) / len(scored)
    return Estimate(mean, max(0.0, mean - 0.05), min(1.0, mean + 0.05), len(scored))


def _adversary(name: str, accuracy: float) -> Entry:
    scored = Scored(ROWS, int(accuracy * ROWS), accuracy, 0.0, 0.2, _shares(accuracy), 0.0)
    results = {key: Result(key, "", "made up", comparable=False, by={"label_match": scored}) for key in ALL_SETS}
    return Entry(
        f"emt-bench__{name}.computed", Kind.ADVERSARY, Model(name, "emt-bench"), Tuning(),
        Provenance(Tier.VERIFIED, None, "2026-01-01", None), results, _shares(accuracy), 0.0, 4 * ROWS,
        macro=Estimate(accuracy, 0.0, 0.2, 4),
    )  # fmt: skip


def _encoder(rng: np.random.Generator) -> Entry:
    results = {key: _result(key, rng.random(ROWS) < 0.8, rng) for key in ALL_SETS}
    results = {key: replace(one, encoder=None, retention=None, change=None) for key, one in results.items()}
    return Entry(
        "open_clip__ViT-L-14.run", Kind.ENCODER, Model("ViT-L-14 openai", "open_clip", encoder="ViT-L-14 openai"),
        Tuning(), Provenance(Tier.RESCORED, None, "2026-01-01", None), results, _shares(0.8), 0.0, 4 * ROWS,
        macro=Estimate(0.8, 0.75, 0.85, 4),
    )  # fmt: skip


def _curves(entries: tuple[Entry, ...], hostile: bool) -> Iterator[Curve]:
    for place, entry in enumerate(entries[:12]):
        for key in entry.results:
            points = tuple(Point(e, entry.id, 0.9 - 0.2 * e, 0.8 - 0.2 * e, 0.95 - 0.2 * e, e > 1) for e in range(4))
            kind = "lora" if place % 2 else "linear"
            yield Curve(f"s{place}", _text(hostile, place, f"model-{place}"), kind, (ALL_SETS[place % 4],), key, points)


def _matrix(entries: tuple[Entry, ...], hostile: bool) -> Iterator[Change]:
    for place, entry in enumerate(entries[:12]):
        for key in entry.results:
            yield Change(
                f"s{place}", entry.id, _text(hostile, place, f"model-{place}"), "lora" if place % 2 else "linear",
                float(1 + place % 3), (ALL_SETS[place % 4],), key, -0.2, -0.3, -0.1, shown=True,
            )  # fmt: skip


def _samples(entry: Entry, place: int, hostile: bool) -> Iterator[Sample]:
    for key in entry.results:
        for row in range(4):
            label = label_set(key).labels[row]
            raw = _text(hostile, place + row, f"The object is a(n) {label}.")
            spans = ((19, 19 + len(label)),) if not hostile else ()
            reads = (Read("label_match", label, "correct"), Read("gpt_judge", None, "incorrect"))
            yield Sample(
                f"{entry.id}:{key}:{row}", entry.id, key, row, None, label, raw[:600], len(raw), spans, row == 3,
                reads, differs=row == 0,
            )  # fmt: skip


def _headlines(entries: int) -> tuple[Headline, ...]:
    if not entries:
        return tuple(Headline("none", {"about": key}) for key in ("below_encoder", "forgetting", "hallucination"))
    return (
        Headline(
            "below_encoder",
            {
                "below": entries // 2,
                "of": entries,
                "set": "CIFAR-100",
                "median": -0.2,
                "low": -0.3,
                "high": -0.1,
                "exact": 0,
            },
        ),
        Headline("forgetting", {"lower": 5, "of": 9, "mean": -0.12, "low": -0.2, "high": -0.04}),
        Headline("hallucination", {"share": 0.25, "low": 0.2, "high": 0.3, "n": 400 * entries}),
    )
