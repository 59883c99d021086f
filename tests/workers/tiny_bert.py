"""A sentence-transformers model in a folder, as the Hub has them: a BERT of a few hundred random weights."""

from pathlib import Path

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "query", "passage", ":", "?")
WORDS = (*SPECIAL, "how", "much", "delivery", "costs", "parcel", "refund")
WIDTH = 16


def make(folder: Path) -> Path:
    """Write the model; takes seconds, for it imports torch."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    torch.manual_seed(1)
    plain = folder.with_name(f"{folder.name}-plain")
    tokenizer = BertTokenizer(vocab={word: number for number, word in enumerate(WORDS)})
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=WIDTH,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(plain)
    tokenizer.save_pretrained(plain)
    words = Transformer(str(plain))
    SentenceTransformer(modules=[words, Pooling(WIDTH)], device="cpu").save(str(folder))
    return folder
