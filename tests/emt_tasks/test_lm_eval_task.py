"""The class that has our tasks understood by lm_eval: data, settings, and what goes wrong."""

import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import lm_eval
import pytest
import toy_sets
import yaml
from click.testing import CliRunner
from lm_eval.tasks import TaskManager
from scripted_lm_eval import ScriptedLM, evaluated

from emt_tasks import harness
from emt_tasks.cli.score import command as score
from emt_tasks.errors import EmtError
from emt_tasks.lm_eval_task import GENERATE_ONLY, EmtTask, as_lm_eval_says
from emt_tasks.sources import MissingData
from emt_tasks.task_files import task_folder
from emt_tasks.tasks import catalogue, prompt_of

FOLDER = task_folder("lm_eval")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_sets.write_all(tmp_path_factory.mktemp("data"), each=1)


def right(doc: dict, _prompt: str) -> str:
    return f"The object is a(n) {doc['labels'][doc['label']]}."


def loaded(data: Path, name: str, folder: Path = FOLDER) -> EmtTask:
    with harness.reading_from(data):
        task = TaskManager(include_path=str(folder), include_defaults=False).load([name])["tasks"][name]
    assert isinstance(task, EmtTask)
    return task


def test_each_task_and_group_has_its_file_and_no_fact_stands_in_it() -> None:
    ours = {path.name for path in task_folder().glob("emt*.yaml")}
    assert {path.name for path in FOLDER.glob("emt*.yaml")} == ours
    for path in FOLDER.glob("emt*.yaml"):
        told = yaml.safe_load(path.read_text())
        assert set(told) == {"include"}
        first, *more = [told["include"]] if isinstance(told["include"], str) else told["include"]
        assert (first, more) == (f"../lmms_eval/{path.name}", [] if catalogue()[path.stem].members else ["_task.yaml"])


def test_no_key_stands_in_two_files_that_are_included_beside_each_other() -> None:
    """The harnesses disagree about whose comes first."""

    class Loader(yaml.SafeLoader):
        """Leaves functions as words."""

    Loader.add_constructor("!function", lambda loader, node: loader.construct_scalar(node))

    def keys(path: Path) -> set[str]:
        told = yaml.load(path.read_text(), Loader)  # noqa: S506  # a SafeLoader
        included = told.pop("include", [])
        found: set[str] = set()
        for name in [included] if isinstance(included, str) else included:
            more = keys(path.parent / name)
            assert not found & more, (path.name, found & more)
            found |= more
        return found | set(told)

    for path in (*task_folder().glob("*.yaml"), *FOLDER.glob("*.yaml")):
        keys(path)


def test_the_config_that_is_logged_is_the_one_of_the_other_harness(data: Path) -> None:
    task = loaded(data, "emt_cifar10")
    ours = catalogue()["emt_cifar10"].config
    told = task.dump_config()
    assert (told["doc_to_text"], told["generation_kwargs"]) == (ours["doc_to_text"], ours["generation_kwargs"])
    assert told["metadata"]["data_dir"] == str(data)
    assert ours["metadata"]["version"] == task.VERSION


def test_settings_go_by_the_names_of_lm_eval(data: Path) -> None:
    model = ScriptedLM(right)
    evaluated(model, data, "emt_cifar10", limit=1)
    evaluated(model, data, "emt_cifar10", limit=1, gen_kwargs={"max_gen_toks": 5, "num_beams": 3})
    evaluated(model, data, "emt_cifar10", limit=1, gen_kwargs={"max_new_tokens": 7})
    plain = {"do_sample": False, "temperature": 0.0, "until": []}
    assert model.settings == [
        {"max_gen_toks": 64, **plain},
        {"max_gen_toks": 5, "num_beams": 3, **plain},
        {"max_gen_toks": 7, **plain},
    ]
    assert as_lm_eval_says({"num_beams": 2}) == {"num_beams": 2}


def test_examples_are_never_shown(data: Path) -> None:
    model = ScriptedLM(right)
    evaluated(model, data, "emt_cifar10", limit=2, num_fewshot=3)
    assert set(model.prompts) == {f"<image>{prompt_of('emt_cifar10')}"}


