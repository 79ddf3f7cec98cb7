"""How the encoder learns: pictures beside sentences about all classes, as CLIP does it with captions."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import open_clip
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from emt_tasks.errors import EmtError
from finetuning.mini.encoder import EncoderFields, new_encoder
from finetuning.mini.pictures import Pictures, normalised, varied
from finetuning.mini.steps import PaceFields, learn, order_of
from model_wrappers.zero_shot.prompt_templates import CLASS, Templates, read_templates

NUMBERS, OBJECTS = "mnist", "cifar10"  # the label sets whose sentences fit any number and any object
WORDS_OF_OPEN_CLIP = "ViT-B-32"  # its tokenizer is that of every architecture without one of its own
SHARPEST = 100.0  # CLIP's bound on what similarities are multiplied with


class ContrastiveFields(PaceFields):
    """The encoder's training.

    Attributes:
        templates: sentences with the class in them, as `emt_clip`'s `template`; each step draws one for each class.
        label_smoothing: share of the wanted probability that goes to all classes alike.
        shift: pixels that a picture is moved by at most.
        bfloat16: whether the vision tower computes in it.
    """

    templates: str = "clip_benchmark"
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    shift: int = Field(4, ge=0)
    bfloat16: bool = True


class Sentences:
    """Every class in every sentence, as the tokens that occur and their places in open_clip's vocabulary.

    The text tower learns with a table of those tokens alone: the other 49,000 would only be carried along.

    Attributes:
        by_class: (sentences, context) int64 of each class, into `vocabulary`.
        vocabulary: the tokens that occur, in ascending order, so that the last is still the end.

    Raises:
        EmtError: `context` is too short for one of them.
    """

    def __init__(self, pictures: Pictures, templates: Templates, context: int) -> None:
        tokenizer = open_clip.get_tokenizer(WORDS_OF_OPEN_CLIP, context_length=context)
        asked = {"number": templates.sentences(NUMBERS), "object": templates.sentences(OBJECTS)}
        whole = [
            tokenizer([sentence.replace(CLASS, word) for sentence in asked[noun]]) for noun, word in pictures.classes
        ]
        _require_whole(asked, pictures, context)
        self.vocabulary = torch.unique(torch.cat(whole))
        self.by_class = [torch.searchsorted(self.vocabulary, tokens) for tokens in whole]

    def drawn(self) -> Tensor:
        """(classes, context) int64: one sentence of each class, drawn by torch."""
        return torch.stack([tokens[int(torch.randint(len(tokens), ()))] for tokens in self.by_class])


def train_encoder(
    sizes: EncoderFields,
    fields: ContrastiveFields,
    pictures: Pictures,
    seed: int,
    state: Path,
    digest: str,
    advance: Callable[[int], None] = lambda _: None,
) -> tuple[Any, float]:
    """A trained `open_clip.CLIP` in eval mode, and its last loss.

    The loss of a picture is the cross-entropy of its class's sentence among one sentence of every class.
    """
    model = new_encoder(sizes, seed)
    sentences = Sentences(pictures, read_templates(fields.templates), sizes.context)
    whole = model.token_embedding.weight.detach()
    model.token_embedding = _table(whole[sentences.vocabulary])
    model.train()

    def loss_of(step: int) -> Tensor:
        rows = order_of(len(pictures), fields.batch_size, step, seed)
        pixels = normalised(varied(pictures.pixels[rows], pictures.upright[rows], fields.shift))
        with torch.autocast("cpu", torch.bfloat16, enabled=fields.bfloat16):
            seen = model.encode_image(pixels)
        said = functional.normalize(model.encode_text(sentences.drawn()), dim=-1)
        scale = model.logit_scale.exp().clamp(max=SHARPEST)
        logits = scale * functional.normalize(seen.float(), dim=-1) @ said.T  # (B, classes)
        return functional.cross_entropy(logits, pictures.targets[rows], label_smoothing=fields.label_smoothing)

    loss = learn(model, loss_of, fields, len(pictures), seed, state, digest, advance)
    whole[sentences.vocabulary] = model.token_embedding.weight.detach()
    model.token_embedding = _table(whole)
    return model.eval(), loss


def _require_whole(asked: Mapping[str, Sequence[str]], pictures: Pictures, context: int) -> None:
    """Refuse a context that cuts sentences, of which the class's name may be the end."""
    tokenizer = open_clip.get_tokenizer(WORDS_OF_OPEN_CLIP)
    said = (sentence.replace(CLASS, word) for noun, word in pictures.classes for sentence in asked[noun])
    longest = max(said, key=lambda sentence: len(tokenizer.encode(sentence)))
    needed = len(tokenizer.encode(longest)) + 2  # where a sentence begins and ends
    if needed > context:
        raise EmtError(f"encoder.context: {context} tokens are too few for {longest!r}, which takes {needed}.")


def _table(vectors: Tensor) -> nn.Embedding:
    rows, width = vectors.shape
    return nn.Embedding(rows, width, _weight=vectors.clone())
