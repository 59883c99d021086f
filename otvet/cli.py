"""The command line: ``otvet COMMAND``. What a user can put right is said in one sentence, without a traceback."""

import os
import sys

import click

from otvet.commands.audit import audit
from otvet.commands.database import database_group
from otvet.commands.demo import demo, sandbox
from otvet.commands.desk import desk_group
from otvet.commands.doctor import doctor
from otvet.commands.evaluate import evaluate_group
from otvet.commands.knowledge import knowledge_group
from otvet.commands.model import model_group
from otvet.commands.orders import orders_group
from otvet.commands.outbox import outbox_group
from otvet.commands.privacy import privacy_group
from otvet.commands.running import alive, bot, prepare, run, worker
from otvet.commands.stats import stats
from otvet.errors import CONFIGURATION_EXIT, CommandError
from support.settings import SettingsError
from support.version import VERSION

EPILOG = "Settings come from the environment and from .env; .env.example explains each of them."


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name=None, version=VERSION, prog_name="otvet")
def otvet() -> None:
    """Otvet: customer support in Telegram that answers from your knowledge base, or calls a person."""


for command in (
    demo,
    run,
    bot,
    worker,
    knowledge_group,
    orders_group,
    desk_group,
    outbox_group,
    privacy_group,
    audit,
    stats,
    evaluate_group,
    model_group,
    doctor,
    database_group,
    prepare,
    alive,
    sandbox,
):
    otvet.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    # Several processes share the cores: threads that wait for each other made building a release six times slower.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        otvet.main(arguments, prog_name="otvet")
    except (CommandError, SettingsError) as error:
        print(f"otvet: {error}", file=sys.stderr)
        sys.exit(CONFIGURATION_EXIT)
    except Exception as error:  # noqa: BLE001  # the process's edge
        _report_unexpected(error)
        sys.exit(1)


def _report_unexpected(error: Exception) -> None:
    import traceback  # noqa: PLC0415

    from otvet.logs import mask  # noqa: PLC0415

    if os.environ.get("LOG_LEVEL", "").upper() == "DEBUG":
        print(mask("".join(traceback.format_exception(error))), file=sys.stderr)
        return
    first_line = mask(str(error).strip().splitlines()[0]) if str(error).strip() else "no details"
    print(f"otvet: unexpected {type(error).__name__}: {first_line}", file=sys.stderr)
    print("Set LOG_LEVEL=DEBUG to see where it happened.", file=sys.stderr)
