"""How the next token is chosen: the likeliest, or by chance; within a grammar where one is given."""

import ctypes
from dataclasses import dataclass
from typing import Final

import llama_cpp as C  # noqa: N812  # the C API under one letter
import numpy as np
import numpy.typing as npt

from workers.engines.llama.library import LlamaError, Logits, Model

_TOP_K: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Wishes for one answer. ``grammar``: GBNF with the rule ``root``; what it forbids is never written."""

    temperature: float = 0.0
    top_p: float = 0.95
    seed: int = 0
    grammar: str | None = None


class Sampler:
    """Chooses the tokens of one answer."""

    def __init__(self, model: Model, wishes: Sampling) -> None:
        self._chain = _chance(wishes) if wishes.temperature > 0 else None
        self._grammar = None
        if wishes.grammar is not None:
            self._grammar = C.llama_sampler_init_grammar(model.vocab, wishes.grammar.encode(), b"root")
            if not self._grammar:
                self.close()
                raise LlamaError("the grammar cannot be read: it must be GBNF with a rule named root")

    def close(self) -> None:
        """Free what the library keeps."""
        for sampler in (self._chain, self._grammar):
            if sampler:
                C.llama_sampler_free(sampler)
        self._chain = self._grammar = None

    def choose(self, logits: Logits) -> int:
        """Return the next token and remember it."""
        if self._chain is None and self._grammar is None:
            return int(logits.argmax())
        # The grammar is asked about the favourite first: asking it about the whole vocabulary takes milliseconds.
        token = self._pick(logits)
        if self._grammar and not self._allowed(np.array([token], np.int32))[0]:
            allowed = self._allowed(np.arange(len(logits), dtype=np.int32))
            if not allowed.any():
                raise LlamaError("the grammar allows no token of this vocabulary here")
            token = self._pick(np.where(allowed, logits, np.float32(-np.inf)))
        if self._grammar:
            C.llama_sampler_accept(self._grammar, token)
        return token

    def _pick(self, logits: Logits) -> int:
        if self._chain is None:
            return int(logits.argmax())
        candidates = _candidates(np.arange(len(logits), dtype=np.int32), logits)
        array = _array(candidates)
        C.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)

    def _allowed(self, tokens: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        candidates = _candidates(tokens, np.zeros(len(tokens), np.float32))
        C.llama_sampler_apply(self._grammar, ctypes.byref(_array(candidates)))
        allowed: npt.NDArray[np.bool_] = np.isfinite(candidates["logit"])
        return allowed


_CANDIDATE: Final = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


def _candidates(tokens: npt.NDArray[np.int32], logits: Logits) -> npt.NDArray[np.void]:
    found = np.zeros(len(tokens), _CANDIDATE)
    found["id"], found["logit"] = tokens, logits
    return found


def _array(candidates: npt.NDArray[np.void]) -> C.llama_token_data_array:
    data = candidates.ctypes.data_as(ctypes.POINTER(C.llama_token_data))
    return C.llama_token_data_array(data, len(candidates), -1, False)  # ctypes takes no names


def _chance(wishes: Sampling) -> object:
    chain = C.llama_sampler_chain_init(C.llama_sampler_chain_default_params())
    for sampler in (
        C.llama_sampler_init_top_k(_TOP_K),
        C.llama_sampler_init_top_p(wishes.top_p, 1),
        C.llama_sampler_init_temp(wishes.temperature),
        C.llama_sampler_init_dist(wishes.seed),
    ):
        C.llama_sampler_chain_add(chain, sampler)
    return chain
