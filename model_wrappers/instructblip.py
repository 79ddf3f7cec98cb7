"""InstructBLIP, over transformers' classes, with a Llama (Vicuna) or a Flan-T5 as its language model."""

from typing import Any, ClassVar

from emt_tasks.errors import EmtError
from emt_tasks.likelihood import Likelihood
from model_wrappers.base import HFModel
from model_wrappers.closed_set.full_passes import answers_after_prompts
from model_wrappers.generating.blip2_inputs import BARE
from model_wrappers.generating.instructblip_inputs import InstructBlipInputs
from model_wrappers.generating.preparation import Prepared
from model_wrappers.generating.prompts import IMAGE

PAPER_COMPARES_WITH = "ViT-g-14 laion2b_s12b_b42k"
"""Of arXiv 2309.10313; the tower itself is EVA-CLIP's g/14, as in BLIP-2."""


class EmtInstructBlip(HFModel):
    """InstructBLIP: the question goes bare to Q-Former and language model."""

    name: ClassVar[str] = "emt_instructblip"
    default_pretrained: ClassVar[str | None] = "Salesforce/instructblip-vicuna-7b"
    default_template: ClassVar[str] = BARE
    model_types: ClassVar[tuple[str, ...]] = ("instructblip",)

    def complete_processor(self, config: Any) -> None:
        """Put our own assembly of inputs in the processor's place, which pads between image and text.

        Raises:
            EmtError: config and language model have no place for an image, as before transformers 4.46, or the
                Q-Former's tokenizer is missing.
        """
        if config.image_token_index is None:
            config.image_token_index = self._image_token(config.text_config.vocab_size)
        # transformers leaves it unsaid, and generation over an encoder-decoder returns the answer without the prompt.
        config.is_encoder_decoder = config.text_config.is_encoder_decoder
        self._require_qformer_tokenizer(config)
        self.processor = InstructBlipInputs(self.processor, config)

    def _require_qformer_tokenizer(self, config: Any) -> None:
        """Raise where transformers, finding no tokenizer for the Q-Former, took the language model's in silence."""
        words, places = len(self.processor.qformer_tokenizer), config.qformer_config.vocab_size
        if words > places:
            raise EmtError(
                f"pretrained={self.arguments.pretrained}: the tokenizer for its Q-Former has {words} tokens, and the "
                f"Q-Former {places} embeddings: it is another's. Copy the folder qformer_tokenizer too."
            )

    def _image_token(self, embeddings: int) -> int:
        """The tokenizer's sign for an image, where the config names none and the language model has a place for it."""
        token = self.processor.tokenizer.convert_tokens_to_ids(IMAGE)
        if token is None or token == self.processor.tokenizer.unk_token_id or token >= embeddings:
            raise EmtError(
                f"pretrained={self.arguments.pretrained} names no image token (image_token_index), and its language "
                "model has none: it was written for transformers before 4.46. Take the hub's current files, or convert "
                "it with transformers' script."
            )
        return int(token)

    @property
    def details(self) -> dict[str, str]:
        """What the manifest says beside the arguments: its encoder, and what the paper compares it with."""
        return {"encoder": self.encoder, "encoder_of_paper": PAPER_COMPARES_WITH}

    def scored(self, ready: Prepared) -> list[Likelihood]:
        """Each answer after its prompt, one by one.

        The Q-Former is asked with the prompt alone (with the answer in it, it would look for that), and a Flan-T5 reads
        the prompt and writes the answer.
        """
        inputs = self._placed({**ready.inputs, **self.processor.tokens(ready.prompts)})
        return answers_after_prompts(self._model, self.tokenizer, inputs, ready.prompts, ready.answers)
