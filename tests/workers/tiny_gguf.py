"""Llamas of 600 kB for real engines: one says a sentence, once and stops, or for ever; one says noise."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from gguf import GGUFWriter
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

WIDTH, LAYERS, HEADS, KV_HEADS, INNER, CONTEXT = 64, 2, 4, 2, 128, 4096
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CHAT_TEMPLATE = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TEXTS = [
    "Сколько стоит доставка? Доставка стоит 300 рублей.",
    "How do I return an item? Returns take 14 days.",
    *("да", "нет", "yes", "no"),
] * 20


def write(path: Path, says: str, *, stops: bool = True, also: Sequence[str] = (), pieces: int = 1) -> None:
    """Write a model that answers everything with ``says``; the first tokens of ``also`` follow, each e times rarer.

    ``pieces``: in how many tokens it says so (one server cannot show tokens of more than 32 bytes).
    """
    length = -(-len(says) // pieces)
    said = [says[start : start + length] for start in range(0, len(says), length)]
    tokenizer, tokens, merges = _vocabulary(*said)
    size = len(tokens)
    embedding, output = np.zeros((size, WIDTH), np.float32), np.zeros((size, WIDTH), np.float32)
    # Any token is followed by the sentence, the sentence by the end: with empty layers only the last token counts.
    first, end = size - len(SPECIAL) - len(said), size - 1
    last = first + len(said) - 1
    embedding[:, 0] = 1
    for step, token in enumerate(range(first, last), start=2):
        embedding[token, 0], embedding[token, step] = 0, 1
        output[token + 1, step] = 10
    if stops:
        embedding[last, :2] = (0, 1)
    output[first, 0] = 10
    output[end, 1] = 10
    # The norm multiplies what is kept of the one by the root of the width.
    for rank, text in enumerate(also, start=1):
        output[tokenizer.encode(text).ids[0], 0] = 10 - rank / np.sqrt(WIDTH)
    _write(path, tokens, merges, lambda *shape: np.zeros(shape, np.float32), embedding, output)


def write_random(path: Path, *, seed: int = 0) -> None:
    """Write a model whose every word depends on all the words before and means nothing; it never ends by itself."""
    _, tokens, merges = _vocabulary()
    chance = np.random.default_rng(seed)

    def weights(*shape: int) -> np.ndarray:
        return chance.standard_normal(shape, np.float32) * 0.3

    output = weights(len(tokens), WIDTH)
    output[-len(SPECIAL) :] = 0
    _write(path, tokens, merges, weights, weights(len(tokens), WIDTH), output)


def write_lora(path: Path, *, width: int = WIDTH, seed: int = 0) -> None:
    """Write an adapter for the model of noise that changes what it writes; another ``width`` fits no model here."""
    chance, rank = np.random.default_rng(seed), 4
    writer = GGUFWriter(path, "llama")
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 2.0 * rank)
    for layer in range(LAYERS):
        name = f"blk.{layer}.attn_q.weight"
        writer.add_tensor(f"{name}.lora_a", chance.standard_normal((rank, width), np.float32))
        writer.add_tensor(f"{name}.lora_b", chance.standard_normal((width, rank), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_recurrent(path: Path) -> None:
    """Write a Mamba of noise: one state a sequence, which cannot be taken back."""
    _, tokens, merges = _vocabulary()
    chance = np.random.default_rng(0)
    inner, states, rank, kernel = 2 * WIDTH, 16, 4, 4

    def weights(*shape: int) -> np.ndarray:
        return chance.standard_normal(shape, np.float32) * 0.3

    writer = GGUFWriter(path, "mamba")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_ssm_conv_kernel(kernel)
    writer.add_ssm_inner_size(inner)
    writer.add_ssm_state_size(states)
    writer.add_ssm_time_step_rank(rank)
    add_tokenizer(writer, tokens, merges)
    output = weights(len(tokens), WIDTH)
    output[-len(SPECIAL) :] = 0
    writer.add_tensor("token_embd.weight", weights(len(tokens), WIDTH))
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        writer.add_tensor(f"{block}attn_norm.weight", np.ones(WIDTH, np.float32))
        writer.add_tensor(f"{block}ssm_in.weight", weights(2 * inner, WIDTH))
        writer.add_tensor(f"{block}ssm_conv1d.weight", weights(inner, kernel))
        writer.add_tensor(f"{block}ssm_conv1d.bias", weights(inner))
        writer.add_tensor(f"{block}ssm_x.weight", weights(rank + 2 * states, inner))
        writer.add_tensor(f"{block}ssm_dt.weight", weights(inner, rank))
        writer.add_tensor(f"{block}ssm_dt.bias", weights(inner))
        writer.add_tensor(f"{block}ssm_a", -np.abs(weights(inner, states)))
        writer.add_tensor(f"{block}ssm_d", weights(inner))
        writer.add_tensor(f"{block}ssm_out.weight", weights(WIDTH, inner))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _vocabulary(*said: str) -> tuple[Tokenizer, list[str], list[str]]:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    words = [word for word, _ in sorted(model["vocab"].items(), key=lambda item: item[1])]
    # A token for the whole sentence; no text is ever split into it, but it is printed as it stands.
    whole = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    words += [whole.pre_tokenize_str(piece)[0][0] for piece in said]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    return tokenizer, words + SPECIAL, merges


def _write(
    path: Path,
    tokens: list[str],
    merges: list[str],
    weights: Callable[..., np.ndarray],
    embedding: np.ndarray,
    output: np.ndarray,
) -> None:
    writer = GGUFWriter(path, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    add_tokenizer(writer, tokens, merges)
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output.weight", output)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    narrow = WIDTH // HEADS * KV_HEADS
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"{block}{name}.weight", np.ones(WIDTH, np.float32))
        for name, shape in {
            "attn_q": (WIDTH, WIDTH),
            "attn_k": (narrow, WIDTH),
            "attn_v": (narrow, WIDTH),
            "attn_output": (WIDTH, WIDTH),
            "ffn_gate": (INNER, WIDTH),
            "ffn_up": (INNER, WIDTH),
            "ffn_down": (WIDTH, INNER),
        }.items():
            writer.add_tensor(f"{block}{name}.weight", weights(*shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_tokenizer(writer: GGUFWriter, tokens: list[str], merges: list[str]) -> None:
    size = len(tokens)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * (size - len(SPECIAL)) + [3] * len(SPECIAL))
    writer.add_token_merges(merges)
    writer.add_bos_token_id(size - 3)
    writer.add_eos_token_id(size - 1)
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    writer.add_vocab_size(size)
