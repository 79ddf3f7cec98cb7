"""Any model of the harness, with its answers kept in a journal and its progress shown."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from lmms_eval.api.instance import Instance, unwrap_generation_output
from lmms_eval.api.model import lmms

from emt_tasks.errors import EmtError
from emt_tasks.escaping import storable
from emt_tasks.likelihood import Likelihood
from emt_tasks.lost_answers import is_lost
from emt_tasks.progress import ImageProgress
from emt_tasks.runs.journal import Journal, answer_key

SLICE = 8  # batches asked at once of a model that does not report each batch


class Journaled(lmms):
    """Stands before `model` for one evaluation: serves what the journal has, asks the rest, keeps what comes.

    Args:
        model: a model of the harness, simple or chat.
        journal: an open journal.
        identity: all that makes this model's answers what they are (weights, settings, versions), as JSON can hold.
        batch_size: of `model`, for one that does not report its batches.
        shown: whether progress is printed.
    """

    def __init__(self, model: lmms, journal: Journal, identity: Any, batch_size: int, shown: bool = True) -> None:
        super().__init__()
        self.model, self.journal, self.identity = model, journal, identity
        self.batch_size, self.shown = batch_size, shown
        self.is_simple = model.is_simple
        self.task_dict = model.task_dict = {}
        self.kept = self.asked = 0
        self.speed = 0.0
        self._lost: dict[str, str] = {}  # notes of failed requests: said now, asked again at the next start
        self._pictures: dict[tuple[str, str], list[str]] = {}

    def __getattr__(self, name: str) -> Any:
        """Whatever the harness asks of a model besides answers (`device`, `accelerator`, ...), the model itself has."""
        if name == "model":
            raise AttributeError(name)
        return getattr(self.model, name)

    def generate_until(self, requests: list[Instance]) -> list[str]:
        """One answer for each request, in order."""
        return self._answers("generate_until", requests)

    def loglikelihood(self, requests: list[Instance]) -> list[Likelihood]:
        """The likelihood of each request's answer, in order, as the model's own method gives them."""
        return [Likelihood.read(kept) for kept in self._answers("loglikelihood", requests)]

    def generate_until_multi_round(self, requests: list[Instance]) -> list[str]:
        """The model's own; such answers are not kept, as each depends on those before it."""
        answers: list[str] = self.model.generate_until_multi_round(requests)
        return answers

    def clean(self) -> None:
        """Nothing: the model is the caller's, who may evaluate it again with another adapter."""

    def _answers(self, kind: str, requests: list[Instance]) -> list[Any]:
        self.model._rank, self.model._world_size = self._rank, self._world_size
        keys = self._keys(kind, requests)
        missing = [(key, request) for key, request in zip(keys, requests, strict=True) if key not in self.journal]
        if kind == "loglikelihood":  # a row's labels are asked together: each needs the same beside it
            rows = {_row(request) for _, request in missing}
            missing = [pair for pair in zip(keys, requests, strict=True) if _row(pair[1]) in rows]
        self.kept, self.asked = len(requests) - len(missing), len(missing)
        images = len({_row(request) for request in requests})
        left = len({_row(request) for _, request in missing})
        with ImageProgress(images, images - left, self.shown and self._rank == 0) as progress:
            self._ask(kind, missing, progress)
            self.speed = progress.speed
        if lacking := [request for key, request in missing if key not in self._lost and key not in self.journal]:
            raise EmtError(
                f"{type(self.model).__name__} told on_batch of {len(missing) - len(lacking)} answers to {len(missing)} "
                f"requests; row {_row(lacking[0])[0]} of {_row(lacking[0])[1]} has none. This is a fault of the "
                "model's wrapper: it calls on_batch with every request and its answer. What it told is kept."
            )
        return [self._lost[key] if key in self._lost else self.journal[key] for key in keys]

    def _ask(self, kind: str, missing: Sequence[tuple[str, Instance]], progress: ImageProgress) -> None:
        ask: Callable[[list[Instance]], list[Any]] = getattr(self.model, kind)
        keys_of: dict[int, list[str]] = defaultdict(list)  # repeated generation passes one request several times
        for key, request in missing:
            keys_of[id(request)].append(key)

        done: set[Any] = set()

        def keep(answered: list[tuple[Instance, Any]]) -> None:
            said = {self._place(keys_of, asked): _plain(answer) for asked, answer in answered}
            self._lost.update({key: answer for key, answer in said.items() if is_lost(str(answer))})
            self.journal.add({key: answer for key, answer in said.items() if key not in self._lost})
            seen = {_row(asked) for asked, _ in answered} - done
            done.update(seen)
            progress.advance(len(seen))

        requests = [request for _, request in missing]
        if hasattr(self.model, "on_batch"):
            self.model.on_batch = keep
            try:
                ask(requests)
            finally:
                self.model.on_batch = None
            return
        size = SLICE * self.batch_size
        for start in range(0, len(requests), size):
            some = requests[start : start + size]
            answers = ask(some)
            if len(answers) != len(some):
                raise EmtError(
                    f"{type(self.model).__name__} gave {len(answers)} answers to {len(some)} requests, so that none "
                    "can be told to whom it belongs. This is a fault of the model's wrapper."
                )
            keep(list(zip(some, answers, strict=True)))

    def _place(self, keys_of: dict[int, list[str]], request: Instance) -> str:
        """The key of the next answer to `request`."""
        if not keys_of.get(id(request)):
            row, task, _ = _row(request)
            raise EmtError(
                f"{type(self.model).__name__} told on_batch of an answer to row {row} of {task} that it was not asked "
                "for, or told of it twice. This is a fault of the model's wrapper."
            )
        return keys_of[id(request)].pop()

    def _keys(self, kind: str, requests: list[Instance]) -> list[str]:
        """A key for each request; the n-th of equal ones has its own, as each was asked for."""
        plain = [answer_key(self.identity, kind, *self._question(request)) for request in requests]
        seen: Counter[str] = Counter()
        keys = []
        for key in plain:
            keys.append(answer_key(key, seen[key]))
            seen[key] += 1
        return keys

    def _question(self, request: Instance) -> tuple[Any, ...]:
        """What is asked: everything in the request that is text or a setting, and the picture by its pixel hash."""
        *arguments, doc_id, task, split = request.args
        if (task, split) not in self._pictures:
            rows = self.task_dict[task][split]
            known = "image_sha256" in rows.column_names  # else another's task: its rows' fingerprint and number
            hashes = rows["image_sha256"][:] if known else [f"{rows._fingerprint} {row}" for row in range(len(rows))]
            self._pictures[task, split] = hashes
        asked = [argument for argument in arguments if not callable(argument)]
        return (*asked, self._pictures[task, split][doc_id])


def _plain(answer: Any) -> Any:
    """What is kept of an answer: its text as a file can hold it, or its likelihood; nothing at all is an empty text."""
    said = None if answer is None else unwrap_generation_output(answer)[0]
    if isinstance(said, str):
        return storable(said)
    return "" if said is None else said


def _row(request: Instance) -> tuple[Any, ...]:
    """Which row is asked about: number, task and split."""
    return tuple(request.args[-3:])
