"""Regular expressions, which Ibis's backends and DataFusion read in nearly the same way.

RE2's classes are of ASCII, those of Rust's regex of Unicode. So the classes are written out, and
what the two read in different ways is refused.
"""

from __future__ import annotations

from planc_ibis.producer.refusal import Refused

DIGIT = "0-9"
WORD = "0-9A-Za-z_"
SPACE = r"\t\n\f\r "
OUTSIDE = {
    "d": f"[{DIGIT}]",
    "D": f"[^{DIGIT}]",
    "w": f"[{WORD}]",
    "W": f"[^{WORD}]",
    "s": f"[{SPACE}]",
    "S": f"[^{SPACE}]",
    "b": r"(?-u:\b)",
}
INSIDE = {"d": DIGIT, "w": WORD, "s": SPACE}
# What stands for itself behind a backslash, or for one control character.
PLAIN = frozenset("\\.+*?()[]{}|^$-/ntrfv")
POSIX = ("alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct")
CLASSES = frozenset((*POSIX, "space", "upper", "word", "xdigit"))


def refused(what: str) -> Refused:
    """What engines read in different ways."""
    return Refused("a regular expression", f"engines read {what} in different ways")


def ascii_pattern(pattern: str) -> str:
    """A pattern that means the same to RE2 and to Rust's regex."""
    out = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            out.append(escape(pattern[at + 1 : at + 2], OUTSIDE))
            at += 2
        elif character == "[":
            written, at = bracket(pattern, at + 1)
            out.append(written)
        elif pattern.startswith("{,", at):
            raise refused("`{,`")
        elif pattern.startswith("(?", at) and not pattern.startswith("(?:", at):
            raise refused("groups with `(?`")
        else:
            out.append(character)
            at += 1
    return "".join(out)


def groups(pattern: str) -> int:
    """How many groups a pattern has besides the whole match."""
    count = 0
    inside = False
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            at += 1
        elif inside:
            inside = character != "]" or pattern[at - 1] == ":"
        elif character == "[":
            inside = True
        elif character == "(" and not pattern.startswith("(?", at):
            count += 1
        at += 1
    return count


def escape(code: str, classes: dict[str, str]) -> str:
    """What stands behind a backslash."""
    if code in classes:
        return classes[code]
    if code and code in PLAIN:
        return f"\\{code}"
    raise refused(f"`\\{code}`")


def bracket(pattern: str, at: int) -> tuple[str, int]:
    """The class that begins before this place, and where it ends."""
    out = ["["]
    if pattern.startswith("^", at):
        out.append("^")
        at += 1
    if pattern.startswith("]", at):
        out.append("\\]")
        at += 1
    while at < len(pattern):
        character = pattern[at]
        if character == "]":
            return "".join([*out, "]"]), at + 1
        if character == "\\":
            out.append(escape(pattern[at + 1 : at + 2], INSIDE))
            at += 2
            continue
        if character == "[":
            end = pattern.find(":]", at)
            if not pattern.startswith("[:", at) or pattern[at + 2 : end].lstrip("^") not in CLASSES:
                raise refused("`[` within a class")
            out.append(pattern[at : end + 2])
            at = end + 2
            continue
        if pattern[at : at + 2] in ("&&", "--", "~~"):
            raise refused(f"`{pattern[at : at + 2]}` within a class")
        out.append(character)
        at += 1
    raise refused("a class without end")
