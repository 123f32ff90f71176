"""Print every ratio beside its bar; name some of features, training, overhead, scale to run only those."""

from __future__ import annotations

import sys
from importlib import import_module

from benchmarks.ratio import Ratio, machine, print_ratios

PARTS = ("features", "training", "overhead", "scale")


def main(parts: list[str]) -> int:
    """Run the named parts, or all."""
    if unknown := [part for part in parts if part not in PARTS]:
        print(f"There is no benchmark '{unknown[0]}': expected some of {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    print(f"{machine()}\n")
    found: list[Ratio] = []
    for part in parts or PARTS:
        print(f"measuring {part} ...", file=sys.stderr)
        found += import_module(f"benchmarks.{part}").ratios()
    print_ratios(found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
