import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from types import ModuleType

import pytest

from tests.workers import tiny_gguf as gguf_writer
from workers.engines.llama.batcher import Batcher
from workers.engines.llama.library import Abilities, Context, LlamaError, Model, NoRoomError, abilities


class SlowContext(Context):
    """Takes its time for every token, as a large model does; ``broken`` and ``full`` make the next batches so.

    ``on_gpu``: it finishes every batch that it has begun.
    """

    pause_s = 0.0
    broken = False
    full = 0

    def decode(self, entries):
        if self.broken:
            raise LlamaError("the device is gone")
        if self.full and any(entry.wanted for entry in entries):
            self.full -= 1
            raise NoRoomError("no free cells")
        end = time.monotonic() + self.pause_s * len(entries)
        while time.monotonic() < end and (self.on_gpu or self._interruption[0] == b"\0"):
            time.sleep(0.002)
        if self.on_gpu:
            self.resume()
        super().decode(entries)


@pytest.fixture(scope="session")
def tiny_gguf() -> ModuleType:
    return gguf_writer


@pytest.fixture(scope="session")
def noise_path(tiny_gguf: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose every word depends on everything before."""
    path = tmp_path_factory.mktemp("gguf") / "noise.gguf"
    tiny_gguf.write_random(path)
    return path


@pytest.fixture(scope="session")
def noise(noise_path: Path) -> Iterator[Model]:
    with closing(Model(noise_path)) as model:
        yield model


@pytest.fixture
def batch(noise: Model) -> Iterator[Callable[..., Batcher]]:
    """Start batchers over the noise model."""
    with ExitStack() as stack:

        def start(
            *,
            cells: int = 2048,
            limit: int = 4,
            prefixes: int = 2,
            pause_s: float = 0.0,
            able: Abilities | None = None,
            on_gpu: bool = False,
        ) -> Batcher:
            context = SlowContext(noise, cells=cells, sequences=limit + prefixes, batch=256, threads=1)
            stack.callback(context.close)
            found = able or abilities(context, noise.tokens("Где мой заказ"))
            context.pause_s, context.on_gpu = pause_s, on_gpu
            batcher = Batcher(noise, context, found, limit=limit)
            stack.callback(batcher.close)
            return batcher

        yield start


@pytest.fixture
def at_once() -> Callable[..., list[object]]:
    """Call functions in threads of their own; an exception is a result as well."""

    def run(*functions: Callable[[], object]) -> list[object]:
        results: list[object] = [None] * len(functions)

        def call(i: int) -> None:
            try:
                results[i] = functions[i]()
            except Exception as error:  # noqa: BLE001  # handed to the test
                results[i] = error

        threads = [threading.Thread(target=call, args=(i,)) for i in range(len(functions))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive(), "somebody waits for ever"
        return results

    return run
