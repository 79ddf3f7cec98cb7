import json

import pytest

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.llava_tokenizer import load_tokenizer

sentencepiece = pytest.importorskip("sentencepiece")
TEXT = [
    "What is the object in the image? Please only answer a single object in airplane, bird",
    "USER: ASSISTANT: the ship Human: Assistant: ### A chat between a curious human and an assistant",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A SentencePiece tokenizer trained as Llama's was, with the files that the LLaVA repository saves."""
    place = tmp_path_factory.mktemp("tokenizer")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT * 20), model_prefix=str(place / "tokenizer"), vocab_size=330, model_type="bpe",
        byte_fallback=True, unk_id=0, bos_id=1, eos_id=2, pad_id=-1, normalization_rule_name="identity",
        remove_extra_whitespaces=False, hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    said = {"unk_token": {"content": "<unk>"}, "bos_token": {"content": "<s>"}, "eos_token": {"content": "</s>"}}
    (place / "tokenizer_config.json").write_text(json.dumps(said | {"tokenizer_class": "LlamaTokenizer"}))
    return place


@pytest.fixture(scope="module")
def oracle(folder):
    return sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))


@pytest.mark.parametrize("text", [*TEXT, "What is this?\n", "  two spaces", "a ship, déjà vu 船", "1234 ###"])
def test_text_has_the_tokens_that_sentencepiece_gives_it(folder, oracle, text):
    assert load_tokenizer(folder, False)(text)["input_ids"] == [1, *oracle.encode(text)]
    assert load_tokenizer(folder, False).decode(oracle.encode(text)) == text


def test_what_stands_before_and_after_a_picture_is_tokenized_apart(folder, oracle):
    tokenizer = load_tokenizer(folder, False)
    before, after = "USER: ", "\nWhat is the object? ASSISTANT:"
    image = tokenizer.convert_tokens_to_ids("<image>")
    assert image == len(oracle)
    wanted = [1, *oracle.encode(before), image, *oracle.encode(after)]
    assert tokenizer(f"{before}<image>{after}")["input_ids"] == wanted


def test_added_tokens_keep_their_numbers_and_stand_around_pictures(folder, oracle, tmp_path):
    first = len(oracle)
    more = {"[PAD]": first, "<im_patch>": first + 1, "<im_start>": first + 2, "<im_end>": first + 3}
    (tmp_path / "added_tokens.json").write_text(json.dumps(dict(reversed(more.items()))))
    (tmp_path / "tokenizer.model").write_bytes((folder / "tokenizer.model").read_bytes())
    tokenizer = load_tokenizer(tmp_path, True)
    assert tokenizer.image_token_id == more["<im_patch>"]
    assert {token: tokenizer.convert_tokens_to_ids(token) for token in more} == more
    assert len(tokenizer) == first + 4


def test_a_folder_without_one_and_a_damaged_one_are_named(tmp_path):
    with pytest.raises(EmtError, match="has no tokenizer"):
        load_tokenizer(tmp_path, False)
    (tmp_path / "tokenizer.model").write_bytes(b"half")
    with pytest.raises(EmtError, match="can't be read"):
        load_tokenizer(tmp_path, False)
