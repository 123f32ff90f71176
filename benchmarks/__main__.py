"""Print every ratio beside its bar; name some parts, such as features, to run only those."""

from __future__ import annotations

import sys
from importlib import import_module

from benchmarks.ratio import Ratio, machine, print_ratios

PARTS = ("features", "training", "streaming", "overhead", "scale", "growth")
ALL = (*PARTS, "thousand", "calibration", "gpu")


def main(parts: list[str]) -> int:
    """Run the named parts, or all that need neither a card nor many minutes."""
    if unknown := [part for part in parts if part not in ALL]:
        print(f"There is no benchmark '{unknown[0]}': expected some of {', '.join(ALL)}.", file=sys.stderr)
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
