"""Before a model serves: is the file whole, does it fit into memory, does it survive a first word in a child?"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from support.settings import PACKAGE_ROOT
from workers.engines.base import EngineRefusedError
from workers.engines.llama.gguf import GgufError, Header, read_header

_GIB: Final = 1 << 30
# What a LoRA adds to a weight is the product of these two (llama.cpp, src/llama-adapter.cpp).
_LOW, _HIGH = ".lora_a", ".lora_b"
_EMBEDDING: Final = "token_embd.weight"
_MATRIX: Final = 2
# Work buffers of a batch of 512 tokens over a vocabulary of 150,000, and Python.
WORKSPACE_BYTES: Final = 400 << 20
_CHILD_TIMEOUT_S: Final = 300.0
# Weights are read from disk at this pace at least.
_SLOWEST_BYTES_S: Final = 20 << 20
_CGROUP_LIMITS: Final = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_CGROUP_USED: Final = (Path("/sys/fs/cgroup/memory.current"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"))


@dataclass(frozen=True, slots=True)
class Shape:
    """How a model is to be loaded."""

    cells: int
    """Tokens of all conversations together."""
    gpu_layers: int


def examine(path: Path, shape: Shape, *, available_bytes: int | None = None) -> Header:
    """Refuse a file that cannot work; ``available_bytes`` of memory are measured unless given.

    Raises:
        EngineRefusedError: the sentence says what is wrong and what to do.
    """
    if not path.is_file():
        raise EngineRefusedError(f"MODEL_PATH={path} is no file: set it to a GGUF model (otvet model pull gets one)")
    try:
        header = read_header(path)
    except GgufError as error:
        raise EngineRefusedError(f"MODEL_PATH={path} {error}: get the file again") from error
    except OSError as error:
        raise EngineRefusedError(f"MODEL_PATH={path} cannot be read: {error.strerror}") from error
    if not header.architecture or not header.number("block_count"):
        raise EngineRefusedError(f"MODEL_PATH={path} holds no language model: its header names no layers")
    # Layers on a GPU take the GPU's memory, which the child looks at: no driver may crash this process.
    if shape.gpu_layers == 0:
        _check_memory(path, header, shape, _available_bytes() if available_bytes is None else available_bytes)
    return header


def examine_adapter(path: Path, model: Header) -> Header:
    """Refuse a file that is no LoRA for ``model``; llama.cpp asks the same of its tensors when it loads one.

    Raises:
        EngineRefusedError: the sentence says what is wrong and what to do.
    """
    if not path.is_file():
        raise EngineRefusedError(f"LLM_ADAPTERS: {path} is no file: name the GGUF of a LoRA adapter")
    try:
        header = read_header(path)
    except GgufError as error:
        raise EngineRefusedError(f"LLM_ADAPTERS: {path} {error}: get the file again") from error
    except OSError as error:
        raise EngineRefusedError(f"LLM_ADAPTERS: {path} cannot be read: {error.strerror}") from error
    kind = header.values.get("general.type") or "a model", header.values.get("adapter.type")
    if kind != ("adapter", "lora"):
        raise EngineRefusedError(
            f"LLM_ADAPTERS: {path} is no LoRA adapter: its header says {kind[0]}. "
            "Make one with llama.cpp's convert_lora_to_gguf.py"
        )
    if header.architecture != model.architecture:
        raise EngineRefusedError(
            f"LLM_ADAPTERS: {path} was made for {header.architecture or 'an unknown architecture'}, and the model at "
            f"MODEL_PATH is {model.architecture}: use the adapter with the model that it was trained on"
        )
    if wrong := next((name for name in _changed(header) if not _fits(name, header, model)), None):
        raise EngineRefusedError(
            f"LLM_ADAPTERS: {path} does not fit the model at MODEL_PATH, which has no {wrong} of its size: "
            "use the adapter with the model that it was trained on"
        )
    return header


def _changed(adapter: Header) -> list[str]:
    """Return the tensors of a model that an adapter changes."""
    return [name.removesuffix(_LOW) for name in adapter.tensors if name.endswith(_LOW)]


def _fits(name: str, adapter: Header, model: Header) -> bool:
    """Whether B·A has the size of what it is added to; the embedding's are stored the other way round."""
    found = adapter.tensors[name + _LOW], adapter.tensors.get(name + _HIGH, ()), model.tensors.get(name, ())
    if min(map(len, found)) < _MATRIX:
        return False
    low, high, changed = found
    if name == _EMBEDDING:
        return (high[1], low[1]) == changed[:2]
    return (low[0], high[1]) == changed[:2] and low[1] == high[0]


