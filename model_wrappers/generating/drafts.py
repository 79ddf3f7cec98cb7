"""The beginning that answers to one prompt share, checked along with the prompt instead of generated word by word.

Asked which object is in each of 10,000 images, a model begins every answer alike: "The object is a(n)". Such a
beginning is appended to the prompt; the pass that reads the prompt gives the model's own choice at each of its places
too. Where it is what greedy generation would have chosen, for every row, generation goes on from there: eight steps of
one token saved. Where it is not, the batch is generated as if nothing had happened, and only what is still shared is
tried again. So the answers are those of plain greedy generation, in float32, where a pass over many tokens at once and
one over each agree to six digits; in half precision nothing is drafted.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import takewhile
from threading import Lock
from typing import Any

import torch
from torch import Tensor
from transformers import GenerationMixin

from model_wrappers.closed_set.logits import last_logits
from model_wrappers.generating.inputs import longer
from model_wrappers.generating.settings import Settings

SHORTEST = 2  # tokens; less saves nothing
LONGEST = 32
REMEMBERED = 256  # prompts
# What a checkpoint's generation_config may say without touching greedy choices.
NEUTRAL = {
    "_from_model_config", "bos_token_id", "cache_implementation", "do_sample", "eos_token_id", "max_length",
    "max_new_tokens", "output_attentions", "output_hidden_states", "pad_token_id", "temperature", "top_k", "top_p",
    "transformers_version", "use_cache",
}  # fmt: skip


class Drafts:
    """What the answers to each prompt have begun with so far."""

    def __init__(self) -> None:
        self._shared: OrderedDict[Hashable, tuple[int, ...]] = OrderedDict()
        self._learning = Lock()

    def for_prompts(self, prompts: Sequence[Hashable], max_new_tokens: int) -> tuple[int, ...]:
        """Tokens to try after each of `prompts`, which must all be the same; none where nothing is known."""
        if len(set(prompts)) != 1:
            return ()
        draft = self._shared.get(prompts[0], ())[: max_new_tokens - 1]
        return draft if len(draft) >= SHORTEST else ()

    def learn(self, prompts: Sequence[Hashable], answers: Sequence[Sequence[int]]) -> None:
        """Keep what the answers to each prompt share with those before, but for an answer's last token."""
        with self._learning:
            for prompt, answer in zip(prompts, answers, strict=True):
                begun = tuple(answer[:-1][:LONGEST])
                known = self._shared.get(prompt, begun)
                alike = takewhile(lambda pair: pair[0] == pair[1], zip(begun, known, strict=False))
                self._shared[prompt] = tuple(token for token, _ in alike)
            while len(self._shared) > REMEMBERED:
                self._shared.popitem(last=False)

    def forget(self) -> None:
        """The model has changed."""
        self._shared.clear()


def may_draft(model: Any, settings: Settings) -> bool:
    """Whether greedy generation is nothing but the likeliest token at each place, to more digits than it takes."""
    said = set(model.generation_config.to_diff_dict()) - NEUTRAL
    plain = not settings.samples and settings.num_beams == 1 and not settings.others and not said
    return plain and model.dtype == torch.float32 and not model.config.is_encoder_decoder


def continued(
    model: Any, inputs: Mapping[str, Any], draft: Sequence[int], generate: Callable[..., Tensor]
) -> Tensor | None:
    """What `generate` makes of prompts and draft; None where some row would have begun otherwise.

    Args:
        model: the model that `generate` runs.
        inputs: prompts of B rows.
        draft: k tokens to follow each of them.
        generate: takes inputs and options of transformers' `generate`, returns prompts with answers, (B, n + m).

    Returns:
        (B, n + k + m): prompts, draft, and the rest of the answers.
    """
    first: list[Tensor] = []

    def keep_first(_module: Any, _arguments: Any, output: Any) -> None:
        if not first:
            first.append(output.logits[:, -len(draft) - 1 : -1].argmax(dim=-1))

    inner = _generating(model)
    hook = inner.register_forward_hook(keep_first)
    try:
        made = generate(longer(inputs, draft, inner.config.model_type), **last_logits(inner, len(draft) + 1))
    finally:
        hook.remove()
    wanted = torch.tensor(draft, device=first[0].device)
    return made if bool((first[0] == wanted).all()) else None


def _generating(model: Any) -> Any:
    """The module whose forward pass `generate` runs; a model with a `generate` of its own (BLIP) hands on to one."""
    return model if type(model).generate is GenerationMixin.generate else model.language_model
