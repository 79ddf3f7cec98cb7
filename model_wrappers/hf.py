"""Any image-text-to-text model of transformers."""

from typing import Any, ClassVar

from emt_tasks.errors import EmtError
from emt_tasks.likelihood import Likelihood
from model_wrappers.base import HFModel
from model_wrappers.closed_set.full_passes import answers_after_prompts
from model_wrappers.generating.blip2_inputs import Blip2Inputs
from model_wrappers.generating.preparation import Prepared


class EmtHf(HFModel):
    """Whatever transformers' AutoModelForImageTextToText loads and its processor takes prompts and images for."""

    name: ClassVar[str] = "emt_hf"

    def complete_processor(self, config: Any) -> None:
        """Put our own assembly of inputs in the place of BLIP-2's, which pads between image and text.

        Raises:
            EmtError: a BLIP-2's config names no image token.
        """
        if config.model_type != "blip-2":
            return
        if config.image_token_index is None:
            raise EmtError(
                f"pretrained={self.arguments.pretrained} names no image token (image_token_index): it was written for "
                "transformers before 4.46. Take the hub's current files, or convert it with transformers' script."
            )
        # transformers leaves it unsaid, and generation over an encoder-decoder returns the answer without the prompt.
        config.is_encoder_decoder = config.text_config.is_encoder_decoder
        self.processor = Blip2Inputs(self.processor, config)

    def scored(self, ready: Prepared) -> list[Likelihood]:
        """As of `HFModel`; of BLIP-2 each answer after its prompt, which an encoder-decoder reads apart from it."""
        if not isinstance(self.processor, Blip2Inputs):
            return super().scored(ready)
        inputs = self._placed({**ready.inputs, **self.processor.tokens(ready.prompts)})
        return answers_after_prompts(self._model, self.tokenizer, inputs, ready.prompts, ready.answers)
