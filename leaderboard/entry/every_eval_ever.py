"""An entry in the form of Every Eval Ever, so that other people's collections can take it.

Source: `eval.schema.json` of the PyPI package every-eval-ever 0.3.0; required and enumerated fields are those it names.
"""

import hashlib
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from emt_tasks.forgetting.sets import ordered
from emt_tasks.outcomes import Outcome
from emt_tasks.sources import SOURCES
from emt_tasks.statistics.intervals import wilson
from leaderboard.entry.candidate import Candidate
from leaderboard.entry.schema import CountFields, DatasetFields, EntryFields
from leaderboard.words import tuning_phrase

SCHEMA_VERSION = "0.3.0"
BENCHMARK = "emt"
ABOUT: Mapping[str, str] = {
    Outcome.CORRECT.value: "share of answers that name exactly one label of the set, the right one",
    Outcome.INTRINSIC.value: "share of answers that name several labels",
    Outcome.EXTRINSIC.value: "share of answers that say something and name no label",
}


def exported(candidate: Candidate) -> dict[str, Any]:
    """The entry as one record: for each set and reading the accuracy and the two shares of hallucinations."""
    told = candidate.fields
    day = datetime.fromisoformat(told.provenance.date).replace(tzinfo=UTC)
    return {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": f"{BENCHMARK}/{_name(told)}/{candidate.place.run}",
        "evaluation_timestamp": told.provenance.date,
        "retrieved_timestamp": str(int(day.timestamp())),
        "source_metadata": {
            "source_name": "emt-bench leaderboard",
            "source_type": "evaluation_run",
            "source_organization_name": told.provenance.submitted_by,
            "evaluator_relationship": "other",
            "additional_details": {"tier": told.provenance.tier, "entry_sha256": candidate.digest},
        },
        "eval_library": {"name": "emt-bench", "version": told.environment.get("emt-bench") or version("emt-bench")},
        "model_info": _model_info(told),
        "evaluation_results": [
            _result(key, told.datasets[key], reading, told.counts[key][reading], outcome)
            for key in ordered(told.datasets)
            for reading in candidate.readings(key)
            for outcome in ABOUT
        ],
    }


def _name(told: EntryFields) -> str:
    return f"{told.model.org}/{told.model.name}"


def _model_info(told: EntryFields) -> dict[str, Any]:
    model = told.model
    details = {
        "deployment_type": "self_deployed",
        "model_availability": "unknown",
        "vision_encoder": model.encoder,
        "language_model": model.llm,
        "parameters": None if model.params is None else str(model.params),
        "licence": model.licence,
        "tuning": tuning_phrase(told.tuning.kind, told.tuning.dataset, told.tuning.epoch, told.tuning.seed) or None,
        "base": told.tuning.base,
    }
    return {
        "name": model.name,
        "id": _name(told),
        "developer": model.org,
        "additional_details": {key: value for key, value in details.items() if value is not None},
    }


def _result(key: str, data: DatasetFields, reading: str, counts: CountFields, outcome: str) -> dict[str, Any]:
    count = counts.of(Outcome(outcome))
    low, high = wilson(count, counts.n)
    metric = "accuracy" if outcome == Outcome.CORRECT.value else f"emt.{outcome}"
    return {
        "evaluation_result_id": f"{data.task}.{reading}.{metric}",
        "evaluation_name": data.task,
        "source_data": {
            "dataset_name": key,
            "source_type": "hf_dataset",
            "hf_repo": SOURCES[key].hub_id,
            "hf_split": data.split,
            "samples_number": data.n,
            "additional_details": {"fingerprint": data.fingerprint},
        },
        "metric_config": {
            "evaluation_description": f"{ABOUT[outcome]}; answers read by {reading}",
            "metric_id": metric,
            "lower_is_better": outcome != Outcome.CORRECT.value,
            "score_type": "continuous",
            "min_score": 0,
            "max_score": 1,
        },
        "score_details": {
            "score": count / counts.n,
            "uncertainty": {
                "confidence_interval": {"lower": low, "upper": high, "confidence_level": 0.95, "method": "wilson"},
                "num_samples": counts.n,
            },
        },
    }


def path_of(candidate: Candidate) -> str:
    """Where the record lies in their repository: data/BENCHMARK/DEVELOPER/MODEL/UUID.json; the same each time."""
    org, _, model = candidate.place.folder.partition("__")
    digest = hashlib.sha256(candidate.digest.encode()).digest()
    return f"data/{BENCHMARK}/{org}/{model}/{uuid.UUID(bytes=digest[:16], version=4)}.json"
