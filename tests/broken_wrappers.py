"""Wrappers with one fault each, which the contract has to find; `--model broken_<fault>` once they are registered."""

from dataclasses import replace

from lmms_eval.api.model import lmms
from lmms_eval.models.registry_v2 import ModelManifest
from PIL import Image

from emt_tasks.likelihood import Likelihood
from model_wrappers.llava import EmtLlava

BLANK = Image.new("RGB", (32, 32))


class NeverLoads(EmtLlava):
    def __init__(self, **given):
        raise KeyError(f"no weights among {sorted(given)}")


class ChatOnly(EmtLlava):
    is_simple = False


class Draws(EmtLlava):
    """Samples where the task says greedy."""

    def _generate(self, ready):
        asked = [replace(one, settings=replace(one.settings, temperature=5.0)) for one in ready.questions]
        return super()._generate(replace(ready, questions=asked))


class Blind(EmtLlava):
    """The same picture, whatever the row's is."""

    def __init__(self, **given):
        super().__init__(**given)
        seeing = self._preparation.prepared
        self._preparation.prepared = lambda questions, rows: seeing(
            [replace(one, to_visuals=lambda _: [BLANK]) for one in questions], rows
        )


class SeesItsNeighbour(EmtLlava):
    """In a batch each row gets the picture of the one before."""

    def _generate(self, ready):
        return super()._generate(replace(ready, inputs=ready.inputs | _shifted(ready.inputs)))


def _shifted(inputs):
    return {"pixel_values": inputs["pixel_values"].roll(1, dims=0)}


class InOrderOfLength(EmtLlava):
    """Answers come as they were sorted for batches, not as they were asked."""

    def generate_until(self, requests):
        return super().generate_until(sorted(requests, key=lambda request: len(request.args[0])))


class PadsOnTheRight(EmtLlava):
    def _generate(self, ready):
        ids, mask = ready.inputs["input_ids"].clone(), ready.inputs["attention_mask"].clone()
        for row, padding in enumerate((mask == 0).sum(dim=1).tolist()):
            ids[row], mask[row] = ids[row].roll(-padding), mask[row].roll(-padding)
        return super()._generate(replace(ready, inputs=ready.inputs | {"input_ids": ids, "attention_mask": mask}))


class Unstoppable(EmtLlava):
    def _generate(self, ready):
        asked = [replace(one, settings=replace(one.settings, until=())) for one in ready.questions]
        return super()._generate(replace(ready, questions=asked))


class CutsTooLate(EmtLlava):
    """Keeps the stop string."""

    def generate_until(self, requests):
        answers = super().generate_until(requests)
        return [answer + request.args[1]["until"][-1:][0] if request.args[1]["until"] else answer
                for answer, request in zip(answers, requests, strict=True)]  # fmt: skip


class SumsUp(EmtLlava):
    """A label's loss is the sum over its tokens, not their mean."""

    def _score_labels(self, ready):
        return [[one._replace_loss() for one in row] for row in _summed(super()._score_labels(ready))]


def _summed(rows):
    return [[_Sum(one) for one in row] for row in rows]


class _Sum:
    def __init__(self, one):
        self.one = one

    def _replace_loss(self):
        return Likelihood(-self.one.total, self.one.greedy, total=self.one.total)


class AdapterTwice(EmtLlava):
    """An adapter counts double."""

    def use_adapter(self, peft, projector=None):
        super().use_adapter(peft, projector)
        for module in self.model.modules():
            if peft and hasattr(module, "scaling"):
                module.scaling = {name: 2 * value for name, value in module.scaling.items()}


class AdapterStays(EmtLlava):
    def use_adapter(self, peft, projector=None):
        if peft or not getattr(self, "_tuned", (None,))[0]:
            super().use_adapter(peft, projector)


class AdapterNever(EmtLlava):
    def use_adapter(self, *named):
        super().use_adapter(*(None for _ in named))


class TakesAnything(EmtLlava):
    def __init__(self, **given):
        super().__init__(**{name: value for name, value in given.items() if name != "batch_sise"})


class TellsLittle(EmtLlava):
    def __init__(self, batch_size=1, device=None, pretrained=None):
        super().__init__(batch_size=batch_size, device=device, pretrained=pretrained)


class NamesNoEncoder(EmtLlava):
    encoder = ""


class KeepsItsEncoderToItself(EmtLlava):
    details = {"llm": "vicuna"}  # noqa: RUF012


class CleansItselfAway(EmtLlava):
    clean = lmms.clean


class KnownByItsPlace(EmtLlava):
    def weights_fingerprint(self):
        return str(hash(self.arguments.pretrained))


class AlwaysTheSame(EmtLlava):
    def weights_fingerprint(self):
        return "LLaVA 7B"


class TakesItsShare(EmtLlava):
    """Shares what the harness has shared already."""

    def generate_until(self, requests):
        return super().generate_until(requests[self.rank :: self.world_size])


class NothingOfOurs(lmms):
    """A wrapper as the harness's own are: it generates, and takes any argument."""

    def __init__(self, **given):
        super().__init__()
        self.given = given

    def generate_until(self, requests):
        return [self._answer(*request.args) for request in requests]

    def _answer(self, _prompt, settings, to_visuals, row, task, split):
        [picture] = to_visuals(self.task_dict[task][split][row])
        answer = f"its first pixel is {picture.getpixel((0, 0))} and so on"
        return min((answer.split(stop)[0] for stop in settings["until"]), key=len, default=answer)

    def loglikelihood(self, requests):
        raise NotImplementedError

    def generate_until_multi_round(self, requests):
        raise NotImplementedError


FAULTS = {
    "loads": (NeverLoads, ChatOnly),
    "greedy": (Draws,),
    "picture": (Blind,),
    "batches": (SeesItsNeighbour,),
    "padding": (InOrderOfLength, PadsOnTheRight),
    "stops": (Unstoppable, CutsTooLate),
    "scoring": (SumsUp,),
    "adapters": (AdapterTwice, AdapterStays, AdapterNever),
    "arguments": (TakesAnything, TellsLittle),
    "encoder": (NamesNoEncoder, KeepsItsEncoderToItself),
    "cleaning": (CleansItselfAway,),
    "weights": (KnownByItsPlace, AlwaysTheSame),
    "ranks": (TakesItsShare,),
}
"""The check that has to find them, and the faults."""


def model_id(fault: type) -> str:
    """What `--model` calls it."""
    return f"broken_{fault.__name__.lower()}"


def manifests() -> list[ModelManifest]:
    """All of them, for the harness."""
    return [
        ModelManifest(model_id(fault), simple_class_path=f"{__name__}.{fault.__name__}")
        for faults in (*FAULTS.values(), (NothingOfOurs,))
        for fault in faults
    ]
