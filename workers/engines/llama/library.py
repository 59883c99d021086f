"""llama.cpp's C API as two typed objects: a model with its vocabulary, and a context that reads tokens.

https://github.com/ggml-org/llama.cpp/blob/master/include/llama.h, through llama-cpp-python's ctypes.
"""

import ctypes
import os
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import llama_cpp as C  # noqa: N812  # the C API under one letter
import numpy as np
import numpy.typing as npt
import structlog
from llama_cpp._ggml import libggml

Logits = npt.NDArray[np.float32]

MICRO_BATCH: Final = 512
# From almost lossless to half the size; what llama.cpp calls them.
QUANTISATIONS: Final = ("q8_0", "q6_k", "q5_k_m", "q4_k_m", "q4_0")
_PIECE_BYTES: Final = 64
# ggml.h, enum ggml_log_level.
_DEBUG_LEVEL: Final = 1
_ERROR_LEVEL: Final = 4
_CONTINUED: Final = 5
_NO_ROOM: Final = 1
_ABORTED: Final = 2
_FLASH_AUTO, _FLASH_OFF = -1, 0
_SAME: Final = 0.2
# ggml-backend.h, enum ggml_backend_dev_type.
_GPU: Final = 1
libggml.ggml_backend_dev_count.restype = ctypes.c_size_t
libggml.ggml_backend_dev_get.restype = ctypes.c_void_p

_log = structlog.get_logger()


class LlamaError(Exception):
    """llama.cpp refuses or fails; the message is a sentence."""


class NoRoomError(LlamaError):
    """No free cells for the batch; nothing of it was read."""


class InterruptedBatchError(LlamaError):
    """The batch was given up on request; parts of it may have been read."""


class Entry(NamedTuple):
    """One token of a batch."""

    token: int
    position: int
    sequence: int
    wanted: bool
    """Whether the logits after it are needed."""


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """A LoRA that changes a model's weights while it is in use (Hu et al. 2021); freed with its model."""

    handle: Any


class _Log:
    """Passes the library's lines to structlog and remembers its last errors."""

    def __init__(self) -> None:
        self.errors: deque[str] = deque(maxlen=4)
        self._level = 0
        # Kept for ever: the library calls it whenever it likes.
        self.callback = C.llama_log_callback(self._take)

    def _take(self, level: int, text: bytes, _: object) -> None:
        self._level = self._level if level == _CONTINUED else level
        line = text.decode(errors="replace").strip()
        if self._level == _ERROR_LEVEL:
            self.errors.append(line)
        if self._level > _DEBUG_LEVEL and line.strip("."):
            _log.debug("llama.cpp", line=line)


_library_log: Final = _Log()


def _begin() -> None:
    C.llama_log_set(_library_log.callback, ctypes.c_void_p(0))
    C.llama_backend_init()


def last_errors() -> str:
    """What the library said was wrong, for a person to read."""
    return "; ".join(_library_log.errors)


def spare_cores() -> int:
    """How many threads to compute with: as many as cores, and the slowest core sets the pace of all."""
    return max(1, len(os.sched_getaffinity(0)) - 1)


def quantise(source: Path, target: Path, name: str) -> None:
    """Write a smaller copy of a model; ``name`` is one of QUANTISATIONS.

    Raises:
        LlamaError: the source cannot be read or the target not be written.
    """
    _begin()
    _library_log.errors.clear()
    wishes = C.llama_model_quantize_default_params()
    wishes.ftype = getattr(C, f"LLAMA_FTYPE_MOSTLY_{name.upper()}")
    wishes.nthread = spare_cores()
    if C.llama_model_quantize(os.fsencode(source), os.fsencode(target), ctypes.byref(wishes)):
        raise LlamaError(f"{source} could not be quantised: {last_errors() or 'llama.cpp does not say why'}")


def gpu_free_bytes() -> int:
    """Return how much memory is free on the GPUs that the library can use, 0 when there is none."""
    _begin()
    found = 0
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    for i in range(libggml.ggml_backend_dev_count()):
        device = ctypes.c_void_p(libggml.ggml_backend_dev_get(ctypes.c_size_t(i)))
        if libggml.ggml_backend_dev_type(device) == _GPU:
            libggml.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
            found += free.value
    return found


