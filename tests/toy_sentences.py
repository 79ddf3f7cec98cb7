"""A sentence-transformers model of the true architecture at toy size, saved as the library saves one."""

import string
from pathlib import Path

import torch

LETTERS = string.ascii_lowercase + string.digits + ".,()?-"
CONTEXT = 16


def saved(folder: Path, seed: int = 0) -> Path:
    """A BERT over single letters with mean pooling, in `folder`."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    base = folder.with_name(f"{folder.name}-base")
    base.mkdir(parents=True)
    (base / "vocab.txt").write_text("\n".join(words))
    BertTokenizer(str(base / "vocab.txt")).save_pretrained(base)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(words), hidden_size=24, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    BertModel(config).save_pretrained(base)
    transformer = Transformer(str(base), max_seq_length=CONTEXT)
    model = SentenceTransformer(modules=[transformer, Pooling(24, "mean")], device="cpu")
    model.save(str(folder))
    return folder
