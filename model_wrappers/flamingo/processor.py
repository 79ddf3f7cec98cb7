"""Prompts and pictures as a Flamingo model takes them: one token for an image, CLIP's preprocessing beside it."""

from collections.abc import Sequence
from typing import Any

from transformers import AutoTokenizer, BatchFeature, CLIPImageProcessor, PreTrainedConfig, ProcessorMixin
from transformers.utils import cached_file

from emt_tasks.errors import EmtError

IMAGE, END_OF_CHUNK, ANSWER = "<image>", "<|endofchunk|>", "<answer>"
ADDED = (END_OF_CHUNK, IMAGE, ANSWER)  # in otter_ai's order, which gives them their ids
PADDING = "<PAD>"
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "tokenizer.model")
MPT_TOKENIZER = "mosaicml/mpt-7b-instruct"  # otter_ai's choice: the published MPT checkpoints have none
OTTER_PROMPT = (
    "{% for message in messages %}{% for part in message.content if part.type == 'image' %}<image>{% endfor %}User: "
    "{% for part in message.content if part.type == 'text' %}{{ part.text }}{% endfor %} GPT:<answer>{% endfor %}"
)
"""`<image>User: {question} GPT:<answer>`. Source: Luodian/Otter, pipeline/benchmarks/models/otter_image.py."""


class FlamingoProcessor(ProcessorMixin):
    """A tokenizer with Otter's special tokens, and CLIP's image processor.

    Args:
        image_processor: makes (N, C, H, W) of N pictures.
        tokenizer: the language model's; gets the tokens of `ADDED` and padding where it has none.
        chat_template: Otter's form of a prompt by default.
    """

    image_token = IMAGE

    def __init__(self, image_processor: Any, tokenizer: Any, chat_template: str = OTTER_PROMPT) -> None:
        absent = [token for token in ADDED if token not in tokenizer.get_added_vocab()]
        tokenizer.add_special_tokens({"extra_special_tokens": absent}, replace_extra_special_tokens=False)
        if tokenizer.pad_token is None:
            tokenizer.add_special_tokens({"pad_token": PADDING})
        super().__init__(image_processor, tokenizer, chat_template=chat_template)

    def __call__(self, images: Any = None, text: Any = None, **options: Any) -> BatchFeature:
        """`input_ids`, `attention_mask` and, of pictures, `pixel_values` (N, C, H, W) in the order of the prompts.

        Args:
            images: pictures, or a list of them for each prompt.
            text: prompts, with an image token for each picture.
            options: the tokenizer's (`padding`, `return_tensors`, ...).
        """
        data = dict(self.tokenizer(text, **options))
        if images is not None:
            data |= self.image_processor(images=list(_flat(images)), return_tensors=options.get("return_tensors"))
        return BatchFeature(data)

    @classmethod
    def from_pretrained(cls, pretrained: Any, *, revision: str | None = None, **options: Any) -> "FlamingoProcessor":
        """The processor of a checkpoint; published ones hold no tokenizer, theirs is the language model's own.

        Args:
            pretrained: folder or hub id.
            revision: on the hub.
            options: of the tokenizer's `from_pretrained`.

        Raises:
            EmtError: no tokenizer can be had.
        """
        config = PreTrainedConfig.get_config_dict(pretrained, revision=revision)[0]
        if _has(pretrained, "preprocessor_config.json", revision):
            images = CLIPImageProcessor.from_pretrained(pretrained, revision=revision)
        else:
            side = (config.get("vision_config") or {}).get("image_size", 224)
            images = CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
        options.pop("trust_remote_code", None)  # a tokenizer here is files, never code
        return cls(images, _tokenizer(str(pretrained), revision, config.get("text_config") or {}, options))


def _tokenizer(pretrained: str, revision: str | None, text_config: dict[str, Any], options: dict[str, Any]) -> Any:
    if any(_has(pretrained, file, revision) for file in TOKENIZER_FILES):
        return AutoTokenizer.from_pretrained(pretrained, revision=revision, **options)
    named = text_config.get("_name_or_path") or (MPT_TOKENIZER if text_config.get("model_type") == "mpt" else "")
    try:
        return AutoTokenizer.from_pretrained(named)
    except (OSError, ValueError) as error:
        raise EmtError(
            f"pretrained={pretrained} has no tokenizer, and that of its language model ({named or 'not named'}) can't "
            f"be loaded: {str(error).splitlines()[0]} Put that model's tokenizer files into the checkpoint's folder."
        ) from error


def _has(pretrained: Any, file: str, revision: str | None) -> bool:
    return cached_file(pretrained, file, revision=revision, _raise_exceptions_for_missing_entries=False) is not None


def _flat(images: Any) -> Sequence[Any]:
    """Pictures one after another, whether they come so or by prompt."""
    if not isinstance(images, (list, tuple)):
        return [images]
    return [picture for each in images for picture in _flat(each)]
