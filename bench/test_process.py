"""What a family of processes has used, PostgreSQL's for one."""

import subprocess
import sys
import time

from bench.process import cpu_seconds, family_cpu_seconds

BURN = "import time\nwhile time.process_time() < 0.3: pass\n"
PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {BURN!r}])
child = subprocess.Popen([sys.executable, "-c", {BURN!r} + "input()"], stdin=subprocess.PIPE)
print(child.pid, flush=True)
input()
child.communicate(b"\\n")
"""


def test_the_cpu_of_a_family_is_that_of_living_children_and_of_those_that_have_ended() -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        end = time.monotonic() + 30
        while cpu_seconds(child) < 0.3 and time.monotonic() < end:
            time.sleep(0.02)
        used = family_cpu_seconds(parent.pid)
        own = cpu_seconds(parent.pid)
        parent.communicate(b"\n")
    assert used - own > 0.55
