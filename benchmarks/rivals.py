"""What our batching is compared with: the bare loop, one ``Llama`` a job, and llama.cpp's own server.

As a program it is that server: ``python -m benchmarks.rivals MODEL THREADS PARALLEL`` prints its address and stays.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import httpx

from workers.engines.llama.library import Context, Entry, Model

START_S: Final = 120.0
PATIENCE_S: Final = 600.0
# Tokens of each of the server's slots.
_PLACE: Final = 1536


def all_at_once(jobs: Sequence[Callable[[], object]]) -> float:
    """Run every job in a thread of its own; return the seconds until the last one is done."""
    errors: list[BaseException] = []

    def run(job: Callable[[], object]) -> None:
        try:
            job()
        except Exception as error:  # noqa: BLE001  # raised again below, in the main thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return time.perf_counter() - began


def bare_loop(model: Model, prompts: Sequence[Sequence[int]], *, words: int, threads: int) -> float:
    """Read the prompts and write ``words`` tokens for each with nothing around the library; return the seconds."""
    cells = sum(map(len, prompts)) + len(prompts) * words
    context = Context(model, cells=cells, sequences=len(prompts), batch=512, threads=threads)
    # A GPU loads its programs with the first batch.
    context.decode([Entry(prompts[0][0], 0, 0, True)])
    context.remove(0)
    began = time.perf_counter()
    last = []
    for number, prompt in enumerate(prompts):
        final = len(prompt) - 1
        context.decode([Entry(token, i, number, i == final) for i, token in enumerate(prompt)])
        last.append(int(context.logits(final).argmax()))
    for word in range(words - 1):
        context.decode([Entry(token, len(prompts[n]) + word, n, True) for n, token in enumerate(last)])
        last = [int(context.logits(n).argmax()) for n in range(len(prompts))]
    seconds = time.perf_counter() - began
    context.close()
    return seconds


def one_llama_a_job(
    path: Path, prompts: Sequence[Sequence[int]], *, words: int, threads: int, gpu_layers: int = 0
) -> list[float]:
    """Load a high-level ``Llama`` for every job, as simple programs do; return each job's seconds, one after another.

    All at once they would only fight for the cores: a queue of such jobs is best worked off in turn.
    """
    # What each of them says about its model.
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere):
        return [_one_llama(path, prompt, words=words, threads=threads, gpu_layers=gpu_layers) for prompt in prompts]


def _one_llama(path: Path, prompt: Sequence[int], *, words: int, threads: int, gpu_layers: int) -> float:
    import llama_cpp  # noqa: PLC0415  # an extra

    began = time.perf_counter()
    # Silent, it would point this process's stdout at /dev/null while it loads, and several at once leave it there.
    llama = llama_cpp.Llama(
        str(path),
        n_ctx=len(prompt) + words + 8,
        n_threads=threads,
        n_threads_batch=threads,
        n_gpu_layers=gpu_layers,
        verbose=True,
    )
    written = zip(range(words), llama.generate(list(prompt), temp=0.0), strict=False)
    if len(list(written)) != words:
        raise RuntimeError("the model ended its answer by chance: run again")
    llama.close()
    return time.perf_counter() - began


@contextlib.contextmanager
def server(
    path: Path, *, threads: int, parallel: int, gpu_layers: int = 0, program: str | None = None
) -> Iterator[str]:
    """Start llama.cpp's server in another process and give its address; ``program``: llama-server itself."""
    if program:
        with _program(program, path, threads=threads, parallel=parallel, gpu_layers=gpu_layers) as address:
            yield address
        return
    command = [sys.executable, "-m", "benchmarks.rivals", str(path), str(threads), str(parallel)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:  # noqa: S603  # our own module
        try:
            if process.stdout is None or not (address := process.stdout.readline().strip()).startswith("http"):
                raise RuntimeError("llama.cpp's server did not start")
            yield address
        finally:
            process.kill()


@contextlib.contextmanager
def _program(program: str, path: Path, *, threads: int, parallel: int, gpu_layers: int) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    wishes = {
        "--model": path,
        "--port": port,
        "--parallel": parallel,
        "--ctx-size": parallel * _PLACE,
        "--threads": threads,
        "--threads-batch": threads,
        "--gpu-layers": "all" if gpu_layers < 0 else gpu_layers,
    }
    command = [program, "--no-repack", "--no-warmup", *(str(word) for pair in wishes.items() for word in pair)]
    address, began = f"http://127.0.0.1:{port}", time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603  # named on the command line
        try:
            while not _answers(address):
                if process.poll() is not None or time.monotonic() - began > START_S:
                    raise RuntimeError(f"{program} did not start")
                time.sleep(0.1)
            yield address
        finally:
            process.kill()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health").is_success
    except httpx.HTTPError:
        return False


def ask_server(address: str, prompts: Sequence[Sequence[int]], *, words: int) -> float:
    """Let the server complete the prompts, all at once; return the seconds."""
    wishes = {
        "n_predict": words,
        # The quickest way to the likeliest token: temperature 0 alone sorts nothing out and weighs the vocabulary.
        "samplers": ["top_k"],
        "top_k": 1,
        "cache_prompt": True,
        "ignore_eos": True,
        "response_fields": ["tokens_predicted"],
    }

    def job(client: httpx.Client, request: bytes) -> None:
        answer = client.post("/completion", content=request)
        answer.raise_for_status()
        if answer.json()["tokens_predicted"] != words:
            raise RuntimeError("the server wrote another number of tokens")

    # What a client costs is not the server's fault: made once, connected in advance, the requests written already.
    requests = [json.dumps(wishes | {"prompt": list(prompt)}).encode() for prompt in prompts]
    headers = {"Content-Type": "application/json"}
    with httpx.Client(base_url=address, headers=headers, timeout=PATIENCE_S) as client:
        client.get("/health").raise_for_status()
        return all_at_once([lambda request=request: job(client, request) for request in requests])  # type: ignore[misc]


def _serve(path: str, threads: int, parallel: int) -> None:
    import xllamacpp  # noqa: PLC0415  # a development package

    wishes = xllamacpp.CommonParams()
    wishes.model.path = path
    wishes.port, wishes.n_parallel, wishes.n_ctx = 0, parallel, parallel * _PLACE
    wishes.no_extra_bufts, wishes.warmup = True, False
    wishes.cpuparams.n_threads = wishes.cpuparams_batch.n_threads = threads
    running = xllamacpp.Server(wishes)
    sys.stdout.write(running.listening_address + "\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
