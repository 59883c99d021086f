"""Models of real sizes with weights of chance: as slow as trained ones, and as clever as a coin.

Shapes of Qwen2.5-0.5B and -1.5B. One layer's weights serve for all layers, which costs the processor the same.
"""

import os
from dataclasses import dataclass
from pathlib import Path
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

    @property
    def narrow(self) -> int:
        """Width of keys and values."""
        return self.width // self.heads * self.kv_heads


HALF: Final = Shape("0.5b", 896, 24, 14, 2, 4864)
ONE_AND_A_HALF: Final = Shape("1.5b", 1536, 28, 12, 2, 8960)
TINY: Final = Shape("tiny", 64, 2, 4, 2, 128, vocabulary=1024, context=4096)


def model(shape: Shape, quantisation: str) -> Path:
    """Return the path of a model, which is made if need be: about a gigabyte in the user's cache folder."""
    folder = _folder()
    path = folder / f"chance-{shape.name}-{quantisation}.gguf"
    if not path.exists():
        plain = folder / f"chance-{shape.name}-f16.gguf"
        _write(plain, shape)
        _quantise(plain, path.with_suffix(".part"), quantisation)
        path.with_suffix(".part").rename(path)
        plain.unlink()
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
        "attn_q": (shape.width, shape.width),
        "attn_k": (shape.narrow, shape.width),
        "attn_v": (shape.narrow, shape.width),
        "attn_output": (shape.width, shape.width),
        "ffn_gate": (shape.inner, shape.width),
        "ffn_up": (shape.inner, shape.width),
        "ffn_down": (shape.width, shape.inner),
    }


def _quantise(source: Path, target: Path, quantisation: str) -> None:
    from workers.engines.llama.library import quantise  # noqa: PLC0415  # an extra

    quantise(source, target, quantisation)


def _tokens(size: int) -> list[str]:
    """Bytes as GPT-2 writes them, fillers that no text contains, control tokens at the end."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    bytes_ = [chr(b) for b in shown] + [chr(256 + n) for n in range(256 - len(shown))]
    fillers = [f"¤{n}" for n in range(size - len(bytes_) - len(SPECIAL))]
    return [*bytes_, *fillers, *SPECIAL]


def _write(path: Path, shape: Shape) -> None:
    from gguf import GGUFWriter  # noqa: PLC0415  # a development package

    size = shape.vocabulary
    writer = GGUFWriter(path, "llama")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_dimension_count(shape.width // shape.heads)
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
    writer.add_file_type(1)
    chance = np.random.default_rng(0)

    def weights(*sizes: int) -> npt.NDArray[np.float16]:
        return (chance.standard_normal(sizes, np.float32) * 0.02).astype(np.float16)

    ones = np.ones(shape.width, np.float32)
    writer.add_tensor("token_embd.weight", weights(size, shape.width))
    writer.add_tensor("output_norm.weight", ones)
    matrices = {name: weights(*size) for name, size in _matrices(shape).items()}
    for layer in range(shape.layers):
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", ones)
        for name, matrix in matrices.items():
            writer.add_tensor(f"blk.{layer}.{name}.weight", matrix)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
