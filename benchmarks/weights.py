"""Models of real sizes with weights of chance: as slow as trained ones, and as clever as a coin.

Shapes of Qwen2.5-0.5B and -1.5B, Qwen3-4B and -8B. One layer's weights serve for all layers, which costs the processor
the same. The blocks are filled at once as llama.cpp would have quantised them (ggml-common.h).
"""

import os
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

CHAT_TEMPLATE: Final = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SPECIAL: Final = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


@dataclass(frozen=True, slots=True)
class Shape:
    """A model's sizes."""

    name: str
    width: int
    layers: int
    heads: int
    kv_heads: int
    inner: int
    vocabulary: int = 151_936
    context: int = 32_768
    head: int = 0
    """Width of one head, where it is not the share of the model's."""
    tied: bool = True
    """Whether the embedding is the output matrix too."""

    @property
    def per_head(self) -> int:
        """Width of one head."""
        return self.head or self.width // self.heads

    @property
    def wide(self) -> int:
        """Width of queries."""
        return self.per_head * self.heads

    @property
    def narrow(self) -> int:
        """Width of keys and values."""
        return self.per_head * self.kv_heads


HALF: Final = Shape("0.5b", 896, 24, 14, 2, 4864)
ONE_AND_A_HALF: Final = Shape("1.5b", 1536, 28, 12, 2, 8960)
FOUR: Final = Shape("4b", 2560, 36, 32, 8, 9728, head=128)
EIGHT: Final = Shape("8b", 4096, 36, 32, 8, 12_288, tied=False)
TINY: Final = Shape("tiny", 64, 2, 4, 2, 128, vocabulary=1024, context=4096)


def model(shape: Shape, quantisation: str) -> Path:
    """Return the path of a model, which is made if need be: about a gigabyte in the user's cache folder."""
    path = _folder() / f"chance-{shape.name}-{quantisation}.gguf"
    if not path.exists():
        _write(path.with_suffix(".part"), shape, quantisation)
        path.with_suffix(".part").rename(path)
    return path


