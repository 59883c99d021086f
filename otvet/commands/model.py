"""``otvet model``: the language model in the worker."""

# ruff: noqa: PLC0415  # what a command needs is imported when it runs, so that --help is fast

from pathlib import Path

import click

from otvet.errors import CommandError

# llama.cpp's names; workers.engines.llama.library has the same list, and a test holds both together.
QUANTISATIONS = ("q8_0", "q6_k", "q5_k_m", "q4_k_m", "q4_0")


@click.group("model")
def model_group() -> None:
    """Fetch, try and shrink language models for ENGINE=llama_cpp."""


@model_group.command()
@click.argument("path", type=click.Path(path_type=Path), required=False)
def check(path: Path | None) -> None:
    """Try a GGUF model (MODEL_PATH unless given) and LLM_ADAPTERS: are they whole, do they fit, how fast is it."""
    from otvet.composition import load_settings
    from workers.engines.base import EngineError

    settings = load_settings(quiet=True)
    path = path or settings.model_path
    if path is None:
        raise CommandError("Name a model: otvet model check FILE.gguf, or set MODEL_PATH.")
    try:
        from workers.engines import slots
        from workers.engines.llama.trial import trial
    except ModuleNotFoundError as error:
        raise CommandError(f"The package {error.name} is missing: run make llama.") from error
    # For a server they are names, not files.
    named = {} if settings.engine == "openai" else settings.llm_adapters
    adapters = {language: Path(adapter) for language, adapter in named.items()}
    settings = settings.model_copy(update={"engine": "llama_cpp", "model_path": path})
    try:
        wishes = {"slots": slots(settings), "gpu_layers": settings.n_gpu_layers}
        for sentence in trial(path, adapters=adapters, **wishes):
            click.echo(f"✓ {sentence}")
    except EngineError as error:
        raise CommandError(f"{error}.") from error


@model_group.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--to", "name", type=click.Choice(QUANTISATIONS), default="q4_k_m", show_default=True)
def quantize(source: Path, target: Path, name: str) -> None:
    """Write a smaller copy of a GGUF model of 16 bits."""
    if not source.is_file():
        raise CommandError(f"{source} is no file.")
    if target.exists():
        raise CommandError(f"{target} exists already.")
    try:
        from workers.engines.llama.library import LlamaError, quantise
    except ModuleNotFoundError as error:
        raise CommandError(f"The package {error.name} is missing: run make llama.") from error
    partial = target.with_name(f"{target.name}.part")
    try:
        quantise(source, partial, name)
    except LlamaError as error:
        partial.unlink(missing_ok=True)
        raise CommandError(f"{error}.") from error
    partial.replace(target)
    click.echo(f"✓ {target}: {target.stat().st_size / 1e9:.2f} GB of {source.stat().st_size / 1e9:.2f} GB")


@model_group.command()
@click.argument("repository", metavar="OWNER/NAME")
@click.argument("file", metavar="FILE.gguf")
@click.option("--revision", help="A commit or branch; without it the recorded one, at first the newest.")
@click.option("--into", "folder", type=click.Path(path_type=Path), help="DATA_DIR/models unless given.")
def pull(repository: str, file: str, revision: str | None, folder: Path | None) -> None:
    """Fetch a model from the Hub (or a mirror in HF_ENDPOINT); its revision and hash are recorded and checked."""
    from otvet.composition import load_settings
    from otvet.model_files import pull as fetch

    folder = folder or load_settings(quiet=True).data_dir / "models"
    shown = -1

    def progress(here: int, of_all: int) -> None:
        nonlocal shown
        percent = 100 * here // of_all if of_all else 0
        if percent // 10 != shown:
            shown = percent // 10
            click.echo(f"· {here / 1e9:.2f} GB" + (f" of {of_all / 1e9:.2f} GB" if of_all else ""))

    path, record = fetch(repository, file, folder, revision=revision, progress=progress)
    click.echo(f"✓ {path}: revision {record.revision}, SHA-256 {record.sha256}")
    click.echo(f"Next: otvet model check {path}, then ENGINE=llama_cpp MODEL_PATH={path}")
