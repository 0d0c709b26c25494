"""An independent load generator counts what arrives: ``python -m bench.volume``.

tsung (Erlang, from Debian's package of the name) has a room full of members chat, and counts the
bytes that it received. The server counts the events and bytes that it delivered. Each chat must be
in the log and have been delivered to every member, and the bytes must agree within a hundredth:
tsung's count has the answers to handshakes and joins too.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from bench.member import HOST
from bench.servers import chatlog, counters

_MEMBERS: Final = 100
_CHATS: Final = 20
_JOIN_SECONDS: Final = 2
_LONGEST_SECONDS: Final = 120
_TOLERANCE: Final = 0.01

_LOAD: Final = """<?xml version="1.0"?>
<!DOCTYPE tsung SYSTEM "/usr/share/tsung/tsung-1.0.dtd">
<tsung loglevel="notice" version="1.0">
 <clients><client host="localhost" use_controller_vm="true" maxusers="{members}"/></clients>
 <servers><server host="{host}" port="{port}" type="tcp"/></servers>
 <load><arrivalphase phase="1" duration="{seconds}" unit="second">
  <users maxnumber="{members}" arrivalrate="{rate}" unit="second"/>
 </arrivalphase></load>
 <sessions><session name="member" probability="100" type="ts_websocket">
  <request><websocket type="connect" path="/ws" origin="http://{host}:{port}"/></request>
  <request subst="true"><websocket type="message" ack="no_ack" frame="text"
   >{{"type":"join","room":"general","username":"%%_tsung_userid%%","backlog":0}}</websocket></request>
  <thinktime value="{wait}"/>
  <for from="1" to="{chats}" var="number">
   <request><websocket type="message" ack="no_ack" frame="text"
    >{{"type":"chat","message":"{message}"}}</websocket></request>
   <thinktime value="0.5"/>
  </for>
  <thinktime value="{wait}"/>
  <request><websocket type="close"/></request>
 </session></sessions>
</tsung>
"""


def main() -> int:
    """Print both counts: 0 if they agree, 1 if they do not, 2 without tsung."""
    if shutil.which("tsung") is None:
        print("tsung is not installed: apt-get install tsung", file=sys.stderr)
        return 2
    with chatlog() as server, tempfile.TemporaryDirectory(prefix="chatlog-tsung-") as folder:
        received = _run_tsung(server.ports[0], Path(folder))
        counted = counters(server.ports[0])
    appended, delivered = counted["appends"], counted["deliveries"]
    sent = counted["delivered_bytes"]
    chats = _MEMBERS * _CHATS
    print(f"{appended:,.0f} events in the log, of them {chats:,} chats of {_MEMBERS} members")
    print(f"{delivered:,.0f} deliveries, of them {chats * _MEMBERS:,} of chats")
    print(
        f"{sent:,.0f} bytes of events sent by the server, {received:,.0f} bytes received by tsung"
    )
    is_whole = appended == 2 * _MEMBERS + chats and delivered >= chats * _MEMBERS
    return 0 if is_whole and sent <= received <= sent * (1 + _TOLERANCE) else 1


def _run_tsung(port: int, folder: Path) -> float:
    """Return the bytes that tsung received from a server on this port."""
    load = folder / "load.xml"
    load.write_text(
        _LOAD.format(
            host=HOST,
            port=port,
            members=_MEMBERS,
            chats=_CHATS,
            seconds=5 * _JOIN_SECONDS,
            rate=_MEMBERS // _JOIN_SECONDS,
            wait=4 * _JOIN_SECONDS,
            message="x" * 100,
        )
    )
    command = ["tsung", "-f", str(load), "-l", str(folder / "log"), "start"]
    subprocess.run(  # its output is in the log
        command, check=True, timeout=_LONGEST_SECONDS, capture_output=True, cwd=folder
    )
    [log] = folder.glob("log/*/tsung.log")
    return float(re.findall(r"stats: size_rcv \S+ (\S+)", log.read_text())[-1])


if __name__ == "__main__":
    sys.exit(main())
