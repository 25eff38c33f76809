"""`casewright` on the command line, also as `python -m bot`."""

from __future__ import annotations

import sys

from typer import TyperException

from bot.cli.output import complain, show_json
from bot.cli.tree import commands


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0, 1 when something failed, 2 when it was asked wrongly."""
    if reconfigure := getattr(sys.stdout, "reconfigure", None):
        reconfigure(errors="backslashreplace")  # a terminal that knows no “ is no reason to fail
    try:
        return commands(arguments, prog_name="casewright", standalone_mode=False) or 0
    except TyperException as error:
        if "--json" in (sys.argv[1:] if arguments is None else arguments):
            show_json({"error": error.format_message()})
        else:
            complain(error.format_message())
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
