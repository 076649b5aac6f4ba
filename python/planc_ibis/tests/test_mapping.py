"""The producer's table of functions is the codec's."""

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parent.parent / "tools" / "mapping.py"


def test_the_table_is_the_codecs() -> None:
    done = subprocess.run([sys.executable, TOOL, "--check"], check=False)
    assert done.returncode == 0, "python tools/mapping.py writes it anew"
