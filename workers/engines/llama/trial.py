"""What ``otvet model check`` tells: the model serves, and how long answers will take on this machine."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from support.jobs import Language
from workers.engines.base import EngineRefusedError
from workers.engines.llama.engine import LlamaEngine
from workers.engines.llama.library import LlamaError
from workers.engines.llama.preflight import examine, examine_adapter, needed_bytes

_READ: Final = 400
_WRITE: Final = 32
# A prompt of passages and question, and an answer, in tokens: what an answer of a shop's bot usually takes.
_PROMPT: Final = 900
_ANSWER: Final = 100


def trial(
    path: Path, *, slots: int, gpu_layers: int, adapters: Mapping[Language, Path] = MappingProxyType({})
) -> Iterator[str]:
    """Try the model and its adapters step by step; yield a sentence for each.

    Raises:
        EngineRefusedError: it cannot serve.
    """
    engine = LlamaEngine(path=path, slots=slots, gpu_layers=gpu_layers, adapters=adapters)
    header = examine(path, engine.shape)
    needed = needed_bytes(header, engine.shape.cells)
    yield (
        f"{path.name} is whole: {header.architecture}, {header.size / 1e9:.2f} GB; with {engine.shape.cells:,} tokens "
        f"of conversations it takes about {needed / 1e9:.1f} GB of memory"
    )
    for language, adapter in adapters.items():
        size = examine_adapter(adapter, header).size
        yield f"{adapter.name}, the adapter for {language}, fits it ({size / 1e6:.0f} MB)"
    engine.check()
    try:
        yield f"it wrote its first words in a process of its own and is loaded for {slots} answers at once"
        read_s, write_s = _pace(engine)
    except LlamaError as error:
        raise EngineRefusedError(f"MODEL_PATH={path} cannot be used: {error}") from error
    finally:
        engine.close()
    yield (
        f"it reads {1 / read_s:.0f} and writes {1 / write_s:.1f} tokens a second: about "
        f"{_PROMPT * read_s + _ANSWER * write_s:.0f} s for an answer of {_ANSWER} tokens over {_PROMPT} of passages"
    )


def _pace(engine: LlamaEngine) -> tuple[float, float]:
    """Return the seconds that reading and writing one token take."""
    batcher = engine.batcher
    tokens = batcher.model.tokens("Где мой заказ и когда его привезут? " * _READ)[:_READ]
    with batcher.open([], room=_READ + _WRITE + 1, deadline=time.time() + 600) as sequence:
        began = time.perf_counter()
        sequence.read(tokens)
        read = time.perf_counter()
        written = sequence.write(tokens[:1], budget=_WRITE)
    return (read - began) / len(tokens), (time.perf_counter() - read) / (written.tokens + 1)
