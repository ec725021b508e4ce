"""`python -m kernelkit`: the main job from the command line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from ._version import __version__


class _UsageError(Exception):
    """The command line makes no sense; the message says why."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _UsageError(f"{message} (see {self.prog} --help)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code: 0, 2 for bad input, 130 when interrupted.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.
    """
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        print("kernelkit: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read the output has gone; flushing at exit must not complain about it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(arguments: Sequence[str] | None) -> int:
    # Imported here: an interrupt while libraries load should end in one line too.
    from .comparison import InputError
    from .comparison._cli import add_parser

    parser = _Parser(prog="kernelkit", description="Kernel methods in the style of scikit-learn.")
    parser.add_argument("--version", action="version", version=f"kernelkit {__version__}")
    add_parser(parser.add_subparsers(title="commands", parser_class=_Parser))
    try:
        options = parser.parse_args(arguments)
        if not hasattr(options, "command"):
            parser.print_help()
            return 0
        options.command(options)
        sys.stdout.flush()
    except (InputError, _UsageError) as error:
        print(f"kernelkit: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
