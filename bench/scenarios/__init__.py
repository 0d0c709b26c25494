"""The things measured, each a function from a plan to lines of the table."""

from bench.result import Scenario
from bench.scenarios.append import append
from bench.scenarios.crossing import crossing
from bench.scenarios.equal_load import equal_load
from bench.scenarios.idle import idle
from bench.scenarios.nodes import several_nodes
from bench.scenarios.peak import peak
from bench.scenarios.quiet import quiet
from bench.scenarios.resume import resume
from bench.scenarios.storm import storm

SCENARIOS: dict[str, Scenario] = {
    "equal-load": equal_load,
    "peak": peak,
    "quiet": quiet,
    "idle": idle,
    "storm": storm,
    "resume": resume,
    "append": append,
    "nodes": several_nodes,
    "crossing": crossing,
}
