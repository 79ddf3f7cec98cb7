"""What helps against forgetting, as fields of a recipe: the remedies that the paper's related work names."""

from pydantic import Field, field_validator

from finetuning.declared import Fields
from finetuning.records.set_spec import read_spec


class L2SP(Fields):
    """A penalty toward the values before tuning.

    Source: Li, Grandvalet and Davoine, "Explicit inductive bias for transfer learning with convolutional networks",
    ICML 2018 (arXiv 1802.01483), the penalty L2-SP: alpha/2 ||w - w0||^2 over weights that the base has, beta/2 ||v||^2
    over those it has not.

    Attributes:
        alpha: for the weights of the base, the change that adapters make to them included.
        beta: for weights that the base has no counterpart of, which are learnt prompt tokens.
    """

    alpha: float = Field(gt=0)
    beta: float = Field(0.0, ge=0)


class EarlyStopping(Fields):
    """The training ends where a foreign set is being forgotten.

    Attributes:
        watch: an EMT task or group ("emt_cifar10"), whose accuracy is watched, or a set as `--data` names them
            ("cifar100?rows=200"), the loss of whose answers is: so that no row that is reported decides anything.
        patience: that many checkpoints in a row must lie below the best before them.
        tolerance: by more than this; a fraction of accuracy, or nats of loss.
        limit: rows of each watched task; None is all.
    """

    watch: str = Field(min_length=1)
    patience: int = Field(1, gt=0)
    tolerance: float = Field(0.0, ge=0)
    limit: int | None = Field(200, gt=0)

    @field_validator("watch")
    @classmethod
    def _exists(cls, watch: str) -> str:
        if not is_task(watch):
            read_spec(watch)
            return watch
        from emt_tasks.tasks import leaves

        leaves((watch,))
        return watch


class AgainstForgetting(Fields):
    """What is done against forgetting; nothing unless it is asked for.

    Attributes:
        replay: further sets that are mixed in, as `--data` names them: "cifar10?weight=0.1" is a tenth of its rows. One
            that is tuned on as well is not replayed.
        l2_sp: a penalty toward the values before tuning.
        layer_decay: each layer of the language model learns at this share of the rate of the layer above it, what
            stands below them all (projector, embeddings) at one more: Howard and Ruder, "Universal language model
            fine-tuning for text classification", ACL 2018 (arXiv 1801.06146), "discriminative fine-tuning", who divide
            by 2.6. 1 is one rate for all. (The rate over time is `optimizer.schedule`.)
        interpolation: beside each checkpoint also the point at this share of the way from the base to it, for each
            share: Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022 (arXiv 2109.01903), WiSE-FT.
        early_stopping: an end where a foreign set is forgotten.
    """

    replay: tuple[str, ...] = ()
    l2_sp: L2SP | None = None
    layer_decay: float = Field(1.0, gt=0, le=1)
    interpolation: tuple[float, ...] = ()
    early_stopping: EarlyStopping | None = None

    @field_validator("replay")
    @classmethod
    def _sets(cls, replay: tuple[str, ...]) -> tuple[str, ...]:
        for each in replay:
            read_spec(each)
        return replay

    @field_validator("interpolation")
    @classmethod
    def _shares(cls, interpolation: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0 <= share < 1 for share in interpolation):
            raise ValueError("each share is at least 0, the base, and below 1, the checkpoint itself")
        return tuple(sorted(set(interpolation)))

    def misfit(self, method: str) -> str | None:
        """Why these remedies don't suit a method; None where they do."""
        if method == "prompt" and self.interpolation:
            return "interpolation: the base has no learnt tokens to interpolate with; use linear, lora or full"
        if method in ("linear", "prompt") and self.layer_decay != 1:
            return f"layer_decay: {method} changes no layer of the language model; use lora or full"
        if method != "prompt" and self.l2_sp is not None and self.l2_sp.beta:
            return f"l2_sp.beta: {method} has no weight that the base has not; beta is for prompt"
        return None


def is_task(watch: str) -> bool:
    """Whether what is watched is a task, not a set to learn from."""
    return watch == "emt" or watch.startswith("emt_")
