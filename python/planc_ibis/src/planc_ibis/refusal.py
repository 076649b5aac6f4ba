"""What a producer says where an expression has no right plan."""

from __future__ import annotations


class Refused(Exception):
    """An expression that cannot be said in a plan, or not with the same meaning.

    `place` leads from the table expression to the operation, outermost first.
    """

    def __init__(self, operation: str, reason: str, place: tuple[str, ...] = ()) -> None:
        self.operation = operation
        self.reason = reason
        self.place = place
        super().__init__(operation, reason)

    def __str__(self) -> str:
        where = f" at {'/'.join(self.place)}" if self.place else ""
        return f"{self.operation} is refused{where}: {self.reason}"
