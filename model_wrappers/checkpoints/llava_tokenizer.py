"""Tokenizers of checkpoints in the LLaVA repository's layout, with a token that stands for a picture."""

from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors
from transformers import PreTrainedTokenizerFast

from emt_tasks.errors import EmtError
from model_wrappers.checkpoints.llava_layout import END, PATCH, START, read_json
from model_wrappers.generating.prompts import IMAGE

SPACE = "▁"
NAMES = ("bos_token", "eos_token", "unk_token", "pad_token")


def load_tokenizer(folder: Path, start_end: bool) -> Any:
    """The tokenizer in `folder`, with the image token and, where `start_end`, the tokens around it.

    Raises:
        EmtError: there is none, or it can't be read.
    """
    if (folder / "tokenizer.json").is_file():
        try:
            tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
        except (OSError, ValueError, TypeError) as error:
            raise EmtError(f"{folder} has a tokenizer that can't be read ({error}). Copy it again.") from error
    elif (folder / "tokenizer.model").is_file():
        tokenizer = _from_sentencepiece(folder)
    else:
        raise EmtError(f"{folder} has no tokenizer (tokenizer.model or tokenizer.json). Copy the whole folder.")
    known = tokenizer.get_vocab()
    around = [START, END] if start_end else []
    sign = next((token for token in (IMAGE, PATCH) if token in known), IMAGE)
    tokenizer.add_tokens(list(map(_special, (sign, *around))), special_tokens=True)
    tokenizer.image_token = sign
    tokenizer.image_token_id = tokenizer.convert_tokens_to_ids(sign)
    return tokenizer


def _from_sentencepiece(folder: Path) -> PreTrainedTokenizerFast:
    """Llama's tokenizer from its SentencePiece file, as the LLaVA repository uses it.

    Each stretch of text between special tokens begins with a space of its own: the repository tokenizes what stands
    before and after a picture apart. (transformers' own conversion needs a protobuf as new as SentencePiece's.)
    """
    try:
        from sentencepiece import SentencePieceProcessor

        model = SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    except ImportError as error:
        raise EmtError(f"{folder} has a SentencePiece tokenizer: pip install sentencepiece") from error
    except (OSError, RuntimeError) as error:
        raise EmtError(f"{folder / 'tokenizer.model'} can't be read ({error}). Copy it again.") from error
    vocabulary = {model.id_to_piece(token): token for token in range(len(model))}
    unk, bos = model.id_to_piece(model.unk_id()), model.id_to_piece(model.bos_id())
    tokenizer = Tokenizer(
        models.BPE(vocabulary, _merges(model, vocabulary), unk_token=unk, fuse_unk=True, byte_fallback=True)
    )
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend(SPACE), normalizers.Replace(" ", SPACE)])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A", special_tokens=[(bos, vocabulary[bos])]
    )
    said = {"unk_token": unk, "bos_token": bos, "eos_token": model.id_to_piece(model.eos_id())} | _special_names(folder)
    tokenizer.add_special_tokens(list(map(_special, [token for token in said.values() if token in vocabulary])))
    tokenizer.add_tokens(list(map(_special, _added(folder))))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **said)


def _special(token: str) -> AddedToken:
    return AddedToken(token, special=True, normalized=False)


def _merges(model: Any, vocabulary: dict[str, int]) -> list[tuple[str, str]]:
    """The pairs that SentencePiece joins, those with the likelier result first, as it does."""
    found = []
    for token in range(len(model)):
        if model.is_control(token) or model.is_byte(token) or model.is_unknown(token):
            continue
        piece = model.id_to_piece(token)
        halves = [(piece[:cut], piece[cut:]) for cut in range(1, len(piece))]
        pairs = [pair for pair in halves if pair[0] in vocabulary and pair[1] in vocabulary]
        found += [(-model.get_score(token), vocabulary[left], vocabulary[right], left, right) for left, right in pairs]
    return [(left, right) for *_, left, right in sorted(found)]


def _special_names(folder: Path) -> dict[str, str]:
    """What the folder calls its special tokens."""
    names: dict[str, str] = {}
    for file in (folder / "tokenizer_config.json", folder / "special_tokens_map.json"):
        said = read_json(file) if file.is_file() else {}
        for name in NAMES:
            value = said.get(name)
            value = value.get("content") if isinstance(value, dict) else value
            if value:
                names[name] = str(value)
    return names


def _added(folder: Path) -> list[str]:
    """Tokens past SentencePiece's own, in the order of their ids."""
    file = folder / "added_tokens.json"
    said = read_json(file) if file.is_file() else {}
    return sorted(said, key=lambda token: int(said[token]))
