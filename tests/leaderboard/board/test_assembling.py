"""The board's numbers against the statistics that runs are compared with, and what does not change them."""

import base64
import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy_entries
import toy_runs

from emt_tasks.statistics.intervals import wilson
from emt_tasks.statistics.mcnemar import mcnemar
from emt_tasks.statistics.paired import PairedTable, newcombe
from leaderboard.board.assembling import board
from leaderboard.board.columns import asked
from leaderboard.board.settings import BoardSettings, board_settings
from leaderboard.board.view import Board, Kind, Tier
from leaderboard.entry.folder import read_entries
from leaderboard.entry.known import known_data
from leaderboard.entry.schema import DatasetFields
from leaderboard.entry.suggestions import Given

N = 100
ENCODER = "ViT-L-14 openai"
CLIP = {"model": "emt_clip", "model_args": "model=ViT-L-14,pretrained=openai"}


def right(seed: int, share: float) -> list[bool]:
    rng = random.Random(seed)
    return [rng.random() < share for _ in range(N)]


def tasks(seed: int, share: float, keys: tuple[str, ...] = toy_entries.KEYS) -> dict:
    return {f"emt_{key}": toy_entries.rows(key, right(seed + place, share)) for place, key in enumerate(keys)}


def numbers_alone(fields: dict) -> None:
    fields["model"]["name"] = "told"
    fields["provenance"]["tier"] = "reported"
    fields.pop("predictions")