def needed_bytes(header: Header, cells: int) -> int:
    """Estimate the memory of weights, cells and work buffers."""
    return header.size + cells * header.cell_bytes + WORKSPACE_BYTES


def _check_memory(path: Path, header: Header, shape: Shape, available: int) -> None:
    needed, cells = needed_bytes(header, shape.cells), shape.cells * header.cell_bytes
    if needed > available:
        raise EngineRefusedError(
            f"MODEL_PATH={path} needs about {needed / _GIB:.1f} GiB of memory ({header.size / _GIB:.1f} for weights, "
            f"{cells / _GIB:.1f} for {shape.cells:,} tokens of conversations), and {available / _GIB:.1f} are free: "
            "set fewer SLOTS or take a smaller or more strongly quantised model"
        )


def gpu_problem(header: Header, shape: Shape, free: int) -> str:
    """Return why ``shape.gpu_layers`` cannot lie on GPUs with ``free`` bytes; nothing when they can."""
    if not free:
        return (
            "N_GPU_LAYERS is set, and llama.cpp finds no GPU: see whether nvidia-smi shows one, and build "
            "llama-cpp-python for it as the Makefile says"
        )
    layers = header.number("block_count")
    share = 1.0 if shape.gpu_layers < 0 else min(1.0, shape.gpu_layers / layers)
    weights, cells = share * header.size, share * shape.cells * header.cell_bytes
    needed = weights + cells + WORKSPACE_BYTES
    if needed <= free:
        return ""
    return (
        f"it needs about {needed / _GIB:.1f} GiB of the GPU's memory ({weights / _GIB:.1f} for weights, "
        f"{cells / _GIB:.1f} for {shape.cells:,} tokens of conversations), and {free / _GIB:.1f} are free: "
        "set fewer SLOTS or fewer N_GPU_LAYERS, or take a smaller or more strongly quantised model"
    )


def _available_bytes() -> int:
    found = [_meminfo_available()]
    for limit, used in zip(_CGROUP_LIMITS, _CGROUP_USED, strict=True):
        try:
            found.append(int(limit.read_text()) - int(used.read_text()))
        except (OSError, ValueError):  # no such controller, or «max»
            continue
    return min(found)


def _meminfo_available() -> int:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:  # not Linux: llama.cpp will tell
        return 1 << 62
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")), 1 << 62)


def try_in_child(
    path: Path, shape: Shape, *, adapters: Sequence[Path] = (), command: Sequence[str] | None = None
) -> None:
    """Load the model and write a few words, alone and with each adapter, in another process that may crash.

    Raises:
        EngineRefusedError: it crashed, hung or said why it cannot work.
    """
    canary = (sys.executable, "-m", "workers.engines.llama.canary", path, shape.cells, shape.gpu_layers)
    program = tuple(map(str, (*(command or canary), *adapters)))
    timeout_s = _CHILD_TIMEOUT_S + (path.stat().st_size / _SLOWEST_BYTES_S if path.exists() else 0)
    paths = (str(PACKAGE_ROOT), os.environ.get("PYTHONPATH", ""))
    try:
        child = subprocess.run(  # noqa: S603  # our own module
            program,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in paths if path)},
        )
    except subprocess.TimeoutExpired as error:
        raise EngineRefusedError(f"MODEL_PATH={path} wrote no word within {timeout_s:.0f} s") from error
    if child.returncode < 0:
        raise EngineRefusedError(
            f"MODEL_PATH={path} crashes llama.cpp on this machine (signal {-child.returncode}): "
            "try another quantisation, or a llama-cpp-python built with the flags in the Makefile"
        )
    lines = child.stdout.strip().splitlines()
    try:
        problem = json.loads(lines[-1])["problem"]
    except (IndexError, ValueError, KeyError, TypeError) as error:
        last = (child.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise EngineRefusedError(f"MODEL_PATH={path} could not be tried: {last}") from error
    if problem:
        raise EngineRefusedError(f"MODEL_PATH={path} cannot be used: {problem}")
