"""What `--model_args` may say of LENS; nothing is loaded yet."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from emt_tasks.errors import EmtError, UnknownName
from model_wrappers.arguments import Arguments, given_arguments
from model_wrappers.lens_stages.prompts import MODES
from model_wrappers.lens_stages.vocabulary import LENS, require_vocabulary
from model_wrappers.zero_shot.arguments import source_of


@dataclass(frozen=True, slots=True)
class LensArguments:
    """What a user said about LENS. Defaults are the `llm-lens` package's (0.0.0.3) where it has one.

    Attributes:
        pretrained: The language model, a folder or hub id: encoder-decoder or not. The EMT paper says Flan-T5 and not
            which; XL is our choice, the largest that a GPU of 16 GB holds beside the others (in bfloat16).
        clip_model: The encoder's architecture, for open_clip.
        clip_pretrained: Its weights: tag, file, folder or `hf-hub:<id>`.
        blip: The captioner, a folder or hub id.
        tags: `lens`, or a text file with a phrase in each line.
        attributes: The same.
        mode: Which prompt (`lens_prompts.MODES`).
        num_tags: At most so many tags.
        num_attributes: At most so many attributes.
        num_captions: So many captions.
        threshold: Least cosine similarity of a tag or an attribute.
        dtype: Of all three models, a value of `arguments.DTYPES`.
        device_map: Of the language model alone, as those that follow: see `arguments.Arguments`.
        max_memory: See there.
        offload_folder: See there.
        load_in_8bit: See there.
        load_in_4bit: See there.
        bnb_4bit_compute_dtype: See there.
        bnb_4bit_quant_type: See there.
        bnb_4bit_use_double_quant: See there.
        device: `cpu`, `cuda`, `cuda:1`, ... None takes a GPU where there is one.
        batch_size: Images in one batch; None (`auto`) finds the largest that fits.
        max_batch_size: Where `auto` starts.
    """

    pretrained: str = "google/flan-t5-xl"
    clip_model: str = "ViT-H-14"
    clip_pretrained: str = "laion2b_s32b_b79k"
    blip: str = "Salesforce/blip-image-captioning-large"
    tags: str = LENS
    attributes: str = LENS
    mode: str = "all"
    num_tags: int = 5
    num_attributes: int = 5
    num_captions: int = 10
    threshold: float = 0.2
    dtype: str = "auto"
    device_map: str | Mapping[str, Any] | None = None
    max_memory: Mapping[str, Any] | None = None
    offload_folder: str | None = None
    load_in_8bit: bool = False
    load_in_4bit: bool = False
    bnb_4bit_compute_dtype: str | None = None
    bnb_4bit_quant_type: str | None = None
    bnb_4bit_use_double_quant: bool = False
    device: str | None = None
    batch_size: int | None = 1
    max_batch_size: int | None = None

    @property
    def of_language_model(self) -> Arguments:
        """What was said of the language model, as of any other model."""
        said = {field.name: getattr(self, field.name, None) for field in fields(Arguments)}
        return Arguments(**{name: value for name, value in said.items() if value is not None})


COUNTS = ("num_tags", "num_attributes", "num_captions")


def read_lens_arguments(given: Mapping[str, Any], model: str) -> LensArguments:
    """The arguments of the wrapper `model`; what they name is looked for and not loaded.

    Raises:
        UnknownName: for an argument, dtype, mode, architecture, tag or vocabulary that does not exist.
        EmtError: a value can't be read.
    """
    numbers = (*COUNTS, "threshold")
    as_text = {name: str(value) if name in numbers and value is not None else value for name, value in given.items()}
    said = given_arguments(as_text, model, [field.name for field in fields(LensArguments)])
    for name in numbers:
        if name in said:
            said[name] = _number(name, said[name])
    found = LensArguments(**said)
    if found.mode not in MODES:
        raise UnknownName("mode of LENS", found.mode, MODES)
    source_of(found.clip_model, found.clip_pretrained)
    require_vocabulary("tags", found.tags)
    require_vocabulary("attributes", found.attributes)
    return found


def _number(name: str, value: str) -> float:
    try:
        read = int(value) if name in COUNTS else float(value)
    except ValueError as error:
        raise EmtError(f"{name}={value} is no number.") from error
    if name in COUNTS and read < 0:
        raise EmtError(f"{name}={value} is less than 0.")
    return read
