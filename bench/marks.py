"""The mark in every message's text, by which it is recognised whatever frame it comes in.

``~M~SENT|SENDER|NUMBER|``: when it was sent (ns of the generator's clock), by which member,
and that member's message number. A server must carry it unchanged, once per delivery.
"""

from __future__ import annotations

import re
import time

MARK = b"~M~"
# The bytes to carry over between two reads so that no mark is cut in two: counted, the
# carried ones alone can't hold a mark, so none is counted twice.
CARRY = len(MARK) - 1
PARSED = re.compile(rb"~M~(\d+)\|(\d+)\|(\d+)\|")

_TEXT_LENGTH = 100


def marked_text(sender: int, number: int) -> str:
    """Make the text of one chat, 100 characters long, stamped with the time now."""
    return f"~M~{time.perf_counter_ns()}|{sender}|{number}|".ljust(_TEXT_LENGTH, "x")
