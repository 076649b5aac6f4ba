"""Makes `mapping.json`, the producer's table of functions, from planc's own.

The table of the codec is `ir/src/substrait/functions.rs`, the names of planc's functions stand in
`ir/extensions/functions.yaml`. Both sides are held to the one table by
`tests/test_mapping.py`, which runs this with `--check`.

    python tools/mapping.py            # writes
    python tools/mapping.py --check    # exit code 1 where the file is out of date
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
ROOT = PACKAGE.parent.parent
TARGET = PACKAGE / "src" / "planc_ibis" / "producer" / "mapping.json"

LINE = re.compile(
    r"^\s*(?P<file>functions_\w+) (?P<name>\w+) (?P<meaning>\w+\([^)]*\)), (?P<rest>.*)$", re.DOTALL
)
STRINGS = re.compile(r'"([^"]*)"')
PAIR = re.compile(r'\("([^"]*)", "([^"]*)"\)')
KINDS = {
    "Op": "operator",
    "F": "form",
    "Scalar": "scalar",
    "Aggregate": "aggregate",
    "Window": "window",
}


def meaning(text: str) -> str:
    """`Op(Operator::And)` as `operator:And`."""
    kind, _, name = text.rstrip(")").partition("(")
    return f"{KINDS[kind]}:{name.split('::')[-1].strip(chr(34))}"


def constants(source: str) -> dict[str, str]:
    """The named lists of signatures and options."""
    return dict(
        re.findall(r"^const ([A-Z]+): [^=]*= (&\[.*?\]);", source, re.MULTILINE | re.DOTALL)
    )


def standard(source: str) -> list[dict[str, object]]:
    """The lines of the codec's table."""
    body = source.split("\nlines! {", 1)[1].split("\n}\n", 1)[0]
    known = constants(source)
    lines = []
    for raw in body.split(";"):
        found = LINE.match(raw.strip("\n"))
        if found is None:
            if raw.strip():
                raise SystemExit(f"this line is not understood: {raw.strip()}")
            continue
        rest = found["rest"]
        for name, value in known.items():
            rest = re.sub(rf"\b{name}\b", value, rest, count=1)
        signatures, after = re.match(r"\s*(&\[.*?\]), (.*)$", rest, re.DOTALL).groups()
        returns = re.match(r"(\w+)", after)[1]
        lines.append(
            {
                "file": found["file"],
                "name": found["name"],
                "meaning": meaning(found["meaning"]),
                "signatures": STRINGS.findall(signatures),
                "variadic": "* true" in after,
                "returns": returns,
                "options": dict(PAIR.findall(after)),
            }
        )
    return lines


def own(source: str) -> dict[str, str]:
    """The names of operators and forms in planc's URN."""
    body = source.split("pub(crate) static OWN", 1)[1].split("];", 1)[0]
    found = re.findall(r'\((\w+\([\w:]+\)), "(\w+)"\)', body)
    return {meaning(which): name for which, name in found}


def functions(yaml: str) -> dict[str, list[str]]:
    """The names in planc's extension file, by section."""
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in yaml.splitlines():
        if line.endswith("_functions:"):
            current = sections.setdefault(line.removesuffix("_functions:"), [])
        elif name := re.match(r'\s+- name: "(.*)"', line):
            current.append(name[1])
    return sections


def build() -> str:
    """The text of `mapping.json`."""
    source = (ROOT / "ir/src/substrait/functions.rs").read_text()
    yaml = (ROOT / "ir/extensions/functions.yaml").read_text()
    urn = re.search(r"^urn: (\S+)", yaml, re.MULTILINE)[1]
    names = functions(yaml)
    table = {"urn": urn, "standard": standard(source), "own": own(source), "functions": names}
    lines = ",\n    ".join(json.dumps(line) for line in table["standard"])
    rest = {key: value for key, value in table.items() if key != "standard"}
    text = json.dumps(rest, indent=1)
    return text.rstrip("}").rstrip() + ',\n "standard": [\n    ' + lines + "\n ]\n}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    text = build()
    if parser.parse_args().check:
        return 0 if TARGET.read_text() == text else 1
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