class Model:
    """Weights and vocabulary. ``gpu_layers``: how many layers lie on the GPU, negative for all."""

    def __init__(self, path: Path, *, gpu_layers: int = 0) -> None:
        _begin()
        _library_log.errors.clear()
        wishes = C.llama_model_default_params()
        wishes.n_gpu_layers = gpu_layers
        # Repacked weights crash on processors with AMX, and they cost a second copy in memory.
        wishes.use_extra_bufts = False
        self.on_gpu = gpu_layers != 0 and bool(C.llama_supports_gpu_offload())
        self.handle = C.llama_model_load_from_file(os.fsencode(path), wishes)
        if not self.handle:
            raise LlamaError(f"{path} cannot be loaded: {last_errors() or 'llama.cpp does not say why'}")
        self.vocab = C.llama_model_get_vocab(self.handle)
        self.vocabulary = int(C.llama_vocab_n_tokens(self.vocab))
        self.longest_context = int(C.llama_model_n_ctx_train(self.handle))
        template = C.llama_model_chat_template(self.handle, None)
        self.chat_template: str | None = template.decode(errors="replace") if template else None
        self.begin = self._token(C.llama_vocab_bos) if C.llama_vocab_get_add_bos(self.vocab) else None

    def adapter(self, path: Path) -> Adapter:
        """Load a LoRA for this model.

        Raises:
            LlamaError: it cannot be read or does not fit.
        """
        _library_log.errors.clear()
        handle = C.llama_adapter_lora_init(self.handle, os.fsencode(path))
        if not handle:
            raise LlamaError(f"the adapter {path} does not fit it: {last_errors() or 'llama.cpp does not say why'}")
        return Adapter(handle)

    def close(self) -> None:
        """Free the weights; contexts must be closed before."""
        if self.handle:
            C.llama_model_free(self.handle)
            self.handle = None

    def tokens(self, text: str, *, special: bool = False) -> list[int]:
        """Return the text's tokens; control tokens are only recognised when ``special``, never in people's words."""
        encoded = text.encode()
        size = len(encoded) + 8
        buffer = (C.llama_token * size)()
        count = C.llama_tokenize(self.vocab, encoded, len(encoded), buffer, size, False, special)
        if count < 0:
            raise LlamaError(f"{len(encoded)} bytes of text make more tokens than bytes")
        return list(buffer[:count])

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """Return a token's bytes, which may be half a character; control tokens are empty unless ``special``."""
        size = _PIECE_BYTES
        while True:
            buffer = ctypes.create_string_buffer(size)
            count = int(C.llama_token_to_piece(self.vocab, token, buffer, size, 0, special))
            if count >= 0:
                return buffer.raw[:count]
            size = -count

    def ends(self, token: int) -> bool:
        """Whether the model says with it that it is done."""
        return bool(C.llama_vocab_is_eog(self.vocab, token))

    def written(self, which: str) -> str:
        """Return how the token of the ``beginning`` or of the ``end`` is written, which chat templates ask for."""
        token = self._token(C.llama_vocab_bos if which == "beginning" else C.llama_vocab_eos)
        return "" if token is None else self.piece(token, special=True).decode(errors="replace")

    def _token(self, ask: Any) -> int | None:  # noqa: ANN401  # a function of an untyped library
        token = int(ask(self.vocab))
        return token if token >= 0 else None


class _Batch:
    """llama.cpp's batch over arrays of ours: on a GPU a step takes no longer than Python takes to fill it by hand."""

    def __init__(self, size: int) -> None:
        self._tokens, self._positions, self._sequences = (np.zeros(size, np.int32) for _ in range(3))
        self._wanted = np.zeros(size, np.int8)
        self._one_each = np.ones(size, np.int32)
        # Every entry belongs to one sequence, whose number it points to.
        self._owners = self._sequences.ctypes.data + self._sequences.itemsize * np.arange(size, dtype=np.uintp)
        self.handle = C.llama_batch(
            token=_pointer(self._tokens, C.llama_token),
            pos=_pointer(self._positions, C.llama_pos),
            n_seq_id=_pointer(self._one_each, ctypes.c_int32),
            seq_id=_pointer(self._owners, ctypes.POINTER(C.llama_seq_id)),
            logits=_pointer(self._wanted, ctypes.c_int8),
        )

    def fill(self, entries: Sequence[Entry]) -> None:
        """Take the entries' places."""
        count = self.handle.n_tokens = len(entries)
        columns: tuple[npt.NDArray[Any], ...] = (self._tokens, self._positions, self._sequences, self._wanted)
        for column, values in zip(columns, zip(*entries, strict=True), strict=True):
            column[:count] = values


def _pointer(array: npt.NDArray[Any], kind: Any) -> Any:  # noqa: ANN401  # an untyped library's
    return array.ctypes.data_as(ctypes.POINTER(kind))


