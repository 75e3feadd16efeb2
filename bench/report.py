"""What a benchmark prints (contract.md, "Exit codes"): rows with floor, ours and ratio, and the targets with what was seen."""

from __future__ import annotations

import json
import os
import platform
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Spread:
    """Median with the quarter points around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """Take the spread of at least one figure."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4)
        return cls(median, low, high)

    def row(self) -> dict[str, float]:
        """Return it rounded."""
        return {"median": _round(self.median), "q1": _round(self.low), "q3": _round(self.high)}


def percentile(values: list[float], percent: float) -> float:
    """Return the value below which `percent` of a hundred lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(percent / 100 * len(ordered)) - 1))]


def _round(value: float) -> float:
    return float(f"{value:.4g}")


@dataclass
class Report:
    """One benchmark's result."""

    bench: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    targets: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def row(self, what: str, unit: str, *, ours: list[float], floor: list[float] | None = None) -> None:
        """Add a row; `runs` is how many figures stand behind each median."""
        mine, base = Spread.of(ours), Spread.of(floor) if floor else None
        ratio = _round(mine.median / base.median) if base and base.median else None
        self.rows.append(
            {
                "what": what,
                "unit": unit,
                "floor": base.row() if base else None,
                "ours": mine.row(),
                "ratio": ratio,
                "runs": len(ours),
            }
        )

    def target(self, what: str, target: str, value: float, *, met: bool) -> None:
        """Say how a target fared; a missed one is told, never hidden and never an error."""
        self.targets.append({"what": what, "target": target, "value": _round(value), "met": met})

    def as_json(self) -> str:
        """Return the contract's object."""
        body = {"bench": self.bench, "machine": machine(), "rows": self.rows, "targets": self.targets, "notes": self.notes}
        return json.dumps(body, ensure_ascii=False, indent=1)

    def as_text(self) -> str:
        """Return the same for people."""
        lines = [f"{self.bench}  ({machine()['cpu']}, {machine()['cores']} cores)"]
        for row in self.rows:
            floor = f"{row['floor']['median']:>10}" if row["floor"] else " " * 10
            ours = row["ours"]
            spread = f"{ours['median']:>10} [{ours['q1']}–{ours['q3']}]"
            lines.append(f"  {row['what']:<58} {row['unit']:>8}  floor {floor}  ours {spread}  ratio {row['ratio'] or '-'}")
        marks = {True: "✓", False: "✗"}
        lines += [f"  {marks[target['met']]} {target['what']}: {target['value']} (target {target['target']})" for target in self.targets]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


def machine() -> dict[str, Any]:
    """Return what the figures were taken on."""
    model = ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {"cpu": model or platform.machine(), "cores": os.cpu_count(), "system": platform.system(), "python": platform.python_version()}
