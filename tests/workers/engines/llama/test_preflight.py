import re
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFWriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workers.engines.base import EngineRefusedError
from workers.engines.llama.gguf import GgufError, read_header
from workers.engines.llama.library import LlamaError, gpu_free_bytes
from workers.engines.llama.preflight import Shape, examine, examine_adapter, gpu_problem, needed_bytes, try_in_child

SHAPE = Shape(cells=4096, gpu_layers=0)
PLENTY = 1 << 34


def test_a_sound_model_passes_and_its_memory_is_told_from_its_header(noise_path):
    header = examine(noise_path, SHAPE, available_bytes=PLENTY)

    assert header.architecture == "llama"
    # Two layers, two heads of 16 for keys and for values each, two bytes a number.
    assert header.cell_bytes == 2 * (2 * 16 + 2 * 16) * 2
    assert needed_bytes(header, 1000) - needed_bytes(header, 0) == 1000 * header.cell_bytes
    try_in_child(noise_path, SHAPE)


def test_a_folder_or_nothing_is_no_model(tmp_path):
    for path in (tmp_path, tmp_path / "none.gguf"):
        with pytest.raises(EngineRefusedError, match="is no file"):
            examine(path, SHAPE)


@pytest.mark.parametrize("content", [b"", b"GG", b"PK\x03\x04 a zip file", b"<html>404</html>" * 100])
def test_what_is_no_gguf_is_told(tmp_path, content):
    path = tmp_path / "model.gguf"
    path.write_bytes(content)

    with pytest.raises(EngineRefusedError, match="is not a GGUF file"):
        examine(path, SHAPE)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5])
def test_a_truncated_file_is_told_before_it_is_loaded(tmp_path, noise_path, share):
    whole = noise_path.read_bytes()
    path = tmp_path / "model.gguf"
    path.write_bytes(whole[: max(5, int(len(whole) * share))])

    with pytest.raises(EngineRefusedError, match="is cut off"):
        examine(path, SHAPE, available_bytes=PLENTY)


