"""A model of the harness that says what a test tells it to, let in through the front door."""

from collections.abc import Callable

from lmms_eval.api.instance import Instance
from lmms_eval.api.model import lmms


class Scripted(lmms):
    """Answers each request with `say(row, prompt)`; remembers what it was asked."""

    is_simple = True

    def __init__(self, say: Callable[[dict, str], str]) -> None:
        super().__init__()
        self.say = say
        self.prompts: list[str] = []
        self.pictures: list = []
        self.device = "cpu"

    def generate_until(self, requests: list[Instance]) -> list[str]:
        answers = []
        for request in requests:
            prompt, _settings, to_visual, row, task, split = request.args
            doc = self.task_dict[task][split][row]
            self.prompts.append(prompt)
            self.pictures += to_visual(doc)
            answers.append(self.say(doc, prompt))
        return answers

    def loglikelihood(self, requests: list[Instance]) -> list[tuple[float, bool]]:
        raise AssertionError(f"these tasks generate: {requests}")

    def generate_until_multi_round(self, requests: list[Instance]) -> list[str]:
        raise AssertionError(f"these tasks have one round: {requests}")


class ScriptedChat(Scripted):
    """The same for the harness's chat protocol, which sends messages."""

    is_simple = False

    def generate_until(self, requests: list[Instance]) -> list[str]:
        answers = []
        for request in requests:
            _context, to_messages, _settings, row, task, split = request.args
            doc = self.task_dict[task][split][row]
            content = to_messages(doc)[0]["content"]
            self.pictures += [part["url"] for part in content if part["type"] == "image"]
            prompt = "".join(part["text"] for part in content if part["type"] == "text")
            self.prompts.append(prompt)
            answers.append(self.say(doc, prompt))
        return answers