def adapter(shape: Shape, seed: int, *, rank: int = 16) -> Path:
    """Return the path of a LoRA of chance over all matrices of all layers, as those that are usually trained."""
    from gguf import GGUFWriter  # noqa: PLC0415  # a development package

    path = _folder() / f"chance-{shape.name}-lora-{rank}-{seed}.gguf"
    if path.exists():
        return path
    chance = np.random.default_rng(seed)
    writer = GGUFWriter(path.with_suffix(".part"), "llama")
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(rank))
    for layer in range(shape.layers):
        for name, (outputs, inputs) in _matrices(shape).items():
            low, high = (chance.standard_normal(size, np.float32) * 0.02 for size in ((rank, inputs), (outputs, rank)))
            writer.add_tensor(f"blk.{layer}.{name}.weight.lora_a", low.astype(np.float16))
            writer.add_tensor(f"blk.{layer}.{name}.weight.lora_b", high.astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    path.with_suffix(".part").rename(path)
    return path


def _folder() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "otvet-benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _matrices(shape: Shape) -> dict[str, tuple[int, int]]:
    """Outputs and inputs of a layer's matrices."""
    return {
        "attn_q": (shape.wide, shape.width),
        "attn_k": (shape.narrow, shape.width),
        "attn_v": (shape.narrow, shape.width),
        "attn_output": (shape.width, shape.wide),
        "ffn_gate": (shape.inner, shape.width),
        "ffn_up": (shape.inner, shape.width),
        "ffn_down": (shape.width, shape.inner),
    }


def _tokens(size: int) -> list[str]:
    """Bytes as GPT-2 writes them, fillers that no text contains, control tokens at the end."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    bytes_ = [chr(b) for b in shown] + [chr(256 + n) for n in range(256 - len(shown))]
    fillers = [f"¤{n}" for n in range(size - len(bytes_) - len(SPECIAL))]
    return [*bytes_, *fillers, *SPECIAL]


def _kind(quantisation: str, name: str, layer: int, layers: int) -> str:
    """Return the blocks that llama.cpp gives a matrix: with q4_k_m some have six bits (llama-quant.cpp)."""
    if quantisation != "q4_k_m":
        return quantisation
    eighth = layers // 8
    better = layer < eighth or layer >= 7 * eighth or (layer - eighth) % 3 == 2  # noqa: PLR2004  # as it stands there
    return "q6_k" if name == "output" or (name in {"attn_v", "ffn_down"} and better) else "q4_k"


def _blocks(chance: np.random.Generator, kind: str, rows: int, columns: int) -> npt.NDArray[np.uint8]:
    """Return a matrix as bytes, ``uint8[rows, bytes of a row]``; its weights have a deviation of about 0.02."""
    per_block, layout, scales = _LAYOUTS[kind]
    if columns % per_block:
        raise ValueError(f"{columns} columns are no whole blocks of {per_block}")
    count = rows * columns // per_block
    found = np.frombuffer(bytearray(chance.bytes(count * np.dtype(layout).itemsize)), layout)
    for name, scale in scales.items():
        found[name] = scale
    return found.view(np.uint8).reshape(rows, -1)


_Q4_SCALE: Final = 0.02 / 200
_LAYOUTS: Final = MappingProxyType(
    {
        "q8_0": (32, [("d", "<f2"), ("quants", "i1", 32)], {"d": 0.02 / 74}),
        "q4_k": (
            256,
            [("d", "<f2"), ("least", "<f2"), ("scales", "u1", 12), ("quants", "u1", 128)],
            # Four bits are 7.5 in the middle: the least is taken away as often.
            {"d": _Q4_SCALE, "least": 7.5 * _Q4_SCALE},
        ),
        "q6_k": (256, [("low", "u1", 128), ("high", "u1", 64), ("scales", "i1", 16), ("d", "<f2")], {"d": 0.02 / 1370}),
    }
)


def _write(path: Path, shape: Shape, quantisation: str) -> None:
    from gguf import GGMLQuantizationType, GGUFWriter  # noqa: PLC0415  # a development package

    size = shape.vocabulary
    writer = GGUFWriter(path, "llama")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_key_length(shape.per_head)
    writer.add_value_length(shape.per_head)
    writer.add_rope_dimension_count(shape.per_head)
    writer.add_rope_freq_base(1e6)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(_tokens(size))
    writer.add_token_types([1] * (size - len(SPECIAL)) + [3] * len(SPECIAL))
    writer.add_token_merges(["Ð °"])
    writer.add_bos_token_id(size - 3)
    writer.add_eos_token_id(size - 1)
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    writer.add_vocab_size(size)
    chance = np.random.default_rng(0)

    def add(name: str, kind: str, matrix: npt.NDArray[np.uint8]) -> None:
        writer.add_tensor(f"{name}.weight", matrix, raw_dtype=GGMLQuantizationType[kind.upper()])

    ones = np.ones(shape.width, np.float32)
    writer.add_tensor("output_norm.weight", ones)
    for name in ("token_embd",) if shape.tied else ("token_embd", "output"):
        kind = _kind(quantisation, "output" if shape.tied else name, 0, shape.layers)
        matrix = _blocks(chance, kind, size, shape.width)
        # Nothing that ends an answer is ever the likeliest.
        matrix[-len(SPECIAL) :] = 0
        add(name, kind, matrix)
    made: dict[tuple[str, str], npt.NDArray[np.uint8]] = {}
    for layer in range(shape.layers):
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", ones)
        for name, (outputs, inputs) in _matrices(shape).items():
            kind = _kind(quantisation, name, layer, shape.layers)
            if (name, kind) not in made:
                made[name, kind] = _blocks(chance, kind, outputs, inputs)
            add(f"blk.{layer}.{name}", kind, made[name, kind])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
