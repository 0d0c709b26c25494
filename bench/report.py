"""The figures as a table for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import median

from bench.result import Line

_HEAD = ("scenario", "what", "chatlog", "Node", "ratio", "target", "holds")


def table(lines: Iterable[Line]) -> str:
    """Lay out one aligned Markdown table, which reads as well in a terminal."""
    rows = [_HEAD, *(_cells(line) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    text = [_row(row, widths) for row in rows]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([text[0], rule, *text[1:]])


def markdown(facts: Mapping[str, str], lines: list[Line], faults: Mapping[str, str]) -> str:
    """Make the page that ``--write`` leaves beside the code."""
    known = "; ".join(f"{name} {value}" for name, value in facts.items())
    parts = ["# Latest figures", f"Measured with {known}.", table(lines), repeats(lines)]
    parts += [f"No result for {name}: {fault}." for name, fault in faults.items()]
    parts.append("All at once: `python -m bench`. How to read this: `README.md` beside it.")
    return "\n\n".join(parts) + "\n"


def repeats(lines: Iterable[Line]) -> str:
    """List the command that repeats each scenario."""
    names = dict.fromkeys(line.scenario for line in lines)
    return "\n".join(f"- {name}: `python -m bench {name}`" for name in names)


def as_json(facts: Mapping[str, str], lines: list[Line], faults: Mapping[str, str]) -> object:
    """Collect everything measured, each run's figure included."""
    return {
        "machine": facts,
        "no_result": faults,
        "lines": [
            {
                "scenario": line.scenario,
                "what": line.what,
                "unit": line.unit,
                "better": line.better,
                "chatlog": line.chatlog,
                "node": line.node,
                "ratios": line.ratios,
                "holds": line.holds,
                "command": f"python -m bench {line.scenario}",
            }
            for line in lines
        ],
    }


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.scenario,
        f"{line.what} ({line.unit})" if line.unit != "/s" else f"{line.what} /s",
        _figures(line.chatlog),
        _figures(line.node),
        f"{median(line.ratios):.2f}" if line.ratios else "-",
        _target(line),
        {None: "", True: "yes", False: "NO"}[line.holds],
    )


def _target(line: Line) -> str:
    if not line.target:
        return ""
    which, bound = line.target
    if which == "ratio":
        return f"ratio ≥ {bound:g}"
    return f"{'≥' if line.better == 'more' else '≤'} {bound:,.0f}"


def _figures(values: list[float]) -> str:
    """Show the median, and the range where there were several runs."""
    if not values:
        return "-"
    middle = _number(median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({_number(min(values))} to {_number(max(values))})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _row(cells: Iterable[str], widths: Iterable[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "| " + " | ".join(padded) + " |"
