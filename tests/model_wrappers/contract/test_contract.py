"""The contract finds each fault and no other; our own wrappers keep it."""

import gc
import json
from pathlib import Path

import broken_wrappers
import pytest
import toy_clip
import toy_instructblip
import toy_lens
import toy_models
from broken_wrappers import FAULTS
from click.testing import CliRunner
from lmms_eval.models import MODEL_REGISTRY_V2
from toy_llava_repository import V0_TOKENS, repository_llava
from toy_otter import toy_checkpoint

from emt_tasks.errors import UnknownName
from model_wrappers.contract import CHECKS, Subject, chosen, examined, findings

OURS = ("llava", "any", "instructblip", "otter over llama", "lens", "clip")
MORE = ("llava of the repository", "instructblip over t5", "otter")
NOT_THEIRS = {
    "clip": {"padding", "stops", "scoring", "adapters"},
    "lens": {"adapters"},
    "otter": {"stops"},  # the toy over MPT says nothing but special tokens
}
QUICK = [name for name in CHECKS if name != "ranks"]  # which starts processes


@pytest.fixture(scope="module", autouse=True)
def _registered():
    for manifest in broken_wrappers.manifests():
        MODEL_REGISTRY_V2.register_manifest(manifest)
    gc.collect()
    gc.freeze()  # the contract collects garbage between models, and torch's own half a million objects are none
    yield
    gc.unfreeze()


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    """Makes, by its name, one of our models' toys in the layout that it is published in: its id and arguments."""
    root = tmp_path_factory.mktemp("toys")
    v0 = {"projector": "linear", "extra": tuple(V0_TOKENS), "seed": 3}
    folders = {
        "llava": lambda: ("emt_llava", toy_models.llava(root / "llava")),
        "llava of the repository": lambda: (
            "emt_llava",
            repository_llava(root / "v0", **v0).folder,
        ),
        "any": lambda: ("emt_hf", toy_models.qwen(root / "qwen")),
        "instructblip": lambda: ("emt_instructblip", toy_instructblip.saved(root / "vicuna", "llama")),
        "instructblip over t5": lambda: ("emt_instructblip", toy_instructblip.saved(root / "flan", "t5")),
        "otter": lambda: ("emt_otter", toy_checkpoint(root / "mpt", "mpt")),
        "otter over llama": lambda: ("emt_otter", toy_checkpoint(root / "otter-llama", "llama")),
    }
    parts = {
        "lens": lambda: ("emt_lens", toy_lens.saved(root / "lens") | {"num_captions": 2}),
        "clip": lambda: ("emt_clip", {"model": "ViT-B-32", "pretrained": str(toy_clip.saved(root / "clip"))}),
    }

    def made(name):
        if name in parts:
            return parts[name]()
        model, folder = folders[name]()
        return model, {"pretrained": str(folder)}

    return made


def verdicts(subject: Subject, checks=QUICK) -> dict[str, str]:
    return {found.check: found.verdict for found in findings(subject, checks)}


def each_fault():
    """Each fault that shows in one process; all but the first of a check are for the slow suite."""
    for check in QUICK:
        for place, fault in enumerate(FAULTS[check]):
            yield pytest.param(check, fault, marks=[pytest.mark.slow] if place else [], id=fault.__name__)


@pytest.mark.parametrize(("check", "fault"), each_fault())
def test_a_fault_breaks_its_own_promise_and_no_other(check, fault, llava_folder):
    subject = Subject(broken_wrappers.model_id(fault), {"pretrained": str(llava_folder)})
    found = list(findings(subject, QUICK))
    assert [one.check for one in found if one.verdict == "broken"] == [check], found
    broken = next(one for one in found if one.verdict == "broken")
    assert broken.said
    assert broken.do


@pytest.mark.parametrize("name", [*OURS, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE)])
def test_our_own_wrappers_keep_it_or_say_why_a_promise_is_none_of_theirs(name, toys):
    model, model_args = toys(name)
    found = list(findings(Subject(model, model_args), QUICK))
    assert [one for one in found if one.verdict not in ("holds", "not applicable")] == []
    assert {one.check for one in found if one.verdict == "not applicable"} == NOT_THEIRS.get(name, set())


