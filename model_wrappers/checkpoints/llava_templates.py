"""What LLaVA was asked in: the conversation's form of each of its versions, with system texts as published."""

from collections.abc import Mapping
from typing import Any

from model_wrappers.checkpoints.llava_layout import END, LINEAR, START
from model_wrappers.generating.prompts import IMAGE, VICUNA_V1

SEPARATOR = "###"
"""Ends a turn in v0: the model writes it where an answer is over."""
SYSTEM = (
    "A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, detailed, "
    "and polite answers to the human's questions."
)
"""Vicuna's, in the LLaVA repository's conversations `llava_v0` and `llava_v1`."""
PARTS = (
    "{% for part in message.content %}{% if part.type == 'image' %}IMAGE\n{% else %}{{ part.text }}{% endif %}"
    "{% endfor %}"
)
V0 = (
    f"{SYSTEM}{SEPARATOR}"
    "{% for message in messages %}{{ 'Human' if message.role == 'user' else 'Assistant' }}: "
    f"{PARTS}{SEPARATOR}{{% endfor %}}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
V1 = (
    f"{SYSTEM} "
    "{% for message in messages %}{{ message.role | upper }}: "
    f"{PARTS}{{{{ ' ' if message.role == 'user' else '</s>' }}}}{{% endfor %}}"
    "{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)
PADDED_WITH = "[PAD]"
"""The padding token that training v0 adds to the tokenizer; v1 pads with the unknown token."""


def template_of(said: Mapping[str, Any], tokenizer: Any) -> str:
    """The chat template of a checkpoint in the LLaVA repository's layout.

    Args:
        said: its config.json. An mlp projector is LLaVA 1.5's, which is asked as its checkpoints in transformers'
            format on the hub are (the same weights then answer the same); a linear one is that of v0 or v1.
        tokenizer: its tokenizer.
    """
    if said.get("mm_projector_type", LINEAR) != LINEAR:
        return VICUNA_V1.replace(IMAGE, tokenizer.image_token)
    sign = tokenizer.image_token
    if said.get("mm_use_im_start_end"):
        sign = f"{START}{sign}{END}"
    version = V0 if PADDED_WITH in tokenizer.get_vocab() else V1
    return version.replace("IMAGE", sign)


def ends_of(template: str) -> tuple[str, ...]:
    """The strings that end a turn in a chat template and are no tokens: v0's separator, none elsewhere.

    >>> ends_of(V0), ends_of(V1)
    (('###',), ())
    """
    return (SEPARATOR,) if f"{SEPARATOR}{{%" in template else ()
