"""A sentence model and a reranker in folders, as the Hub has them: BERTs of a few hundred random weights."""

from pathlib import Path
from typing import Any

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "query", "passage", ":", "?")
WORDS = (*SPECIAL, "how", "much", "delivery", "costs", "parcel", "refund")
WIDTH = 16


def make(folder: Path) -> Path:
    """Write a sentence model; takes seconds, for it imports torch."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertModel

    plain = folder.with_name(f"{folder.name}-plain")
    _save(BertModel, plain)
    words = Transformer(str(plain))
    SentenceTransformer(modules=[words, Pooling(WIDTH)], device="cpu").save(str(folder))
    return folder


def make_reranker(folder: Path) -> Path:
    """Write a cross-encoder."""
    from transformers import BertForSequenceClassification

    _save(BertForSequenceClassification, folder)
    return folder


def _save(kind: Any, folder: Path) -> None:
    import torch
    from transformers import BertConfig, BertTokenizer

    torch.manual_seed(1)
    tokenizer = BertTokenizer(vocab={word: number for number, word in enumerate(WORDS)})
    config = BertConfig(
        num_labels=1,
        vocab_size=len(WORDS),
        hidden_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=WIDTH,
        max_position_embeddings=64,
    )
    kind(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
