"""`python -m bench NAME [--json]` (through `./merkez bench NAME`)."""

from __future__ import annotations

import asyncio
import importlib
import sys
from pathlib import Path

#: What the benchmarks share is no benchmark.
SHARED = {"__init__", "__main__", "report", "ground", "load", "seed", "server", "crews"}
NAMES = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in SHARED)


def main(argv: list[str]) -> int:
    """Run one benchmark and print it; exit 2 for a name that is none."""
    words = [word for word in argv if not word.startswith("--")]
    if len(words) != 1 or words[0] not in NAMES:
        print(f"usage: ./merkez bench NAME [--json] [--quick]   NAME: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    module = importlib.import_module(f"bench.{words[0]}")
    report = asyncio.run(module.run(quick="--quick" in argv))
    print(report.as_json() if "--json" in argv else report.as_text())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
