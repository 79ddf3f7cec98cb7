"""The entry point that lmms-eval loads at every import of its models: names our models and hooks in our tasks.

Everybody who has the harness pays for this module, so it imports no torch and no model (a test holds it under 50 ms).
"""

from importlib.util import find_spec

from lmms_eval.models.registry_v2 import ModelManifest

from emt_tasks import hook

CLASS_PATHS = {
    "emt_llava": "model_wrappers.llava.EmtLlava",
    "emt_hf": "model_wrappers.hf.EmtHf",
    "emt_clip": "model_wrappers.clip.EmtClip",
    "emt_instructblip": "model_wrappers.instructblip.EmtInstructBlip",
    "emt_lens": "model_wrappers.lens.EmtLens",
    "emt_otter": "model_wrappers.otter.EmtOtter",
}


def manifests() -> list[ModelManifest]:
    """Our models; `llava` is one where the LLaVA repository's package, which the harness's own needs, is missing."""
    hook.install()
    paths = dict(CLASS_PATHS)
    if find_spec("llava") is None:
        paths["llava"] = paths["emt_llava"]
    return [ModelManifest(model_id=name, simple_class_path=path) for name, path in paths.items()]
