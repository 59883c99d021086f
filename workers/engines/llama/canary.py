"""Load a model and write a few words: ``python -m workers.engines.llama.canary PATH CELLS GPU_LAYERS [ADAPTER …]``.

Prints one JSON object, ``{"problem": "" | "why it cannot be used"}``. Whoever starts it survives its crash.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from workers.engines.llama.chat import read_chat
from workers.engines.llama.gguf import read_header
from workers.engines.llama.library import Context, Entry, LlamaError, Model, gpu_free_bytes, spare_cores
from workers.engines.llama.preflight import Shape, gpu_problem

_TRIAL: Final = "Где мой заказ? Where is my order? 12345"
_WORDS: Final = 4


def problem(path: Path, shape: Shape, adapters: Sequence[Path] = ()) -> str:
    """Return what is wrong with the model or its adapters, nothing when it writes with each of them."""
    if shape.gpu_layers and (said := gpu_problem(read_header(path), shape, gpu_free_bytes())):
        return said
    try:
        model = Model(path, gpu_layers=shape.gpu_layers)
        read_chat(model)
        context = Context(model, cells=256, sequences=1, batch=128, threads=spare_cores())
        return _first_words(model, context) or _adapted_words(model, context, adapters)
    except LlamaError as error:
        return str(error)


def _adapted_words(model: Model, context: Context, adapters: Sequence[Path]) -> str:
    for adapter in adapters:
        context.remove(0)
        context.adapt(model.adapter(adapter))
        if said := _first_words(model, context):
            return f"with the adapter {adapter} {said}"
    return ""


def _first_words(model: Model, context: Context) -> str:
    tokens = model.tokens(_TRIAL)[:128]
    position = 0
    for _ in range(_WORDS):
        last = len(tokens) - 1
        context.decode([Entry(token, position + i, 0, i == last) for i, token in enumerate(tokens)])
        position += len(tokens)
        logits = context.logits(last)
        if not np.isfinite(logits).all():
            return "it computes nonsense (not a number) on this machine"
        tokens = [int(logits.argmax())]
    return ""


if __name__ == "__main__":
    wanted = Shape(cells=int(sys.argv[2]), gpu_layers=int(sys.argv[3]))
    found = problem(Path(sys.argv[1]), wanted, [Path(adapter) for adapter in sys.argv[4:]])
    sys.stdout.write(json.dumps({"problem": found}) + "\n")