def test_a_file_whose_last_tensor_is_cut_is_told_by_the_child(tmp_path, noise_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(noise_path.read_bytes()[:-100])

    with pytest.raises(EngineRefusedError, match="cannot be used"):
        try_in_child(path, SHAPE)


def test_an_unknown_architecture_is_named(tmp_path):
    path = tmp_path / "model.gguf"
    writer = GGUFWriter(path, "abacus")
    writer.add_block_count(1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    examine(path, SHAPE, available_bytes=PLENTY)

    with pytest.raises(EngineRefusedError, match="abacus"):
        try_in_child(path, SHAPE)


def test_a_gguf_without_layers_is_no_language_model(tmp_path):
    path = tmp_path / "adapter.gguf"
    writer = GGUFWriter(path, "llama")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()

    with pytest.raises(EngineRefusedError, match="no language model"):
        examine(path, SHAPE)


def test_too_little_memory_is_said_with_numbers_before_loading(noise_path):
    with pytest.raises(EngineRefusedError, match=r"needs about 1\.3 GiB .* for 4,000,000 tokens .* and 1\.0 are free"):
        examine(noise_path, Shape(cells=4_000_000, gpu_layers=0), available_bytes=1 << 30)


def test_layers_on_a_gpu_ask_for_its_memory_and_not_for_ours(noise_path):
    header = examine(noise_path, Shape(cells=4_000_000, gpu_layers=-1), available_bytes=1)

    all_of_it, one_layer = (gpu_problem(header, Shape(cells=4_000_000, gpu_layers=n), 1 << 30) for n in (-1, 1))
    assert re.search(
        r"needs about 1\.3 GiB of the GPU's memory .* for 4,000,000 tokens .* and 1\.0 are free", all_of_it
    )
    assert one_layer == ""


def test_a_wish_for_a_gpu_that_llama_cpp_cannot_use_is_a_sentence(noise_path):
    if gpu_free_bytes():
        pytest.skip("this machine has a GPU that llama.cpp can use")

    with pytest.raises(EngineRefusedError, match=r"llama\.cpp finds no GPU.* as the Makefile says"):
        try_in_child(noise_path, Shape(cells=4096, gpu_layers=-1))


def write_adapter(path, *, architecture="llama", kind="lora", **matrices):
    """Write an adapter of zeros; ``matrices``: sizes of A and B as numpy has them, by the tensor that they change."""
    writer = GGUFWriter(path, architecture)
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", kind)
    writer.add_float32("adapter.lora.alpha", 4.0)
    for name, (low, high) in matrices.items():
        writer.add_tensor(f"{name}.lora_a", np.zeros(low, np.float32))
        writer.add_tensor(f"{name}.lora_b", np.zeros(high, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize(
    ("tensor", "low", "high"),
    [
        ("blk.0.attn_q.weight", (4, 64), (64, 4)),
        ("blk.0.attn_q.weight", (4, 128), (128, 4)),
        ("blk.0.attn_q.weight", (4, 64), (64, 8)),
        ("blk.0.attn_k.weight", (4, 64), (32, 4)),
        ("blk.0.attn_k.weight", (4, 64), (64, 4)),
        ("blk.9.attn_q.weight", (4, 64), (64, 4)),
        ("token_embd.weight", "flipped", "flipped"),
        ("token_embd.weight", "straight", "straight"),
    ],
)
def test_an_adapter_passes_if_and_only_if_llama_cpp_takes_it(noise, noise_path, tmp_path, tensor, low, high):
    path = tmp_path / "adapter.gguf"
    sizes = {"flipped": ((noise.vocabulary, 4), (64, 4)), "straight": ((4, 64), (noise.vocabulary, 4))}
    write_adapter(path, **{tensor: sizes.get(low, (low, high))})
    try:
        noise.adapter(path)
    except LlamaError:
        with pytest.raises(EngineRefusedError, match=f"has no {tensor} of its size"):
            examine_adapter(path, read_header(noise_path))
    else:
        examine_adapter(path, read_header(noise_path))


def test_a_file_that_is_no_lora_for_this_model_is_told_why(noise_path, tmp_path):
    model = read_header(noise_path)
    cut, foreign, other = (tmp_path / f"{name}.gguf" for name in ("cut", "foreign", "other"))
    write_adapter(cut, **{"blk.0.attn_q.weight": ((4, 64), (64, 4))})
    cut.write_bytes(cut.read_bytes()[:200])
    write_adapter(foreign, architecture="qwen3")
    write_adapter(other, kind="control_vector")

    for path, sentence in {
        tmp_path / "none.gguf": "LLM_ADAPTERS: .* is no file",
        tmp_path: "is no file",
        noise_path: r"is no LoRA adapter: its header says a model\. Make one",
        other: "is no LoRA adapter",
        cut: "is cut off or damaged",
        foreign: "was made for qwen3, and the model at MODEL_PATH is llama",
    }.items():
        with pytest.raises(EngineRefusedError, match=sentence):
            examine_adapter(path, model)


def child(code):
    return (sys.executable, "-c", code)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import os; os.kill(os.getpid(), 11)", r"crashes llama\.cpp on this machine \(signal 11\)"),
        ("print('hello')", "could not be tried"),
        ("import sys; sys.exit('the library is gone')", "the library is gone"),
        ("print('noise'); print('{\"problem\": \"too sad\"}')", "cannot be used: too sad"),
    ],
)
def test_a_child_that_crashes_or_complains_is_a_sentence(code, sentence):
    with pytest.raises(EngineRefusedError, match=sentence):
        try_in_child(Path("model.gguf"), SHAPE, command=child(code))


def test_a_child_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr("workers.engines.llama.preflight._CHILD_TIMEOUT_S", 0.5)
    started = time.monotonic()

    with pytest.raises(EngineRefusedError, match="wrote no word within"):
        try_in_child(Path("model.gguf"), SHAPE, command=child("import time; time.sleep(60)"))
    assert time.monotonic() - started < 10


@given(data=st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_header_is_an_error_and_nothing_worse(data, noise_path, tmp_path):
    damaged = bytearray(noise_path.read_bytes()[:20_000])
    for _ in range(data.draw(st.integers(1, 8))):
        # Bytes 8 to 15 say how many tensors there are: with fewer of them the header is that of a shorter file.
        place = data.draw(st.one_of(st.integers(0, 7), st.integers(16, 3000)))
        damaged[place] = data.draw(st.integers(0, 255))
    path = tmp_path / "model.gguf"
    path.write_bytes(damaged)

    with pytest.raises(GgufError):
        read_header(path)
