"""An entry's file: every field that it may have, and what each may hold. No other field is let in.

`json_schema()` gives the same as JSON Schema 2020-12, which is published beside the page. What one field alone can't
tell, whether numbers add up to what the answers say, is checked in `leaderboard.entry.checks`.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from emt_tasks.escaping import plain
from emt_tasks.forgetting.lineage import sets_in
from emt_tasks.labels import ALL_SETS
from emt_tasks.outcomes import Outcome

LABEL_MATCH = "label_match"
MOST_WORDS, MOST_CHARACTERS = 100, 4_000  # of a command
SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"
_MARKUP = re.compile(r"<[a-zA-Z!/?]|&(?:#\w+|[a-zA-Z]+);|\]\(|javascript:|data:[a-z]+/", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//|www\.", re.IGNORECASE)
_HTTPS = re.compile(r"https://[A-Za-z0-9.-]+\.[A-Za-z]{2,}(?:/[A-Za-z0-9._~%/@:+=?&#-]*)?")


def _harmless(text: str) -> str:
    """`text`, if it is one line of plain words: no markup, no address, nothing that moves or hides."""
    if plain(text) != text or text != text.strip():
        raise ValueError("control characters, signs that turn the writing, or blanks around it")
    if _MARKUP.search(text):
        raise ValueError("markup (HTML, Markdown links); plain words only")
    return text


def _unlinked(text: str) -> str:
    if _ADDRESS.search(text):
        raise ValueError("an address; only `url` and `source` may hold one")
    return text


def _https(text: str) -> str:
    if not _HTTPS.fullmatch(text):
        raise ValueError("no plain https:// address")
    return text


def _source(text: str) -> str:
    return _https(text) if _ADDRESS.search(text) else text


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


def _short(words: tuple[str, ...]) -> tuple[str, ...]:
    if sum(map(len, words)) > MOST_CHARACTERS:
        raise ValueError(f"a command of more than {MOST_CHARACTERS:,} characters")
    return words


Words = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_harmless), AfterValidator(_unlinked)]
Url = Annotated[str, Field(max_length=300), AfterValidator(_harmless), AfterValidator(_https)]
Source = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_harmless), AfterValidator(_source)]
Argument = Annotated[str, Field(max_length=500)]
"""A word of a command line, which may hold anything: it is shown, and never run."""
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$"), AfterValidator(_day)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
READING = rf"^(?:{LABEL_MATCH}|(?:clip_argmin|gpt_judge)(?:_[a-z0-9_]{{1,24}})?)$"
ReadingName = Annotated[str, Field(pattern=READING)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
SetKey = Annotated[str, Field(pattern=rf"^(?:{'|'.join(ALL_SETS)})$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class ModelFields(_Strict):
    """What was asked."""

    name: Words
    org: Words
    url: Url | None = None
    encoder: Words | None = Field(None, description="its vision encoder by open_clip's names: 'ViT-L-14 openai'")
    llm: Words | None = None
    params: Annotated[int, Field(ge=1, le=10**14)] | None = None
    licence: Words | None = None


class TuningFields(_Strict):
    """How it was tuned."""

    kind: Literal["none", "linear", "lora", "prompt", "full"] = "none"
    dataset: tuple[Words, ...] = Field((), max_length=16, description="keys of our sets, or names of other data")
    epoch: Annotated[float, Field(ge=0, le=10_000)] | None = None
    steps: Annotated[int, Field(ge=0, le=10**12)] | None = None
    lr: Annotated[float, Field(gt=0, le=1000)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**64)] | None = None
    base: Words | None = Field(None, description="the base as its own entry calls it: ORG/MODEL")
    adapter_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{8,64}$")] | None = None

    @model_validator(mode="after")
    def _says_of_what(self) -> "TuningFields":
        if self.kind == "none" and any(value for name, value in self if name != "kind"):
            raise ValueError("tuning of kind none has no other fields; or which kind was it?")
        for name in self.dataset:
            meant = sets_in(name.lower())
            if meant and name not in ALL_SETS:  # else what was learnt would count as forgotten, or the other way round
                raise ValueError(f"dataset {name!r}: write {' and '.join(meant)}, as the sets are called here")
        if self.kind != "none" and not (self.dataset and self.base):
            raise ValueError("a tuned model needs `dataset` and `base`")
        return self


class DatasetFields(_Strict):
    """Which rows of a set were asked."""

    fingerprint: Sha256 = Field(description="sha256 of which pictures were asked about and what they show")
    task: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,60}$")]
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z.]{1,20}$")] | None = None
    split: Literal["test", "validation"] = "test"
    n: Annotated[int, Field(ge=1, le=60_000)]


class JudgeFields(_Strict):
    """Which judge was asked, and how."""

    model: Words
    protocol: Literal["yes_no", "which_label"]
    separator: Literal[";", ","] = ";"
    prompt_hash: Mapping[SetKey, Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]]
    date: Day | None = None
    cost_usd: Annotated[float, Field(ge=0, le=1e6)] | None = None


class ReadingFields(_Strict):
    """One way in which the answers were read."""

    name: ReadingName
    version: Words | None = None
    judge: JudgeFields | None = None


class CountFields(_Strict):
    """How many answers came to each outcome; `foreign` is counted beside them."""

    correct: Count
    incorrect: Count
    intrinsic: Count
    extrinsic: Count
    empty: Count
    unscored: Count
    foreign: Count

    def of(self, outcome: Outcome) -> int:
        """The count of an outcome."""
        found: int = getattr(self, outcome.value)
        return found

    @property
    def n(self) -> int:
        """All rows."""
        return sum(self.of(outcome) for outcome in Outcome)


class ProvenanceFields(_Strict):
    """Where the entry comes from."""

    tier: Literal["verified", "rescored", "reported"]
    submitted_by: Words
    date: Day
    source: Source | None = None


class PredictionFields(_Strict):
    """The file of answers beside the entry: the sha256 of its unpacked lines, and how many there are."""

    sha256: Sha256
    rows: Annotated[int, Field(ge=1, le=240_000)]


class EntryFields(_Strict):
    """The whole file."""

    schema_version: Literal[1] = 1
    kind: Literal["model", "encoder"] = "model"
    model: ModelFields
    tuning: TuningFields = TuningFields()
    datasets: Mapping[SetKey, DatasetFields] = Field(min_length=1)
    readings: tuple[ReadingFields, ...] = Field(min_length=1, max_length=8)
    counts: Mapping[SetKey, Mapping[ReadingName, CountFields]]
    confusion: Mapping[SetKey, tuple[tuple[Count, Count, Count], ...]] = Field(
        default_factory=dict,
        description="under label_match: place of the right label, of the answer, count; behind the labels several, "
        "foreign, none, empty",
    )
    environment: Mapping[Words, Words] = Field(default_factory=dict, max_length=40)
    command: Annotated[tuple[Argument, ...], AfterValidator(_short)] = Field((), max_length=MOST_WORDS)
    provenance: ProvenanceFields
    predictions: PredictionFields | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "EntryFields":
        names = [reading.name for reading in self.readings]
        if len(set(names)) < len(names) or names[0] != LABEL_MATCH:
            raise ValueError(f"`readings` begin with {LABEL_MATCH}, each named once")
        if set(self.counts) != set(self.datasets):
            raise ValueError("`counts` and `datasets` must be of the same sets")
        for key, by_reading in self.counts.items():
            if LABEL_MATCH not in by_reading or not set(by_reading) <= set(names):
                raise ValueError(f"counts of {key}: {LABEL_MATCH} is missing, or a reading that `readings` don't name")
        if (self.provenance.tier == "reported") != (self.predictions is None):
            raise ValueError("answers make an entry rescored or verified; without them it is reported")
        if self.kind == "encoder" and self.model.encoder is None:
            raise ValueError("an encoder names itself in `model.encoder`")
        return self


def said(mistake: Mapping[str, Any]) -> str:
    """What pydantic says of one mistake, in our own words alone where they are ours."""
    return str(mistake["msg"]).removeprefix("Value error, ")[:200]


def json_schema() -> dict[str, Any]:
    """The schema of an entry's file, JSON Schema 2020-12."""
    made = EntryFields.model_json_schema()
    return {"$schema": SCHEMA_ID, **made, "title": "emt-bench leaderboard entry"}
