"""LENS's prompts: what its modules said of an image as lines of text, then the question.

Source: the form is that of the `llm-lens` package 0.0.0.3 (`create_prompt_sample`); a test holds prompts that it made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Description:
    """What LENS's modules say of an image, the likeliest first.

    Attributes:
        tags: what it shows.
        attributes: what that has.
        captions: sentences about it.
    """

    tags: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()


def lens_prompt(said: Description, question: str, mode: str) -> str:
    """The prompt for the language model.

    Args:
        said: of the image.
        question: about it.
        mode: one of `MODES`.
    """
    return f"{MODES[mode](said)}\nQuestion:{question}\nShort Answer:"


def _all(said: Description) -> str:
    parts = (("Tags", said.tags), ("Attributes", said.attributes), ("Captions", said.captions))
    return "\n".join("\n-".join([f"{title}:", *(lines or ("",))]) for title, lines in parts)


def _vqa(said: Description) -> str:
    return f"Image:\nCaptions:{'.'.join(said.captions)}"


def _vision(said: Description) -> str:
    return f"Tag: {','.join(said.tags)}\nAttributes: {','.join(said.attributes)}"


MODES: Mapping[str, Callable[[Description], str]] = {"all": _all, "vqa": _vqa, "vision": _vision}
"""The package's modes; `all` is its default, `vision` what its paper classifies with."""
