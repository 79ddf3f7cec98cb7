"""Whether there is a wrapper at all."""

from lmms_eval.api.model import lmms

from model_wrappers.contract.findings import Broken
from model_wrappers.contract.subject import Subject


def loads(subject: Subject) -> str:
    """It is a simple model of the harness, and loads."""
    found = subject.model_class
    if not issubclass(found, lmms):
        raise Broken(f"{found.__qualname__} is no lmms.", "Derive it from model_wrappers.base.HFModel.")
    if not found.is_simple:
        raise Broken(
            f"{found.__qualname__} is a chat model (is_simple is False), which only generates.",
            "Register it as simple_class_path, with is_simple = True.",
        )
    lm = subject.lm
    return f"{found.__module__}.{found.__qualname__}, batch size {getattr(lm, 'batch_size', 'not said')}"