def verify(made: toy_entries.Board, entry: Path) -> None:
    """As a maintainer does who has run it again."""
    made.change(entry, lambda fields: fields["provenance"].update(tier="verified"))
    with (made.folder / "verified.txt").open("a") as file:
        file.write(f"{entry.parent.name}__{entry.stem}\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder, its base, two epochs tuned on MNIST, a rival, a model on two sets, and one of numbers alone."""
    home = tmp_path_factory.mktemp("board")
    made = toy_entries.Board(home / "entries")
    runs = {
        "clip": (tasks(1, 0.9), Given(org="open_clip", model=ENCODER, encoder=ENCODER, submitted_by="me")),
        "base": (tasks(2, 0.6), Given(org="org", model="base", encoder="vit-l/14 openai", submitted_by="me")),
        "rival": (tasks(3, 0.62), Given(org="other", model="rival", submitted_by="me")),
        "part": (tasks(4, 0.9, ("mnist", "cifar10")), Given(org="org", model="part", submitted_by="me")),
    }
    for epoch, share in ((1, 0.4), (2, 0.2)):
        given = Given(org="org", model="base", encoder=ENCODER, submitted_by="me", tuning="lora", dataset=("mnist",),
                      epoch=float(epoch), base="org/base", run=f"lora-{epoch}")  # fmt: skip
        runs[f"lora-{epoch}"] = (tasks(2, share), given)
    for name, (rows, given) in runs.items():
        more = CLIP if name == "clip" else {}
        made.add(toy_runs.write_run(home / "runs" / name, rows, **more), given)
    verify(made, made.folder / "open_clip__ViT-L-14-openai" / "zero-shot.json")
    told = made.folder / "org__base" / "base.json"
    copy = made.folder / "org__told" / "run.json"
    copy.parent.mkdir()
    copy.write_text(told.read_text())
    made.change(copy, numbers_alone)
    return made.folder


def built(folder: Path, **changes: object) -> Board:
    known = known_data(folder)
    read = replace(read_entries(folder, known), **changes)
    return board(read, known, BoardSettings())


@pytest.fixture(scope="module")
def whole(folder: Path) -> Board:
    return built(folder)


def entry(whole: Board, name: str):
    return next(one for one in (*whole.entries, *whole.pinned) if one.id == name)


def test_who_is_ranked_and_why_others_are_not(whole: Board) -> None:
    told = {one.id: (one.rank is not None, one.unranked) for one in whole.entries}
    assert told == {
        "org__base__base": (True, None), "other__rival__base": (True, None), "org__base__lora-1": (True, None),
        "org__base__lora-2": (True, None), "org__part__base": (False, "sets"), "org__told__run": (False, "tier"),
    }  # fmt: skip
    assert [one.kind for one in whole.pinned] == [Kind.ADVERSARY] * 4 + [Kind.ENCODER]
    assert whole.comparisons == 6
    assert whole.pinned[-1].macro is not None
    assert whole.excluded == ()


def test_the_best_stand_first_and_alike_ones_share_a_group(whole: Board) -> None:
    assert [one.id for one in whole.entries[:4]] == sorted(
        (one.id for one in whole.entries[:4]), key=lambda name: -entry(whole, name).macro.value
    )
    assert entry(whole, "org__base__base").rank.tie == entry(whole, "other__rival__base").rank.tie == 1
    assert entry(whole, "org__base__lora-2").rank.tie > 1


def test_the_gap_to_the_encoder_is_that_of_two_runs(whole: Board) -> None:
    encoder, base = (np.array(right(seed, share)) for seed, share in ((2, 0.9), (3, 0.6)))  # second set: seed + 1
    table = PairedTable.of(encoder, base)
    gap = entry(whole, "org__base__base").results["cifar10"].encoder
    assert (gap.difference, (gap.low, gap.high)) == (table.difference, newcombe(table))
    assert gap.p == mcnemar(table.only_a, table.only_b)
    assert gap.p_holm >= gap.p
    assert gap.other == "open_clip__ViT-L-14-openai__zero-shot"


def test_bits_are_right_answers_in_an_order_that_all_share(whole: Board) -> None:
    def column(name: str, key: str) -> np.ndarray:
        packed = np.frombuffer(base64.b64decode(entry(whole, name).results[key].bits), np.uint8)
        return np.unpackbits(packed, bitorder="little")[:N].astype(bool)

    a, b = column("open_clip__ViT-L-14-openai__zero-shot", "mnist"), column("org__base__base", "mnist")
    gap = entry(whole, "org__base__base").results["mnist"].encoder
    assert ((a & b).sum(), (a & ~b).sum(), (~a & b).sum()) == (gap.both, gap.only_other, gap.only_this)


def test_forgetting_is_of_the_sets_not_tuned_on(whole: Board) -> None:
    tuned = entry(whole, "org__base__lora-2")
    changes = {key: one.change.difference for key, one in tuned.results.items()}
    assert tuned.results["mnist"].tuned_on
    assert tuned.forgetting.value == pytest.approx(-np.mean([changes[key] for key in toy_entries.KEYS[1:]]))
    assert tuned.forgetting.of == 3
    assert entry(whole, "org__base__base").forgetting is None


def test_a_tuning_has_a_curve_a_set_from_its_base_on(whole: Board) -> None:
    curves = [one for one in whole.curves if one.evaluated == "cifar100"]
    assert [[point.epoch for point in one.points] for one in curves] == [[0.0, 1.0, 2.0]]
    assert curves[0].points[-1].dropped
    assert not curves[0].points[0].dropped
    assert {(one.epoch, one.evaluated) for one in whole.matrix} == {
        (e, k) for e in (1.0, 2.0) for k in toy_entries.KEYS
    }


def test_retention_is_the_share_of_the_encoders_accuracy(whole: Board) -> None:
    base = entry(whole, "org__base__base")
    each = [one.by["label_match"].accuracy / one.encoder.accuracy for one in base.results.values()]
    assert base.retention.value == pytest.approx(np.mean(each))
    assert base.retention.low < base.retention.value < base.retention.high


def test_headlines_count_what_the_table_shows(whole: Board) -> None:
    below, lost, made_up = whole.headlines
    assert (below.key, below.numbers["of"], below.numbers["set"]) == ("below_encoder", 1, "CIFAR-100")
    assert (lost.key, lost.numbers["of"]) == ("forgetting", 6)
    assert lost.numbers["high"] < 0
    assert (made_up.key, made_up.numbers["share"]) == ("hallucination", 0.0)


def test_who_never_looks_stands_on_the_floor(whole: Board) -> None:
    floor = {one.model.name: one.results for one in whole.pinned if one.kind is Kind.ADVERSARY}
    assert floor["chance"]["cifar100"].by["label_match"].accuracy == 0.01
    assert floor["constant"]["mnist"].by["label_match"].accuracy == 0.1
    for name in ("every_class", "echo"):
        for key in toy_entries.KEYS:
            assert floor[name][key].by["label_match"].shares["intrinsic"] == 1, (name, key)
    assert all(one.rank is None for one in whole.pinned)


def test_numbers_alone_have_no_bits_and_no_samples(whole: Board) -> None:
    told = entry(whole, "org__told__run")
    assert told.provenance.tier is Tier.REPORTED
    assert all(one.bits is None and one.encoder is None for one in told.results.values())
    assert "org__told__run" not in {one.entry for one in whole.samples}


def test_other_rows_are_shown_and_not_ranked(folder: Path, tmp_path: Path) -> None:
    there = tmp_path / "entries"
    shutil.copytree(folder, there)
    rows = {f"emt_{key}": toy_entries.rows(key, right(9, 0.5)[:50]) for key in toy_entries.KEYS}
    given = Given(org="org", model="half", submitted_by="me", encoder=ENCODER)
    toy_entries.Board(there).add(toy_runs.write_run(tmp_path / "run", rows), given)
    half = entry(built(there), "org__half__base")
    assert (half.unranked, half.results["mnist"].bits) == ("rows", None)
    assert half.results["mnist"].encoder.n == 50  # compared on the rows that both have


def test_answers_read_otherwise_before_are_ranked(folder: Path, tmp_path: Path) -> None:
    there = Path(shutil.copytree(folder, tmp_path / "entries"))
    given = Given(org="org", model="before", submitted_by="me")
    run = toy_runs.write_run(tmp_path / "run", tasks(5, 0.7), version="1.1")
    toy_entries.Board(there).add(run, given)
    assert entry(built(there), "org__before__base").unranked is None


def test_answers_to_another_question_are_not_ranked_together() -> None:
    told = DatasetFields(fingerprint="0" * 64, task="emt_mnist", version="1.9", n=1)
    assert asked(told) == asked(told.model_copy(update={"version": "1.0"}))
    assert asked(told) != asked(told.model_copy(update={"version": "2.0"}))


def test_a_version_that_is_made_up_takes_no_honest_model_out_of_the_ranking(folder: Path, tmp_path: Path) -> None:
    there = Path(shutil.copytree(folder, tmp_path / "entries"))
    for place in range(4):
        run = toy_runs.write_run(tmp_path / str(place), tasks(20 + place, 0.5), version="99.0")
        toy_entries.Board(there).add(run, Given(org="aaa", model=f"m{place}", submitted_by="me"))
    found = built(there)
    assert len(found.excluded) == 4
    assert {entry(found, name).unranked for name in ("org__base__base", "other__rival__base")} == {None}


def test_a_stranger_is_nobodys_encoder_and_nobodys_base(folder: Path, tmp_path: Path) -> None:
    there = Path(shutil.copytree(folder, tmp_path / "entries"))
    made = toy_entries.Board(there)
    stranger = Given(org="aaa", model="clip", encoder=ENCODER, submitted_by="me")
    made.add(toy_runs.write_run(tmp_path / "clip", tasks(7, 0.1), **CLIP), stranger)
    tuned = Given(org="zzz", model="tuned", encoder=ENCODER, submitted_by="me", tuning="lora", dataset=("mnist",),
                  base="org/base", run="tuned")  # fmt: skip
    made.add(toy_runs.write_run(tmp_path / "tuned", tasks(8, 0.3)), tuned)
    found = built(there)
    assert entry(found, "org__base__base").encoder == "open_clip__ViT-L-14-openai__zero-shot"
    assert entry(found, "org__base__lora-1").base == "org__base__base"
    assert entry(found, "zzz__tuned__tuned").base is None, "org's base is not verified"
    verify(made, there / "org__base" / "base.json")
    assert entry(built(there), "zzz__tuned__tuned").base == "org__base__base"
    own = made.add(
        toy_runs.write_run(tmp_path / "own", tasks(9, 0.2), **CLIP),
        Given(org="zzz", model="own", encoder=ENCODER, submitted_by="me"),
    )
    assert entry(built(there), "zzz__tuned__tuned").encoder == f"zzz__own__{own.stem}"


def test_the_board_does_not_depend_on_the_order_of_files(folder: Path, whole: Board) -> None:
    read = read_entries(folder, known_data(folder))
    assert built(folder, cases=tuple(reversed(read.cases))) == whole


def test_a_board_without_entries_is_one(tmp_path: Path) -> None:
    (tmp_path / "entries").mkdir()
    empty = built(tmp_path / "entries")
    assert (empty.entries, empty.pinned, empty.samples) == ((), (), ())
    assert [one.key for one in empty.headlines] == ["none"] * 3
    assert len(empty.paper) == 6


def test_a_board_may_ask_for_fewer_sets(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "board.yaml").write_text("title: Ours\nsets: [mnist, cifar10]\n")
    known = known_data(folder)
    found = board(read_entries(folder, known), known, board_settings(tmp_path))
    assert (found.title, next(one for one in found.entries if one.id == "org__part__base").unranked) == ("Ours", None)


def test_accuracies_are_those_of_wilson(whole: Board) -> None:
    scored = entry(whole, "org__base__base").results["mnist"].by["label_match"]
    assert (scored.low, scored.high) == wilson(sum(right(2, 0.6)), N)


def test_samples_are_answers_of_their_entries_with_their_names_marked(whole: Board) -> None:
    one = next(one for one in whole.samples if one.key == "cifar10" and one.spans)
    start, end = one.spans[0]
    assert one.raw[start:end] == one.reads[0].prediction
    assert len({one.id for one in whole.samples}) == len(whole.samples) <= 400
