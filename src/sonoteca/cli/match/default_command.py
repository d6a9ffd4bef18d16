"""A command group whose first word may be left out: ``sonoteca match SOUND`` beside ``sonoteca match weights``."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

# The command that is meant where no word of the group is given. A sound that is called like a word of the
# group can be reached by writing it out.
DEFAULT = "sound"


class DefaultCommandGroup(TyperGroup):
    """Hands whatever does not begin with a word of the group to the command ``DEFAULT``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)
