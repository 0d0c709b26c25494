"""``python -m bench``: measure, print one table, and keep it where asked."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from bench.machine import OtherWork, machine_facts
from bench.process import allow_many_files
from bench.report import as_json, markdown, repeats, table
from bench.result import Line, NoResult, Plan
from bench.scenarios import SCENARIOS

_RESULTS = Path(__file__).with_name("results.md")


def main() -> int:
    """Run the scenarios asked for: 0, or 1 where one gave no result."""
    wanted = _arguments()
    allow_many_files()
    facts, others = machine_facts(), OtherWork()
    lines, faults = _measured(wanted.scenarios or list(SCENARIOS), _plan(wanted))
    facts["other work"] = f"{others.cores():.1f} cores"
    print("\n" + "; ".join(f"{name} {value}" for name, value in facts.items()) + "\n")
    print(table(lines) + "\n\nTo repeat:\n" + repeats(lines))
    if wanted.json:
        text = json.dumps(as_json(facts, lines, faults), indent=2, ensure_ascii=False)
        wanted.json.write_text(text + "\n", encoding="utf-8")
    if wanted.write:
        _RESULTS.write_text(markdown(facts, lines, faults), encoding="utf-8")
    return 1 if faults else 0


def _measured(names: list[str], plan: Plan) -> tuple[list[Line], dict[str, str]]:
    lines: list[Line] = []
    faults: dict[str, str] = {}
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            lines += SCENARIOS[name](plan)
        except (NoResult, OSError, RuntimeError) as fault:
            faults[name] = str(fault) or type(fault).__name__
            print(f"{name}: no result: {faults[name]}", file=sys.stderr)
    return lines, faults


def _plan(wanted: argparse.Namespace) -> Plan:
    return Plan(wanted.seconds, wanted.repeat, wanted.connections, not wanted.without_node)


def _arguments() -> argparse.Namespace:
    usual = Plan()
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "scenarios",
        nargs="*",
        choices=[*SCENARIOS, []],
        metavar="SCENARIO",
        help=f"of {', '.join(SCENARIOS)}; all without one",
    )
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="of each load")
    parser.add_argument(
        "--repeat", type=int, default=usual.repeat, help="runs of the two main scenarios"
    )
    parser.add_argument("--connections", type=int, default=usual.connections, help="idle ones")
    parser.add_argument("--without-node", action="store_true", help="measure chatlog alone")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--write", action="store_true", help="renew bench/results.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
