"""Any image-text-to-text model of transformers."""

from typing import ClassVar

from model_wrappers.base import HFModel


class EmtHf(HFModel):
    """Whatever transformers' AutoModelForImageTextToText loads and its processor takes prompts and images for."""

    name: ClassVar[str] = "emt_hf"