@pytest.mark.slow
@pytest.mark.parametrize("name", [*OURS, *MORE])
def test_two_processes_of_each_of_our_wrappers_are_as_one(name, toys):
    found = examined("ranks", Subject(*toys(name)))
    assert found.verdict == "holds", found


@pytest.mark.slow
def test_a_wrapper_that_shares_the_rows_again_is_found_by_two_processes_alone(llava_folder, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(registered(tmp_path))
    [fault] = FAULTS["ranks"]
    subject = Subject(broken_wrappers.model_id(fault), {"pretrained": str(llava_folder)})
    found = list(findings(subject, list(CHECKS)))
    assert [one.check for one in found if one.verdict == "broken"] == ["ranks"], found
    assert found[-1].said.startswith("2 processes ended with 1: ")
    assert "ChildFailedError" not in found[-1].said


def registered(folder: Path) -> Path:
    """`folder`, with a distribution in it that registers the broken wrappers: what `pip install` would leave."""
    about = folder / "broken_wrappers-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-wrappers\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[lmms_eval.models]\nbroken = broken_wrappers:manifests\n")
    return folder


def test_a_wrapper_that_has_nothing_of_ours_is_examined_as_far_as_it_shows_itself():
    found = verdicts(Subject(broken_wrappers.model_id(broken_wrappers.NothingOfOurs), {}))
    assert {name for name, verdict in found.items() if verdict == "not applicable"} == {"scoring", "adapters"}
    assert {name for name, verdict in found.items() if verdict == "broken"} == {"arguments", "encoder", "weights"}


def test_a_model_that_does_not_load_is_asked_nothing_else(llava_folder):
    found = verdicts(Subject(broken_wrappers.model_id(broken_wrappers.NeverLoads), {}), list(CHECKS))
    assert found.pop("loads") == "broken"
    assert set(found.values()) == {"not run"}


def test_after_drawn_answers_nothing_is_said_that_rests_on_them(llava_folder):
    subject = Subject(broken_wrappers.model_id(broken_wrappers.Draws), {"pretrained": str(llava_folder)})
    found = {one.check: one for one in findings(subject, ["greedy", "batches", "encoder"])}
    assert (found["batches"].verdict, found["encoder"].verdict) == ("not run", "holds")
    assert found["batches"].said == "tells nothing while 'greedy' is broken"


def test_checks_are_chosen_by_name_and_a_slip_is_told():
    assert chosen(only=("scoring", "loads")) == ["loads", "scoring"]
    assert chosen(skip=("ranks",)) == QUICK
    with pytest.raises(UnknownName, match="Did you mean 'padding'"):
        chosen(only=("pading",))


def test_an_exemption_from_a_check_that_does_not_exist_is_an_error(llava_folder, monkeypatch):
    subject = Subject("emt_llava", {"pretrained": str(llava_folder)})
    monkeypatch.setattr(subject.model_class, "not_applicable", {"everything": "we are fine"})
    with pytest.raises(UnknownName, match="no check 'everything'"):
        examined("encoder", subject)


def test_every_check_promises_one_thing_in_a_sentence():
    for name, check in CHECKS.items():
        assert check.promise.endswith("."), name
        assert set(check.needs) <= set(list(CHECKS)[: list(CHECKS).index(name)]), "what is needed is looked at before"


def test_the_command_says_what_is_broken_and_what_to_do(llava_folder):
    from emt_tasks.cli.contract import command

    words = ["broken_blind", "--model-args", f"pretrained={llava_folder}", "--only", "picture,encoder,stops"]
    done = CliRunner().invoke(command, words)
    assert done.exit_code == 4
    assert "Look whether doc_to_visual's pictures reach the model" in " ".join(done.stdout.split())
    assert "1 of 3 promises are broken" in done.stderr
    told = json.loads(CliRunner().invoke(command, [*words, "--json"]).stdout)
    assert [one["verdict"] for one in told] == ["broken", "holds", "holds"]


def test_the_command_knows_models_and_checks_by_name():
    from emt_tasks.cli.contract import command

    assert isinstance(CliRunner().invoke(command, ["emt_lava"]).exception, UnknownName)
    assert isinstance(CliRunner().invoke(command, ["emt_llava", "--skip", "rank"]).exception, UnknownName)
