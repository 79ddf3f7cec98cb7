"""The door to lm_eval (EleutherAI's harness): its tasks are those for lmms-eval, and this class has them understood.

`task_yamls/lm_eval` includes `task_yamls/lmms_eval`, file by file. Readings, rows and scoring are the same functions;
what differs is what the two harnesses call things, and where lm_eval puts a picture.
"""

import logging
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from datasets import Dataset
from lm_eval.api.instance import Instance
from lm_eval.api.task import ConfigurableTask
from lm_eval.models.api_models import JsonChatStr

from emt_tasks.errors import EmtError
from emt_tasks.escaping import storable
from emt_tasks.hub import located
from emt_tasks.likelihood import Likelihood
from emt_tasks.requirements import require_readings
from emt_tasks.tasks import generating

logger = logging.getLogger("lm_eval.emt_tasks")  # below the harness's own, which gives each line its time and level
PLACE_OF_PICTURE = "<image>"  # lm_eval's own mark, whatever token a model has for it
GENERATE_ONLY = {"HFMultimodalLM": "hf-multimodal", "VLLM_VLM": "vllm-vlm",
                 "LocalChatCompletion": "a chat endpoint"}  # fmt: skip
"""Classes of lm_eval 0.4.13 that take pictures and give no likelihoods after one."""
THEIR_OWN = ("class", "reasoning_tags", "doc_to_visual")  # keys that lm_eval's tasks have not


class EmtTask(ConfigurableTask):
    """One EMT task under lm_eval.

    Args:
        config: the task file with its includes resolved and its functions imported.

    Raises:
        EmtError: the data can't be had, or a reading lacks what it needs. lm_eval has loaded the model by then.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        require_readings([config["task"]])
        ours = {name: value for name, value in located(config).items() if name not in THEIR_OWN}
        super().__init__(config={"doc_to_image": config["doc_to_visual"], **ours})

    @cached_property
    def _rows(self) -> Dataset:
        """The rows, made once: the harness asks for them again for each reading and each count."""
        return super().test_docs()

    def test_docs(self) -> Dataset:
        """The rows that are asked about."""
        return self._rows

    def fewshot_docs(self) -> None:
        """None: the harness would decode the whole split here, to draw examples that are never shown."""

    def doc_to_text(self, doc: Mapping[str, Any], doc_to_text: Any = None) -> str:
        """The question, after the place of the picture."""
        return f"{PLACE_OF_PICTURE}{super().doc_to_text(doc, doc_to_text)}"

    def fewshot_context(self, doc: Mapping[str, Any], *args: Any, **settings: Any) -> Any:
        """The question as the model is sent it; to a server without the mark, since its messages have the picture."""
        context = super().fewshot_context(doc, *args, **settings)
        if isinstance(context, JsonChatStr):
            return JsonChatStr(context.prompt.replace(PLACE_OF_PICTURE, ""))
        return context

    def build_all_requests(self, **settings: Any) -> None:
        """The requests of all rows; before the first, a warning where the model's chat template is left out.

        Raises:
            EmtError: they shall be kept, which lm_eval does by the task's name, whatever pictures it has now; or the
                model only generates, and the task wants likelihoods.
        """
        if settings.get("cache_requests"):
            raise EmtError(
                f"{self.config.task}: --cache_requests would ask old questions of new data, since lm_eval keeps them "
                "by the task's name alone. Leave it out."
            )
        if self.OUTPUT_TYPE == "multiple_choice":
            self._require_likelihoods(getattr(settings.get("chat_template"), "__self__", None))
        if not settings.get("apply_chat_template"):
            logger.warning(
                "%s: --apply_chat_template IS MISSING. The model is sent the bare question, without the turns that an "
                "instruction-tuned model was trained on: it may get nothing right, and chat endpoints fail. Add "
                "--apply_chat_template, unless the model has no template (a base model).",
                self.config.task,
            )
        super().build_all_requests(**settings)

    def _require_likelihoods(self, model: object) -> None:
        """Raise where `model`, which lm_eval tells of only by its chat template, is known to generate alone."""
        for kind in type(model).__mro__:
            if kind.__name__ in GENERATE_ONLY:
                task = str(self.config.task)
                raise EmtError(
                    f"{task} scores labels by their likelihood, and lm_eval lets {GENERATE_ONLY[kind.__name__]} only "
                    f"generate. Use the task {generating(task)}, or emt run with a model that scores "
                    "(emt_llava, emt_hf)."
                )
            if "loglikelihood" in vars(kind):
                return

    def construct_requests(self, doc: Mapping[str, Any], ctx: Any, **settings: Any) -> Instance | list[Instance]:
        """The request, or for a choice one for each label, with settings by the names that lm_eval's models know."""
        # The harness leaves out the space before a label under every chat template; ours, where white space is there.
        parted = isinstance(ctx, str) and ctx[-1:].isspace()
        made = super().construct_requests(doc, ctx, **{**settings, "apply_chat_template": parted})
        if isinstance(made, Instance):
            context, generation, picture = made.arguments
            made.arguments = (context, as_lm_eval_says(generation), picture)
        return made

    def apply_filters(self) -> None:
        """The readings of the answers as a file can hold them; over one that it can't, lm_eval loses the whole log."""
        for request in self._instances:
            request.resps = [storable(said) if isinstance(said, str) else said for said in request.resps]
        super().apply_filters()

    def process_results(self, doc: Mapping[str, Any], results: Sequence[Any]) -> dict[str, Any]:
        """What a row counts; of a choice lm_eval tells log-likelihoods, where lmms-eval tells losses."""
        if self.OUTPUT_TYPE == "multiple_choice":
            results = [
                [Likelihood(None, bool(greedy), total=float(total)) for total, greedy in each] for each in results
            ]
        counted: dict[str, Any] = super().process_results(doc, results)
        return counted


def as_lm_eval_says(generation: Mapping[str, Any]) -> dict[str, Any]:
    """Generation settings by lm_eval's names; a single beam, which is the default and no server's word, goes unsaid.

    >>> as_lm_eval_says({"max_new_tokens": 64, "num_beams": 1, "until": []})
    {'max_gen_toks': 64, 'until': []}
    """
    said = {name: value for name, value in generation.items() if (name, value) != ("num_beams", 1)}
    most = {"max_gen_toks": said.pop("max_new_tokens")} if "max_new_tokens" in said else {}
    return {**most, **said}
