"""Start ``chatlog`` with a planted bug: ``synchronous=NORMAL``, which syncs too seldom."""

import runpy

from chatlog.databases.sqlite import backend as sqlite

NORMAL = 1
assert sqlite.PRAGMAS["synchronous"] == NORMAL + 1, "the server is expected to run with FULL"
sqlite.PRAGMAS["synchronous"] = NORMAL

runpy.run_module("chatlog", run_name="__main__")
