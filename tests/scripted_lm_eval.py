"""A model of lm_eval that says what a test tells it to, and one call of the harness with our task files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lm_eval import simple_evaluate
from lm_eval.api.instance import Instance
from lm_eval.api.model import LM
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

from emt_tasks import harness
from emt_tasks.task_files import task_folder


class ScriptedLM(LM):
    """Answers each request with `say(row, prompt)`, or scores with `worth(row, label)`; remembers what it was asked."""

    MULTIMODAL = True
    tokenizer_name = "none"

    def __init__(self, say: Callable[[dict, str], Any], worth: Callable[[dict, str], float] | None = None) -> None:
        super().__init__()
        self.say, self.worth = say, worth
        self.prompts: list[str] = []
        self.pictures: list = []
        self.answers: list[str] = []
        self.settings: list[dict] = []

    def apply_chat_template(self, history: list[dict], **_settings: Any) -> str:
        assert len(history) == 1
        return history[0]["content"]

    def generate_until(self, requests: list[Instance], **_settings: Any) -> list[Any]:
        answers = []
        for request in requests:
            prompt, settings, more = request.args
            self.settings.append(settings)
            self._remember(prompt, more)
            answers.append(self.say(request.doc, prompt))
        return answers

    def loglikelihood(self, requests: list[Instance], **_settings: Any) -> list[tuple[float, bool]]:
        assert self.worth is not None
        found = []
        for request in requests:
            prompt, answer, more = request.args
            self._remember(prompt, more)
            self.answers.append(answer)
            found.append((self.worth(request.doc, answer.strip()), False))
        return found

    def loglikelihood_rolling(self, requests: list[Instance], **_settings: Any) -> list[float]:
        raise AssertionError(f"these tasks ask about pictures: {requests}")

    def _remember(self, prompt: str, more: dict) -> None:
        self.prompts.append(prompt)
        self.pictures += more["visual"]


def evaluated(model: Any, data: Path, *tasks: str, out: Path | None = None, **asked: Any) -> dict[str, Any]:
    """What lm_eval makes of `model` on `tasks`, read from `data`; written below `out` as its command does."""
    manager = TaskManager(include_path=str(task_folder("lm_eval")), include_defaults=False)
    tracker = EvaluationTracker(output_path=str(out)) if out else None
    with harness.reading_from(data), pytest.MonkeyPatch.context() as patch:
        patch.setenv("TQDM_DISABLE", "1")
        found = simple_evaluate(
            model, tasks=list(tasks), task_manager=manager, bootstrap_iters=0, evaluation_tracker=tracker,
            **{"apply_chat_template": True, **asked},
        )  # fmt: skip
    assert found is not None
    if tracker:
        samples = found["samples"]
        tracker.save_results_aggregated(results={k: v for k, v in found.items() if k != "samples"}, samples=samples)
        for name, rows in samples.items():
            tracker.save_results_samples(task_name=name, samples=rows)
    return dict(found)
