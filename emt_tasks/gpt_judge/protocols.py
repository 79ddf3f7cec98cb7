"""What a judge is asked and how its reply is understood: YAML files, the two that ship and any of a user's own."""

import hashlib
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import yaml
from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from emt_tasks.errors import EmtError, UnknownName

SHIPPED = ("yes_no", "which_label")
FAILURES = (TemplateError, ArithmeticError, LookupError, TypeError, ValueError)
"""What Jinja raises, and what the expressions of a user's template may."""
_JINJA = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)  # plain text
_JINJA.filters["quoted"] = lambda text: json.dumps(str(text), ensure_ascii=False)  # Jinja's own escapes quotes for HTML


class Protocol(BaseModel):
    """One way to ask a judge.

    Attributes:
        name: of the file, without its ending.
        reply: how a reply is understood: `yes_no`, of a judge that is shown the right `label`; or `labels`, those that
            the answer names, of a judge that is shown all `labels` and not which is right.
        system: the system message; None sends none.
        template: the question, in Jinja, of `answer`, `separator` and what the judge is shown.
        separator: between the parts of the paper's question.
        temperature: of the judge; None leaves the service's own, as models that reason ask for.
        max_tokens: of a reply; None leaves the service's own.
        longest_answer: characters of an answer that are sent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str
    reply: Literal["yes_no", "labels"]
    system: str | None = None
    template: str
    separator: str = ";"
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1)
    longest_answer: int = Field(default=2000, ge=32, le=100_000)

    @field_validator("template")
    @classmethod
    def _is_jinja(cls, value: str) -> str:
        try:
            _JINJA.from_string(value)
        except TemplateError as error:
            raise ValueError(f"no Jinja template: {error}") from error
        return value

    @model_validator(mode="after")
    def _asks(self) -> "Protocol":
        """Try the template on digits, before anything is generated or spent: what it leaves out can't be judged."""
        asked = self.question("7318", "4405", ("4405", "9027"))
        needed = {"answer": ["7318"], **({"label": ["4405"]} if self.shows_label else {"labels": ["4405", "9027"]})}
        for name, told in needed.items():
            if not all(part in asked for part in told):
                raise ValueError(f"the template never shows the judge {{{{ {name} }}}}, without which it can't reply")
        return self

    @property
    def shows_label(self) -> bool:
        """Whether the judge sees the right label, rather than the list of all."""
        return self.reply == "yes_no"

    def question(self, answer: str, label: str | None, labels: tuple[str, ...]) -> str:
        """The question about `answer`, whose right label is `label`.

        Raises:
            EmtError: the template uses what this protocol does not show.
        """
        shown = {"label": label} if self.shows_label else {"labels": list(labels)}
        try:
            return _compiled(self.template).render(answer=answer, separator=self.separator, **shown)
        except FAILURES as error:
            raise EmtError(
                f"the template of judge protocol {self.name!r} fails: {error}. It may use answer, separator and "
                f"{', '.join(shown)}."
            ) from error

    def fingerprint(self, labels: tuple[str, ...]) -> str:
        """16 hex digits of everything that makes a question but label and answer; `labels` where they are shown."""
        shown = [] if self.shows_label else list(labels)
        parts = [self.model_dump(exclude={"name"}), shown]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def reading(self) -> str:
        """The name of the reading made with it: `gpt_judge` for the paper's, `gpt_judge_NAME` for others."""
        return "gpt_judge" if self.name == SHIPPED[0] else f"gpt_judge_{self.name}"


@cache
def _compiled(template: str) -> Template:
    return _JINJA.from_string(template)


def protocol(named: str, **changes: object) -> Protocol:
    """The protocol called `named`, or the one in the YAML file of that path, with settings changed.

    >>> protocol("yes_no", separator=",").question("a cat", "cat", ())[-27:]
    'bel: cat, Prediction: a cat'

    Raises:
        UnknownName: neither a protocol that ships nor a file.
        EmtError: the file is no protocol; each mistake is named.
    """
    path = Path(named)
    text, where = _text_of(named)
    try:
        told = yaml.safe_load(text)
        if not isinstance(told, dict):
            raise EmtError(f"{where} is no judge protocol: a mapping is needed, as in `emt judge protocol yes_no`.")
        return Protocol.model_validate({**told, "name": path.stem.replace("-", "_").lower(), **changes})
    except yaml.YAMLError as error:
        raise EmtError(f"{where} is no YAML: {error}") from error
    except ValidationError as error:
        mistakes = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise EmtError(f"judge protocol {where}: {mistakes}.") from error


def _text_of(named: str) -> tuple[str, str]:
    """The YAML of the protocol called `named`, and what to call it in an error."""
    path = Path(named)
    if named in SHIPPED:
        return files(__package__).joinpath("prompts", f"{named}.yaml").read_text("utf8"), named
    if path.suffix not in (".yaml", ".yml") or not path.is_file():
        raise UnknownName("judge protocol", named, SHIPPED)
    try:
        return path.read_text("utf8"), str(path)
    except (OSError, UnicodeDecodeError) as error:
        raise EmtError(f"the judge protocol {path} can't be read: {error}. Save it as UTF-8.") from error
