# SPDX-License-Identifier: Apache-2.0
"""Samples, tables of them, budgets, and how they are printed."""

import math
import statistics
from dataclasses import dataclass, field

_UNITS = {  # factor from the stored unit, digits
    "ms": (1e3, 2), "s": (1, 2), "KiB": (1, 0), "GiB/s": (1, 2), "%": (100, 1), "s/GiB": (1, 3),
    "1/s": (1, 0), "": (1, 0),
}


class Sample:
    """Several readings of one quantity. Times are stored as seconds and shown in `unit`."""

    def __init__(self, unit, values=()):
        self.unit = unit
        self.values = list(values)

    def add(self, value):
        self.values.append(value)

    def __sub__(self, other):
        """Reading by reading: both were taken in the same rounds."""
        return Sample(self.unit, [a - b for a, b in zip(self.values, other.values, strict=True)])

    def ratio(self, other):
        return Sample("%", [a / b for a, b in zip(self.values, other.values, strict=True)])

    @property
    def median(self):
        return statistics.median(self.values)

    def quantile(self, share):
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]

    def show(self, value):
        factor, digits = _UNITS[self.unit]
        return f"{value * factor:.{digits}f}"

    def __str__(self):
        """Median with the extremes; a constant just once."""
        low, high = min(self.values), max(self.values)
        text = self.show(self.median)
        if self.show(low) == self.show(high):
            return text
        return f"{text} ({self.show(low)} … {self.show(high)})"


@dataclass
class Budget:
    """A limit that a sample's median keeps or does not."""

    what: str
    sample: Sample
    limit: float
    at_least: bool = False

    @property
    def kept(self):
        value = self.sample.median
        return value >= self.limit if self.at_least else value <= self.limit

    def row(self):
        sign, unit = "≥" if self.at_least else "≤", self.sample.unit
        return [self.what, f"{sign} {self.sample.show(self.limit)} {unit}".rstrip(),
                f"{self.sample.show(self.sample.median)} {unit}".rstrip(),
                "yes" if self.kept else "**no**"]


@dataclass
class Section:
    """One table. `rows` are lists of a label and samples or texts; a sample's n must be in the
    title or in a column."""

    title: str
    columns: list
    rows: list = field(default_factory=list)
    budgets: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    def table(self):
        return [self.columns] + [[str(cell) for cell in row] for row in self.rows]


def budget_section(sections):
    rows = [budget.row() for section in sections for budget in section.budgets]
    return Section("Budgets (medians)", ["what", "budget", "measured", "kept"], rows)


def as_markdown(section):
    head, *rows = section.table()
    lines = [f"### {section.title}", ""]
    if rows:
        lines += [_joined(head), "|---" * len(head) + "|", *map(_joined, rows), ""]
    for note in section.notes:
        lines += [note, ""]
    return "\n".join(lines)


def _joined(cells):
    return "| " + " | ".join(cells) + " |"


def as_text(section):
    table = section.table()
    widths = [max(len(row[i]) for row in table) for i in range(len(section.columns))]
    lines = [section.title]
    if section.rows:
        lines += ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                  for row in table]
    lines += [f"  {note}" for note in section.notes]
    return "\n".join(lines) + "\n"
