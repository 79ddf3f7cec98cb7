"""emt_instructblip on toy checkpoints of the true architecture, against transformers' own one-row generate."""

import json
import logging
import shutil
from pathlib import Path

import pytest
import torch
import toy_instructblip
from peft import LoraConfig, get_peft_model
from toy_requests import ask, generate, pictures, score
from transformers import InstructBlipForConditionalGeneration, InstructBlipProcessor

from emt_tasks.errors import EmtError
from emt_tasks.labels import label_set
from model_wrappers.generating import instructblip_inputs
from model_wrappers.instructblip import EmtInstructBlip

QUESTION = "What is the object in the image?"
LISTED = QUESTION + " Please only answer a single object in airplane, bird, cat."
PROMPTS = (QUESTION, LISTED, "What is the number?", LISTED)
LONG = f"{QUESTION} Please only answer a single object in {', '.join(label_set('cifar100').labels)}."
families = pytest.mark.parametrize("family", ["llama", "t5"])


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """Models this small only wait for each other's threads where cores are busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("instructblip")
    return {family: toy_instructblip.saved(root / family, family) for family in ("llama", "t5")}


@pytest.fixture(scope="module")
def lms(folders) -> dict[str, EmtInstructBlip]:
    return {name: EmtInstructBlip(pretrained=str(f), batch_size=5, device="cpu") for name, f in folders.items()}


def transformers_own(folder: Path, prompt: str, picture, tokens: int) -> str:
    model = InstructBlipForConditionalGeneration.from_pretrained(folder).eval()
    processor = InstructBlipProcessor.from_pretrained(folder)
    inputs = processor(images=picture, text=prompt, return_tensors="pt")
    made = model.generate(**inputs, max_new_tokens=tokens, do_sample=False, eos_token_id=2, pad_token_id=0)
    start = 0 if model.language_model.config.is_encoder_decoder else inputs["input_ids"].shape[1]
    return processor.tokenizer.decode(made[0][start:], skip_special_tokens=True)


@families
def test_answers_are_those_of_transformers_own_generate_row_by_row(lms, folders, family):
    rows = pictures(8)
    answers = ask(lms[family], [generate(PROMPTS[row % 4], row, until=[]) for row in range(8)], rows)
    own = [transformers_own(folders[family], PROMPTS[row % 4], rows[row]["image"], 8) for row in range(8)]
    assert answers == own
    assert len(set(answers)) > 3


@families
def test_batches_give_the_answers_of_one_by_one(lms, family):
    rows = pictures(12)
    asked = [generate(PROMPTS[row % 4], row) for row in range(12)]
    assert ask(lms[family], asked, rows) == [ask(lms[family], [one], rows)[0] for one in asked]


@families
def test_logits_of_a_padded_batch_are_those_of_one_row(lms, family):
    lm, seen = lms[family], [row["image"] for row in pictures(3)]
    start = {"decoder_input_ids": torch.zeros(3, 1, dtype=torch.long)} if family == "t5" else {}
    with torch.no_grad():
        together = lm.model(**lm.processor(PROMPTS[:3], seen), **start).logits[:, -1]
        for row in range(3):
            first = {name: value[:1] for name, value in start.items()}
            alone = lm.model(**lm.processor(PROMPTS[row : row + 1], seen[row : row + 1]), **first).logits[0, -1]
            torch.testing.assert_close(together[row], alone, atol=1e-4, rtol=0)


@families
def test_one_rows_inputs_are_transformers_own(lms, folders, family):
    picture = pictures(1)[0]["image"]
    own = InstructBlipProcessor.from_pretrained(folders[family])(images=picture, text=LISTED, return_tensors="pt")
    made = lms[family].processor([f"<image>{LISTED}"], [[picture]])
    assert own.keys() == made.keys()
    for name in own:
        torch.testing.assert_close(made[name], own[name])


def test_the_beginning_all_answers_share_is_drafted_and_changes_nothing(folders):
    rows = pictures(6)
    lm = EmtInstructBlip(pretrained=str(folders["llama"]), batch_size=1, device="cpu")
    asked = [generate(QUESTION, 0)] * 3 + [generate(QUESTION, row) for row in range(6)]
    answers = ask(lm, asked, rows)
    assert answers[3:] == [transformers_own(folders["llama"], QUESTION, row["image"], 8) for row in rows]


def test_a_list_longer_than_the_q_former_reaches_the_language_model_whole_and_it_not_in_part(lms, caplog):
    lm, picture = lms["llama"], pictures(1)[0]["image"]
    instructblip_inputs._told.clear()
    with caplog.at_level(logging.WARNING):
        long = lm.processor([LONG], [picture])
        lm.processor([LONG], [picture])
    short = lm.processor([QUESTION], [picture])
    assert torch.equal(long["qformer_input_ids"], short["qformer_input_ids"])
    assert lm.tokenizer.decode(long["input_ids"][0], skip_special_tokens=True).endswith("woman, worm.")
    assert [record.message for record in caplog.records if "Q-Former, which has 48 positions" in record.message] != []
    assert len(caplog.records) == 1
    assert ask(lm, [generate(LONG)], pictures(1)) != []


def test_one_sentence_longer_than_the_q_former_is_cut_at_its_end(lms):
    ids = lms["llama"].processor.tokens(["bird " * 90])["qformer_input_ids"][0].tolist()
    assert len(ids) == toy_instructblip.POSITIONS
    assert (ids[0], ids[-1]) == (2, 3)


def test_a_text_that_just_fits_is_not_cut(lms):
    words = lms["llama"].processor._qformer_tokenizer
    text = next(
        t for t in ("a. " * n for n in range(1, 60)) if len(words(t)["input_ids"]) == toy_instructblip.POSITIONS
    )
    assert lms["llama"].processor.tokens([text])["qformer_input_ids"].shape[1] == toy_instructblip.POSITIONS


def test_q_former_and_language_model_never_get_texts_of_one_width(lms):
    for words in range(1, 40):
        made = lms["llama"].processor.tokens(["0 " * words])
        assert made["input_ids"].shape != made["qformer_input_ids"].shape


@families
def test_several_labels_are_scored_as_each_alone_is(lms, family):
    rows, labels = pictures(3), [" airplane", " bird", " cat", " ship"]
    together = ask(lms[family], [score(LISTED, label, row) for row in range(3) for label in labels], rows)
    alone = [ask(lms[family], [score(LISTED, label, row)], rows)[0] for row in range(3) for label in labels]
    for one, other in zip(together, alone, strict=True):
        assert one[0] == pytest.approx(other[0], abs=1e-4)
        assert one[1] == other[1]


def test_an_answer_does_not_reach_the_q_former(lms, monkeypatch):
    seen = []
    own = lms["llama"].model.get_image_features
    monkeypatch.setattr(
        lms["llama"].model, "get_image_features", lambda *a, **k: seen.append(k["qformer_input_ids"]) or own(*a, **k)
    )
    ask(lms["llama"], [score(QUESTION, " bird")], pictures(1))
    assert torch.equal(seen[-1], lms["llama"].processor.tokens([QUESTION])["qformer_input_ids"])


@families
def test_a_lora_adapter_is_put_on_and_taken_off(folders, family, tmp_path):
    rows, asked = pictures(6), [generate(LISTED, row) for row in range(6)]
    lm = EmtInstructBlip(pretrained=str(folders[family]), batch_size=4, device="cpu")
    bare = ask(lm, asked, rows)
    base = InstructBlipForConditionalGeneration.from_pretrained(folders[family])
    targets = {"llama": r".*language_model.*\.[qv]_proj", "t5": r".*language_model.*\.[qv]"}[family]
    tuned = get_peft_model(base, LoraConfig(target_modules=targets, r=4, lora_alpha=64, init_lora_weights=False))
    tuned.save_pretrained(tmp_path)
    lm.use_adapter(str(tmp_path))
    changed = ask(lm, asked, rows)
    merged = tuned.merge_and_unload()
    merged.save_pretrained(tmp_path / "merged")
    InstructBlipProcessor.from_pretrained(folders[family]).save_pretrained(tmp_path / "merged")
    assert changed != bare
    assert changed == [transformers_own(tmp_path / "merged", LISTED, row["image"], 8) for row in rows]
    lm.use_adapter(None)
    assert ask(lm, asked, rows) == bare


def test_it_asks_about_one_image(lms):
    two = generate(QUESTION)
    context, given, _, *rest = two.arguments
    two.arguments = (context, given, lambda doc: [doc["image"]] * 2, *rest)
    with pytest.raises(EmtError, match="InstructBLIP answers about one image"):
        ask(lms["llama"], [two], pictures(1))


def test_a_checkpoint_of_old_or_of_another_family_is_refused(folders, llava_folder, tmp_path):
    with pytest.raises(EmtError, match="no model type of emt_instructblip 'llava'"):
        EmtInstructBlip(pretrained=str(llava_folder), device="cpu")
    old = without_image_token(toy_instructblip.saved(tmp_path))
    tokens = json.loads((old / "tokenizer.json").read_text().replace('"<image>"', '"<other>"'))
    (old / "tokenizer.json").write_text(json.dumps(tokens))
    with pytest.raises(EmtError, match=r"before 4\.46"):
        EmtInstructBlip(pretrained=str(old), device="cpu")


def test_a_config_that_names_no_image_token_leaves_it_to_the_tokenizer(lms, folders, tmp_path):
    silent = without_image_token(Path(shutil.copytree(folders["llama"], tmp_path / "silent")))
    lm = EmtInstructBlip(pretrained=str(silent), device="cpu")
    assert lm.config.image_token_index == 3
    asked, rows = [generate(QUESTION, row) for row in range(3)], pictures(3)
    assert ask(lm, asked, rows) == ask(lms["llama"], asked, rows)


def without_image_token(folder: Path) -> Path:
    text = (folder / "config.json").read_text()
    (folder / "config.json").write_text(text.replace('"image_token_index": 3', '"image_token_index": null'))
    return folder


def test_a_folder_without_the_q_former_s_tokenizer_does_not_take_the_language_model_s(folders, tmp_path):
    lacking = Path(shutil.copytree(folders["llama"], tmp_path / "lacking"))
    shutil.rmtree(lacking / "qformer_tokenizer")
    with pytest.raises(EmtError, match=r"tokenizer for its Q-Former has \d+ tokens, and the Q-Former \d+ embeddings"):
        EmtInstructBlip(pretrained=str(lacking), device="cpu")
