"""The table beside other servers: a faulty server is caught, the search finds, the page tells."""

import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from bench.crowd import Crowd
from bench.dialects import NODE
from bench.load import at_rate
from bench.process import own_cpu_seconds
from bench.result import NoResult
from bench.table.dialects import CENTRIFUGO, NATS
from bench.table.figures import Figures, Measure
from bench.table.loads import LOADS, MAXIMA
from bench.table.page import markdown, table
from bench.table.plot import COLOURS, Panel, apart, svg
from bench.table.runs import in_time, keeps_up
from bench.table.search import highest
from bench.table.servers import columns
from bench.table.session import is_far_over
from bench.tally import Tally

DIALECT = replace(NODE, path="/ws")
CLEAN = Tally(10, 100, 0, 0, 0, 0, 0, 1.0, 0.5, 0.5, 1000, 5.0, 9.0)
Deliver = Callable[[list[str]], list[str]]
ROW = Measure("a load", "p50, ms", "less")


def lose(texts: list[str]) -> list[str]:
    return texts[:1] + texts[2:]


def double(texts: list[str]) -> list[str]:
    return texts[:2] + texts[1:]


def swap(texts: list[str]) -> list[str]:
    return [texts[1], texts[0], *texts[2:]]


@asynccontextmanager
async def served(deliver: Deliver, chats: int) -> AsyncIterator[int]:
    """Run a chat that tells everybody what ``deliver`` makes of so many chats."""
    sockets: list[web.WebSocketResponse] = []
    heard: list[str] = []

    async def serve(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        sockets.append(ws)
        async for frame in ws:
            if frame.type is not WSMsgType.TEXT:
                break
            if '"type": "join"' in frame.data:
                await ws.send_str('{"type":"users"}')
                continue
            heard.append(frame.data)
            if len(heard) == chats:
                for text in deliver(heard):
                    for member in sockets:
                        await member.send_str(text)
        return ws

    app = web.Application()
    app.router.add_get("/ws", serve)
    async with TestServer(app) as server:
        yield server.port or 0


@pytest.mark.parametrize(
    ("deliver", "faults"),
    [
        (list, ""),
        (lose, "2 lost, 1 out of order"),
        (double, "2 repeated, 1 out of order"),
        (swap, "2 out of order"),
    ],
)
async def test_a_server_that_loses_doubles_or_reorders_a_message_is_caught(
    deliver: Deliver, faults: str
) -> None:
    async with served(deliver, 5) as port, Crowd([port], DIALECT) as crowd:
        await crowd.connect(["room", "room"], watched=[0])
        sender = crowd.members[:1]
        found = await at_rate(crowd, own_cpu_seconds, sender, 1000, 0.005, drain_seconds=1.1)
    assert found.faults == faults


def test_a_slow_server_is_told_from_one_that_loses() -> None:
    assert replace(CLEAN, lost=3).faults == "3 lost"
    assert replace(CLEAN, lost=3, in_time=False).faults == "3 overdue"
    assert replace(CLEAN, unacknowledged=2, in_time=False).faults == "2 acks overdue"


@pytest.mark.parametrize(
    "result",
    [
        replace(CLEAN, lost=1),
        replace(CLEAN, p99_ms=250.0),
        replace(CLEAN, seconds=1.5),
    ],
)
def test_a_server_that_loses_or_is_late_does_not_keep_up(result: Tally) -> None:
    assert keeps_up(CLEAN, 1.0)
    assert not keeps_up(result, 1.0)


def test_a_load_that_a_server_ends_late_has_no_result() -> None:
    assert in_time(CLEAN, 1.0) is CLEAN
    with pytest.raises(NoResult, match=r"^0\.5 s late$"):
        in_time(replace(CLEAN, seconds=1.5), 1.0)
    with pytest.raises(NoResult, match="1 lost"):
        in_time(replace(CLEAN, lost=1), 1.0)


def test_a_rate_far_over_what_a_server_can_do_is_not_tried_again() -> None:
    assert is_far_over(CLEAN, 134)
    assert not is_far_over(CLEAN, 133)


@pytest.mark.parametrize("most", [3.0, 90.0, 100.0, 101.0, 777.0, 20_000.0])
async def test_the_search_ends_at_most_a_tenth_below_the_highest_rate(most: float) -> None:
    tried = []

    async def passes(rate: float) -> bool:
        tried.append(rate)
        return rate <= most

    found = await highest(passes, 100.0)
    assert most / 1.1 <= found <= most
    assert len(tried) <= 12
    assert len(set(tried)) == len(tried)


@pytest.mark.parametrize("most", [85.0, 101.0, 119.0])
async def test_a_search_from_a_good_estimate_tries_four_rates(most: float) -> None:
    tried = []

    async def passes(rate: float) -> bool:
        tried.append(rate)
        return rate <= most

    await highest(passes, 100.0)
    assert len(tried) <= 4


@pytest.mark.parametrize(("answer", "least", "most"), [(False, 0, 0), (True, 6_400, 25_600)])
async def test_the_search_ends_where_every_rate_passes_or_none(
    answer: bool, least: float, most: float
) -> None:
    async def passes(_: float) -> bool:
        return answer

    assert least <= await highest(passes, 100.0) <= most


def test_the_table_has_medians_and_how_many_times_better_they_are() -> None:
    figures = Figures()
    for mine, others in ((2.0, 8.0), (1.0, 3.0), (4.0, 4.0)):
        figures.add(ROW, "chatlog", mine)
        figures.add(ROW, "tutorial", others)
    figures.bounds.add((ROW, "chatlog"))
    found = table(columns(["chatlog", "tutorial"]), figures)
    assert found.splitlines()[-1] == "| a load | p50, ms | ≥ 2 (3) | 4 |"


def test_a_figure_that_most_turns_have_no_result_for_has_none() -> None:
    figures = Figures()
    for turn in range(3):
        figures.add(ROW, "chatlog", 1.0 if turn else None)
        figures.add(ROW, "tutorial", None if turn else 1.0)
    assert figures.median(ROW, "chatlog") == 1.0
    assert figures.median(ROW, "tutorial") is None


def test_the_page_tells_how_far_the_turns_are_apart() -> None:
    figures = Figures()
    for value in (1.0, 2.0, 4.0):
        figures.add(ROW, "tutorial", value)
        figures.add(ROW, "chatlog", 3.0)
    found = markdown({}, columns(["chatlog", "tutorial"]), figures)
    assert "half of the figures by at most 150%, the most by 150% (a load, p50, ms, tut" in found


@pytest.mark.parametrize(
    ("reason", "cell"),
    [("3 overdue", "cannot keep up"), ("0.9 s late", "cannot keep up"), ("3 lost", "no result")],
)
def test_the_table_tells_a_slow_server_from_one_that_loses(reason: str, cell: str) -> None:
    figures = Figures()
    figures.fail([ROW], "chatlog", NoResult(reason))
    found = table(columns(["chatlog", "tutorial"]), figures)
    assert found.splitlines()[-1] == f"| a load | p50, ms | {cell} | - |"


def test_a_plot_is_an_svg_with_a_mark_for_each_point_and_a_label_at_each_line() -> None:
    series = {"chatlog": [(10.0, 0.5), (900.0, 20.0)], "tutorial": [(10.0, 1000.0)]}
    picture = ET.fromstring(svg("a & b", "x", "y", [Panel("left", series), Panel("right", {})]))
    width, height = (float(picture.attrib[name]) for name in ("width", "height"))
    marks = [mark for mark in picture.iter() if mark.tag.endswith("circle")]
    assert len(marks) == 3
    assert all(0 < float(mark.attrib["cx"]) < width for mark in marks)
    assert all(0 < float(mark.attrib["cy"]) < height for mark in marks)
    words = [text.text for text in picture.iter() if text.tag.endswith("text")]
    assert {"chatlog", "tutorial"} <= set(words)


def test_labels_of_lines_that_end_together_do_not_overlap() -> None:
    assert apart([10, 12, 13, 90], 15, 100) == [10, 25, 40, 90]
    assert apart([97, 98, 99], 15, 100) == [70, 85, 100]


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb``, as WCAG 2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", COLOURS)
def test_each_line_of_a_plot_stands_out_on_white_and_on_black_pages(colour: str) -> None:
    light, dark = luminance("#ffffff"), luminance("#0d1117")
    own = luminance(colour)
    assert (light + 0.05) / (own + 0.05) >= 3
    assert (own + 0.05) / (dark + 0.05) >= 3


def test_every_line_of_a_plot_has_a_colour_of_its_own() -> None:
    assert sum(column.is_plotted for column in columns([])) <= len(set(COLOURS))


def test_every_load_has_senders_and_somebody_who_is_watched_beside_them() -> None:
    for shape in {load.shape for load in LOADS} | {shape for shape, _ in MAXIMA}:
        seats = shape.seats
        assert len(set(seats.names)) == shape.rooms
        assert set(range(seats.senders)) <= seats.watched
        assert len(seats.watched) <= seats.senders + 11


def test_the_acks_of_the_peers_are_counted() -> None:
    assert NATS.ack in b'MSG inbox.member-1 2 27\r\n{"stream":"CHAT","seq":41}\r\n'
    assert CENTRIFUGO.ack in b'{"id":4,"publish":{}}'