class Context:
    """Reads tokens of several sequences at once and keeps what it has read in cells. Not thread-safe.

    ``cells`` bound the tokens of all sequences together; cells of a copied sequence are shared.
    """

    def __init__(self, model: Model, *, cells: int, sequences: int, batch: int, threads: int) -> None:
        self.cells, self.sequences, self.batch_size = cells, sequences, batch
        self.on_gpu = model.on_gpu
        self._row = ctypes.POINTER(ctypes.c_float * model.vocabulary)
        # strlen of "" is 0 and of "x" is 1: a C function as the callback, because one in Python would wait for the
        # interpreter's lock hundreds of times a batch.
        self._interruption = ctypes.create_string_buffer(2)
        self._should_stop = ctypes.cast(ctypes.CDLL(None).strlen, C.ggml_abort_callback)
        self._handle = C.llama_init_from_model(model.handle, self._wishes(threads, on_gpu=model.on_gpu))
        if not self._handle:
            raise LlamaError(f"no context of {cells} tokens can be made: {last_errors() or 'too little memory'}")
        self.handle = self._handle
        self._memory = C.llama_get_memory(self._handle)
        self._adapter: Adapter | None = None
        self._batch = _Batch(batch)

    def close(self) -> None:
        """Free the cells."""
        if self._handle:
            C.llama_free(self._handle)
            self._handle = self.handle = None

    def _wishes(self, threads: int, *, on_gpu: bool) -> C.llama_context_params:
        wishes = C.llama_context_default_params()
        wishes.n_ctx = self.cells
        wishes.n_batch = self.batch_size
        wishes.n_ubatch = min(self.batch_size, MICRO_BATCH)
        wishes.n_seq_max = wishes.n_outputs_max = self.sequences
        wishes.n_threads = wishes.n_threads_batch = threads
        wishes.flash_attn_type = _FLASH_AUTO if on_gpu else _FLASH_OFF
        wishes.kv_unified = True
        wishes.no_perf = True
        wishes.abort_callback = self._should_stop
        wishes.abort_callback_data = ctypes.cast(self._interruption, ctypes.c_void_p)
        return wishes

    def adapt(self, adapter: Adapter | None) -> None:
        """Let everything that is read from now on be read with an adapter, or without one."""
        if adapter is self._adapter:
            return
        handles = (C.llama_adapter_lora_p_ctypes * 1)(adapter.handle if adapter else None)
        if C.llama_set_adapters_lora(self._handle, handles, 1 if adapter else 0, (ctypes.c_float * 1)(1.0)):
            raise LlamaError(f"llama.cpp does not take the adapter: {last_errors()}")
        self._adapter = adapter

    def decode(self, entries: Sequence[Entry]) -> None:
        """Read one batch, at most ``batch_size`` tokens.

        Raises:
            NoRoomError: nothing was read.
            InterruptedBatchError: ``interrupt`` was called meanwhile.
            LlamaError: anything else; what the sequences hold is unknown then.
        """
        self._batch.fill(entries)
        status = C.llama_decode(self._handle, self._batch.handle)
        if status == _NO_ROOM:
            raise NoRoomError(f"no free cells for {len(entries)} tokens")
        if status == _ABORTED:
            raise InterruptedBatchError("the batch was given up")
        if status:
            raise LlamaError(f"llama.cpp could not read {len(entries)} tokens (status {status}): {last_errors()}")
        # A GPU has only been told what to do: without waiting, the next batches would queue behind it unseen.
        C.llama_synchronize(self._handle)

    def interrupt(self) -> None:
        """Make the batch that is being read, or the next one, end at once. From any thread.

        A GPU finishes what it has been told to do: the batch before it, or a batch's micro-batch.
        """
        self._interruption[0] = b"x"

    def resume(self) -> None:
        """Take ``interrupt`` back."""
        self._interruption[0] = b"\0"

    def logits(self, i: int) -> Logits:
        """Return ``float32[vocabulary]`` after entry ``i`` of the last batch: a view that the next batch overwrites."""
        row: Any = ctypes.cast(C.llama_get_logits_ith(self._handle, i), self._row)
        return np.frombuffer(row.contents, np.float32)

    def copy(self, source: int, target: int) -> None:
        """Let ``target``, which is empty, hold what ``source`` holds, in the same cells."""
        C.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    def remove(self, sequence: int, start: int = 0) -> bool:
        """Forget a sequence from position ``start`` on; False when this model's memory cannot forget a part."""
        if start == 0:
            return bool(C.llama_memory_seq_rm(self._memory, sequence, -1, -1))
        return bool(C.llama_memory_seq_rm(self._memory, sequence, start, -1))


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a model's memory can do; a recurrent one has a single state that cannot be taken back."""

    copies: bool
    rewinds: bool


def abilities(context: Context, tokens: Sequence[int]) -> Abilities:
    """Try it: read ``tokens`` (three at least), copy them, go on on both sides, take the last one back.

    Cells in other places give slightly different sums, on a GPU more than slightly: what counts is whether the
    logits are nearer to the right ones than to those of a sequence that has read nothing before.
    """
    head, last = list(tokens[:-1]), tokens[-1]

    def read(sequence: int, some: Sequence[int], position: int) -> Logits:
        entries = [Entry(t, position + i, sequence, i == len(some) - 1) for i, t in enumerate(some)]
        context.decode(entries)
        return context.logits(len(entries) - 1).copy()

    strange = read(0, [last], len(head))
    context.remove(0)
    read(0, head, 0)
    context.copy(0, 1)
    expected = read(0, [last], len(head))
    # How far off it may be: a fraction of what is left when everything before the last token is forgotten.
    allowed = _SAME * float(np.linalg.norm(strange - expected))

    def right(found: Logits) -> bool:
        return float(np.linalg.norm(found - expected)) <= allowed

    try:
        copies = right(read(1, [last], len(head)))
        rewinds = context.remove(0, len(head)) and right(read(0, [last], len(head)))
    except LlamaError:
        copies = rewinds = False
    context.remove(0)
    context.remove(1)
    return Abilities(copies=copies, rewinds=rewinds)
