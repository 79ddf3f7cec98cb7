"""A tower of the true architecture learns digits; the rest of it stays, and every epoch is asked."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import open_clip
import pytest
import torch
import toy_clip
from safetensors.torch import load_file

from emt_tasks.errors import EmtError
from emt_tasks.forgetting.findings import findings
from emt_tasks.forgetting.lineage import Role
from emt_tasks.runs.reading_back import read_runs
from finetuning.repro.asking import Questions
from finetuning.repro.clip import Start, checks, made, reproduce
from finetuning.repro.tower import WEIGHTS, TowerClassifier, side_of_source, written_as
from finetuning.training.checkpoint import read_checkpoint
from finetuning.tuning.whole_runs import EARLIER
from model_wrappers.zero_shot.arguments import source_of
from model_wrappers.zero_shot.loading import load_encoder


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Start:
    return Start("local", str(toy_clip.saved(tmp_path_factory.mktemp("clip") / "toy")))


def asking(out: Path) -> Questions:
    return Questions(("emt_mnist",), out / "runs", limit=2, template="a photo of a {c}.")


@pytest.fixture
def questions(tmp_path: Path) -> Questions:
    return asking(tmp_path / "out")


@pytest.fixture
def clip_job(make_job, sets: Path):
    return partial(make_job, course="full", data_dir=sets)


@pytest.fixture(scope="module")
def tuned(job_in, start: Start, sets: Path, tmp_path_factory: pytest.TempPathFactory):
    """Two epochs of full tuning, never stopped: the job, what it left, and what it was asked."""
    out = tmp_path_factory.mktemp("tuned")
    job = job_in(out, course="full", data_dir=sets)
    return job, reproduce(job, start, asking(out), shown=False), asking(out)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / WEIGHTS)


def changed(start: Start, folder: Path) -> set[str]:
    before, after = weights(Path(start.pretrained)), weights(folder)
    assert before.keys() == after.keys()
    return {name for name, value in after.items() if not torch.equal(value, before[name])}


def test_the_tower_learns_and_every_epoch_is_asked_as_emt_clip(start, tuned) -> None:
    _, done, questions = tuned
    assert done.told["checkpoints"] == ["epoch-1.0", "epoch-2.0"]
    assert changed(start, done.folder / "epoch-2.0") == {
        name for name in weights(Path(start.pretrained)) if name.startswith("visual.")
    }
    assert done.history[1]["loss"] < done.history[0]["loss"]
    told = findings(read_runs([questions.runs / "base", questions.runs / done.folder.name])).told
    assert [place.role for place in told.places] == [Role.BASE, Role.TUNED, Role.TUNED]
    assert [(place.epoch, place.method) for place in told.of(Role.TUNED)] == [(1.0, "full"), (2.0, "full")]
    assert {place.base for place in told.of(Role.TUNED)} == {told.of(Role.BASE)[0].run}


def test_of_a_linear_probe_only_the_last_map_changes(start, questions, clip_job) -> None:
    done = reproduce(clip_job({"epochs": 1}, course="linear-probe"), start, questions, shown=False)
    assert changed(start, done.folder / "epoch-1.0") == {"visual.proj"}


def test_wise_ft_keeps_the_point_between_start_and_tuned_and_the_tower_of_full_counts_once(
    start, tuned, job_in, sets
) -> None:
    job, _, questions = tuned
    done = reproduce(job_in(job.out, {"alphas": [0.25]}, "wise-ft", data_dir=sets), start, questions, shown=False)
    names = [f"epoch-{epoch}{point}" for epoch in ("1.0", "2.0") for point in ("", "-alpha-0.25")]
    assert done.told["checkpoints"] == names
    first, last = weights(Path(start.pretrained)), weights(done.folder / "epoch-2.0")
    for name, value in weights(done.folder / "epoch-2.0-alpha-0.25").items():
        assert torch.allclose(value, 0.75 * first[name] + 0.25 * last[name], atol=1e-6), name
    places = findings(read_runs([questions.runs])).told.of(Role.TUNED)
    assert {place.run: (place.method, place.alpha) for place in places} == {
        "full-digits0/epoch-1.0": ("full", None),
        "full-digits0/epoch-2.0": ("full", None),
        "wise-ft-digits0/epoch-1.0-alpha-0.25": ("wise-ft", 0.25),
        "wise-ft-digits0/epoch-2.0-alpha-0.25": ("wise-ft", 0.25),
    }


def test_a_kept_folder_is_the_tuned_model_to_open_clip_itself(start, tuned) -> None:
    job, done, _ = tuned
    folder = done.folder / "epoch-1.0"
    theirs, _, _ = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    _, batches = made(job, start)
    pixels, targets = next(batches.plain(torch.arange(60).numpy(), 60))
    said = [f"a photo of a digit {label}." for label in range(5)]
    with torch.inference_mode():
        seen, texts = theirs.eval()(pixels, open_clip.get_tokenizer(f"local-dir:{folder}")(said))[:2]
    right = ((seen @ texts.T).argmax(dim=1) == targets).float().mean()
    assert done.history[0]["accuracy"] == pytest.approx(float(right))


def test_stopped_between_training_and_asking_it_ends_alike(start, tuned, tmp_path: Path) -> None:
    lines: list[str] = []

    def stop(line: str) -> None:
        lines.append(line)
        if "epoch 1:" in line:
            raise KeyboardInterrupt

    job, once, _ = tuned
    stopped, questions = replace(job, out=tmp_path), asking(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        reproduce(stopped, start, questions, stop, shown=False)
    done = reproduce(stopped, start, questions, lines.append, shown=False)
    for name in ("epoch-1.0", "epoch-2.0"):
        hashes = [read_checkpoint(each.folder / name).told["weights"] for each in (done, once)]
        assert hashes[0] == hashes[1]
    assert len(list(questions.runs.glob("*/epoch-*"))) == 2


def test_what_is_finished_is_kept_and_asked_what_is_new(start, questions, clip_job) -> None:
    """Of fewer rows, too: what is read back is what was asked last, and the rest is not thrown away."""
    lines: list[str] = []
    reproduce(clip_job({"epochs": 1}), start, replace(questions, limit=4), shown=False)
    for limit, said in ((4, "(kept)"), (2, "asked before"), (2, "(kept)")):
        lines.clear()
        again = reproduce(clip_job({"epochs": 1}), start, replace(questions, limit=limit), lines.append, False)
        assert again.kept
        assert all(said in line for line in lines)
    found = read_runs([questions.runs])
    assert [rows.n for run in found.runs for rows in run.tasks] == [2, 2]
    assert not found.problems
    aside = read_runs([questions.runs / "base" / EARLIER])
    assert [rows.n for run in aside.runs for rows in run.tasks] == [4]


def test_quickgelu_is_written_with_the_weights(tmp_path: Path) -> None:
    """OpenAI's weights ask for it, and an architecture's name alone does not say so."""
    encoder = load_encoder(source_of("local", str(toy_clip.saved(tmp_path / "toy"))), "float32", torch.device("cpu"))
    quick = type(encoder)(
        encoder.model, encoder.tokenizer, encoder.preprocessing, encoder.dtype,
        type(encoder.source)(encoder.source.model, None, quick_gelu=True),
    )  # fmt: skip
    (tmp_path / "written").mkdir()
    written_as(quick).write(quick.model, {}, tmp_path / "written")
    again = open_clip.create_model(f"local-dir:{tmp_path / 'written'}")
    assert type(again.visual.transformer.resblocks[0].mlp.gelu).__name__ == "QuickGELU"


def test_a_tower_without_a_last_map_is_refused_for_a_probe(start, clip_job) -> None:
    encoder = start.load("cpu")
    encoder.model.visual.proj = None
    with pytest.raises(EmtError, match="no linear map at its end"):
        TowerClassifier(encoder, ("a", "b"), clip_job(course="linear-probe").course)


def test_the_pictures_size_is_known_without_the_weights(start) -> None:
    assert side_of_source(start.model, start.pretrained) == 32
    assert side_of_source("ViT-L-14-336", "openai") == 336


def test_the_preflight_tells_everything(start, clip_job) -> None:
    found = {check.name: check.found for check in checks(clip_job(course="linear-probe"), start, 0)}
    assert list(found) == ["data", "words", "pictures", "model", "disk", "time"]
    assert "768 of its image tower's" in found["model"]