def test_a_bare_question_is_sent_with_a_warning(
    data: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ScriptedLM(right)
    monkeypatch.setattr(logging.getLogger("lm_eval"), "propagate", True)  # which its command switches off
    with caplog.at_level(logging.WARNING, "lm_eval"):
        evaluated(model, data, "emt_cifar10", limit=3, apply_chat_template=False)
    assert set(model.prompts) == {f"<image>{prompt_of('emt_cifar10')}"}
    (told,) = [line for line in caplog.records if "--apply_chat_template" in line.getMessage()]
    assert (told.levelname, told.name) == ("WARNING", "lm_eval.emt_tasks")
    caplog.clear()
    evaluated(model, data, "emt_cifar10", limit=3)
    assert "--apply_chat_template" not in caplog.text


def test_the_warning_stands_on_a_line_of_its_own(data: Path) -> None:
    """In the command's own output, where bars of progress end without one."""
    words = [
        "--model", "hf-multimodal", "--tasks", "emt_cifar10", "--limit", "2", "--include_path", str(FOLDER),
    ]  # fmt: skip
    program = (
        "import sys; from scripted_lm_eval import ScriptedLM\n"
        "import lm_eval.api.registry as registry\n"
        "class Said(ScriptedLM):\n"
        "    @classmethod\n"
        "    def create_from_arg_obj(cls, *_given): return cls(lambda doc, prompt: 'a cat')\n"
        "    create_from_arg_string = create_from_arg_obj\n"
        "registry.get_model = lambda name: Said\n"
        "import lm_eval.__main__; sys.argv[0] = 'lm_eval'; lm_eval.__main__.cli_evaluate()\n"
    )
    environment = {**os.environ, "EMT_DATA_DIR": str(data), "PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run(
        [sys.executable, "-c", program, "run", *words], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in re.split(r"[\n\r]", done.stderr) if "--apply_chat_template IS MISSING" in line]
    assert re.match(r"\d{4}-\d\d-\d\d:[\d:]+ WARNING +\[emt_tasks:\d+\] emt_cifar10: ", line)


class Silent(ScriptedLM):
    """Generates, and refuses likelihoods as lm_eval's own of that name does."""

    def loglikelihood(self, requests: list, **_settings: object) -> list:
        raise NotImplementedError


class Scoring(type("HFMultimodalLM", (Silent,), {})):
    loglikelihood = ScriptedLM.loglikelihood


@pytest.mark.parametrize("name", ["HFMultimodalLM", "VLLM_VLM", "LocalChatCompletion"])
def test_a_model_that_only_generates_is_refused_by_a_choice(data: Path, name: str) -> None:
    model = type("Mine", (type(name, (Silent,), {}),), {})(right)
    for task in ("emt_cifar10_choice", "emt_cifar10_choice_sentence"):
        with pytest.raises(EmtError, match=rf"{task} scores labels .* Use the task emt_cifar10, or emt run"):
            evaluated(model, data, task, limit=1)
    assert evaluated(model, data, "emt_cifar10", limit=1)["results"]["emt_cifar10"]["accuracy,label_match"] == 1


def test_a_model_that_scores_though_its_parent_does_not_is_taken(data: Path) -> None:
    model = Scoring(right, lambda _doc, label: -float(len(label)))
    assert "emt_cifar10_choice" in evaluated(model, data, "emt_cifar10_choice", limit=1)["results"]


def test_the_models_that_only_generate_are_still_called_so() -> None:
    """Read as text: the module of vLLM's needs vLLM."""
    folder = Path(lm_eval.__file__).parent / "models"
    text = "".join((folder / f"{name}.py").read_text() for name in ("hf_vlms", "vllm_vlms", "openai_completions"))
    assert all(f"class {name}(" in text for name in GENERATE_ONLY)


@pytest.mark.parametrize(("ends", "first"), [("ASSISTANT:", " "), ("assistant\n", "")])
def test_a_label_is_parted_from_the_prompt_once(data: Path, ends: str, first: str) -> None:
    class Templated(ScriptedLM):
        def apply_chat_template(self, history: list[dict], **settings: object) -> str:
            return super().apply_chat_template(history, **settings) + ends

    model = Templated(right, lambda _doc, label: -float(len(label)))
    found = evaluated(model, data, "emt_cifar10_choice", limit=1)
    assert model.answers[:2] == [f"{first}airplane", f"{first}automobile"]
    assert found["samples"]["emt_cifar10_choice"][0]["emt"]["prediction"] == "cat", "the first of the likeliest"
    assert "accuracy_per_token,choice" not in found["results"]["emt_cifar10_choice"]


def test_rows_are_made_once(data: Path) -> None:
    task = loaded(data, "emt_mnist")
    assert task.eval_docs is task.eval_docs
    assert task.fewshot_docs() is None


def test_a_part_of_the_rows_has_the_verdicts_of_the_whole(data: Path) -> None:
    def say(doc: dict, _prompt: str) -> str:
        return doc["labels"][int(doc["image_sha256"], 16) % 10]

    whole = evaluated(ScriptedLM(say), data, "emt_cifar10")["samples"]["emt_cifar10"]
    part = evaluated(ScriptedLM(say), data, "emt_cifar10", samples={"emt_cifar10": [2, 5, 7]})["samples"]["emt_cifar10"]
    assert [row["doc_id"] for row in part] == [2, 5, 7]
    assert [row["emt"] for row in part] == [whole[row]["emt"] for row in (2, 5, 7)]


def test_a_task_of_one_s_own_includes_ours(data: Path, tmp_path: Path) -> None:
    own = {"include": str(FOLDER / "emt_cifar10.yaml"), "task": "mine", "doc_to_text": "Name it: {{ labels[0] }}?"}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(own))
    task = loaded(data, "mine", tmp_path)
    assert task.doc_to_text(task.eval_docs[0]) == "<image>Name it: airplane?"


def test_a_folder_without_the_set_and_no_folder_are_said(data: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="has no folder 'cifar10'"):
        loaded(tmp_path, "emt_cifar10")
    with pytest.raises(MissingData, match=r"EMT_DATA_DIR names '.*nowhere', which is no folder"):
        loaded(tmp_path / "nowhere", "emt_cifar10")


def test_a_reading_that_lacks_something_is_said_before_a_question_is_asked(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMT_CLIP_TEXT_MODEL", "/no/where")
    model = ScriptedLM(right)
    with pytest.raises(EmtError, match=r"can't be read by clip_argmin: there is no folder '/no/where'"):
        evaluated(model, data, "emt_cifar10_clip", limit=1)
    assert model.prompts == []


def test_questions_are_not_kept_by_a_name_that_says_nothing_of_them(data: Path) -> None:
    with pytest.raises(EmtError, match="--cache_requests would ask old questions of new data"):
        evaluated(ScriptedLM(right), data, "emt_mnist", limit=1, cache_requests=True)


def test_answers_without_metrics_can_be_scored_later(data: Path, tmp_path: Path) -> None:
    evaluated(ScriptedLM(right), data, "emt_cifar10", limit=4, predict_only=True, out=tmp_path)
    done = CliRunner().invoke(score, [str(tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)["results"]
    assert (found["n"], found["accuracy"]) == (4, 1.0)
