"""A frame's text becomes a command, or an error that names the field."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import chatlog
from chatlog.kinds.chat import Chat
from chatlog.kinds.join import JoinRequest
from chatlog.kinds.leave import LeaveRequest
from chatlog.wire.commands import (
    BadCommand,
    ClientCommand,
    History,
    Ping,
    Users,
    decode,
)
from tests.support.events import LIMITS

COMMANDS: dict[str, ClientCommand] = {
    '{"type":"join","room":"a","username":"ada"}': JoinRequest("a", "ada"),
    '{"type":"join","room":"a","username":"ada","backlog":0}': JoinRequest("a", "ada", backlog=0),
    '{"type":"join","room":"a","username":"ada","backlog":500,"id":"j"}': JoinRequest(
        "a", "ada", backlog=500, id="j"
    ),
    '{"type":"join","room":"a","username":"ada","after":0}': JoinRequest("a", "ada", after=0),
    '{"type":"join","room":"a","username":"ada","after":7,"hash":"0123456789abcdef"}': JoinRequest(
        "a", "ada", after=7, hash="0123456789abcdef"
    ),
    '{"type":"join","room":"a","username":"ada","presence":"digest"}': JoinRequest(
        "a", "ada", presence="digest"
    ),
    '{"type":"chat","message":"hi"}': Chat(message="hi"),
    '{"type":"chat","message":"hi","room":"a","id":"c-1"}': Chat(message="hi", room="a", id="c-1"),
    '{"message":"hi","type":"chat"}': Chat(message="hi"),
    ' {"type" : "chat", "message" : "\\u0068\\ud83c\\udf89"} ': Chat(message="h🎉"),
    '{"type":"chat","message":"hi","room":null,"id":null}': Chat(message="hi"),
    '{"type":"leave"}': LeaveRequest(),
    '{"type":"leave","room":"a","id":"l"}': LeaveRequest("a", "l"),
    '{"type":"history","room":"a"}': History("a"),
    '{"type":"history","room":"a","before":9223372036854775807,"limit":500}': History(
        "a", before=2**63 - 1, limit=500
    ),
    '{"type":"history","room":"a","around":0,"limit":1,"types":["chat","erasure"]}': History(
        "a", around=0, limit=1, types=["chat", "erasure"]
    ),
    '{"type":"users","room":"a","id":"u"}': Users("a", id="u"),
    '{"type":"users","room":"a","after":"(erased)"}': Users("a", "(erased)"),
    '{"type":"ping"}': Ping(),
    '{"type":"ping","some":{"later":["thing",1e99,null]}}': Ping(),
}

BAD_JSON = {
    "nothing": "",
    "no JSON": "hello",
    "half an object": '{"type":"ping"',
    "two objects": '{"type":"ping"}{"type":"ping"}',
    "a list": '[{"type":"ping"}]',
    "a string": '"ping"',
    "a number": "1",
    "null": "null",
    "NaN": '{"type":"history","room":"a","after":NaN}',
    "infinity": '{"type":"history","room":"a","after":Infinity}',
    "single quotes": "{'type':'ping'}",
    "a comment": '{"type":"ping"/**/}',
    "a trailing comma": '{"type":"ping",}',
    "a byte order mark": '\ufeff{"type":"ping"}',
    "a lone surrogate": '{"type":"chat","message":"\\ud800"}',
    "a lone surrogate for type": '{"type":"\\udfff"}',
    "a raw newline": '{"type":"chat","message":"a\nb"}',
    "deep nesting": "[" * 60_000,
    "deep nesting in an unknown key": '{"type":"ping","x":' + "[" * 60_000,
    "deep nesting, closed": '{"type":"ping","x":' + "[" * 30_000 + "]" * 30_000 + "}",
}

BAD_COMMANDS = {
    "no type": ("{}", "type"),
    "a number for a type": ('{"type":5}', "type"),
    "null for a type": ('{"type":null}', "type"),
    "two types": ('{"type":"ping","type":"chat"}', "type"),
    "no message": ('{"type":"chat"}', "message"),
    "a number for a message": ('{"type":"chat","message":5}', "message"),
    "null for a message": ('{"type":"chat","message":null}', "message"),
    "no username": ('{"type":"join","room":"a"}', "username"),
    "no room": ('{"type":"join","username":"ada"}', "room"),
    "an object for a room": ('{"type":"users","room":{}}', "room"),
    "a number for a username": ('{"type":"users","room":"a","after":1}', "after"),
    "backlog 501": ('{"type":"join","room":"a","username":"b","backlog":501}', "backlog"),
    "backlog -1": ('{"type":"join","room":"a","username":"b","backlog":-1}', "backlog"),
    "backlog true": ('{"type":"join","room":"a","username":"b","backlog":true}', "backlog"),
    "backlog 1.5": ('{"type":"join","room":"a","username":"b","backlog":1.5}', "backlog"),
    'backlog "5"': ('{"type":"join","room":"a","username":"b","backlog":"5"}', "backlog"),
    "after -1": ('{"type":"join","room":"a","username":"b","after":-1}', "after"),
    "after 2^63": ('{"type":"history","room":"a","after":9223372036854775808}', "after"),
    "after 10^30": ('{"type":"history","room":"a","after":1' + "0" * 30 + "}", "after"),
    "after and backlog": (
        '{"type":"join","room":"a","username":"b","after":1,"backlog":1}',
        "after",
    ),
    "hash alone": (
        '{"type":"join","room":"a","username":"b","hash":"0123456789abcdef"}',
        "hash",
    ),
    "a short hash": (
        '{"type":"join","room":"a","username":"b","after":1,"hash":"0123"}',
        "hash",
    ),
    "a hash in capitals": (
        '{"type":"join","room":"a","username":"b","after":1,"hash":"0123456789ABCDEF"}',
        "hash",
    ),
    "a hash with a newline": (
        '{"type":"join","room":"a","username":"b","after":1,"hash":"0123456789abcdef\\n"}',
        "hash",
    ),
    "another presence": (
        '{"type":"join","room":"a","username":"b","presence":"none"}',
        "presence",
    ),
    "limit 0": ('{"type":"history","room":"a","limit":0}', "limit"),
    "limit 501": ('{"type":"history","room":"a","limit":501}', "limit"),
    "two anchors": ('{"type":"history","room":"a","before":1,"after":1}', "before"),
    "an unknown type of event": ('{"type":"history","room":"a","types":["chats"]}', "types"),
    "a string for types": ('{"type":"history","room":"a","types":"chat"}', "types"),
    "an empty id": ('{"type":"ping","id":""}', "id"),
    "an id of 65": ('{"type":"ping","id":"' + "x" * 65 + '"}', "id"),
    "an id with NUL": ('{"type":"ping","id":"\\u0000"}', "id"),
    "a number for an id": ('{"type":"ping","id":7}', "id"),
    "a list for an id": ('{"type":"ping","id":["a"]}', "id"),
    "an object for an id": ('{"type":"ping","id":{"a":1}}', "id"),
    "true for an id": ('{"type":"nope","id":true}', "id"),
}


def refused(text: str | bytes) -> BadCommand:
    with pytest.raises(BadCommand) as error:
        decode(text.encode() if isinstance(text, str) else text, LIMITS)
    return error.value


@pytest.mark.parametrize(("text", "command"), COMMANDS.items())
def test_a_command_is_read(text: str, command: ClientCommand) -> None:
    assert decode(text.encode(), LIMITS) == command


@pytest.mark.parametrize("text", BAD_JSON.values(), ids=BAD_JSON)
def test_what_is_no_json_object_is_bad_json(text: str) -> None:
    error = refused(text)
    assert (error.code, error.id) == ("bad_json", None)


@pytest.mark.parametrize(("text", "field"), BAD_COMMANDS.values(), ids=BAD_COMMANDS)
def test_a_bad_field_is_bad_command_naming_it(text: str, field: str) -> None:
    error = refused(text)
    assert error.code == "bad_command"
    assert f"`{field}`" in error.sentence


@pytest.mark.parametrize("kind", ["shout", "", "JOIN", "ack", "x" * 10_000, "a\0b"])
def test_a_type_nobody_knows_is_unknown_type(kind: str) -> None:
    error = refused(json.dumps({"type": kind, "id": "q-1"}))
    assert (error.code, error.id) == ("unknown_type", "q-1")
    assert len(error.sentence) < 200
    assert error.sentence == f"There is no command of this type: {kind[:40]}."


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"chat","id":"q-1"}',
        '{"type":"join","room":"a","username":"b","after":1,"backlog":1,"id":"q-1"}',
        '{"type":"history","room":"a","before":1,"around":1,"id":"q-1"}',
        '{"id":"q-1"}',
    ],
)
def test_the_error_carries_the_command_s_id(text: str) -> None:
    assert refused(text).id == "q-1"


@pytest.mark.parametrize("text", ['{"type":"ping","id":""}', '{"type":"nope","id":7}'])
def test_an_id_that_is_none_is_not_carried(text: str) -> None:
    assert refused(text).id is None


def test_of_keys_given_twice_the_last_one_counts() -> None:
    assert decode(b'{"type":"chat","message":"a","message":"b"}', LIMITS) == Chat(message="b")


def test_an_error_does_not_give_a_long_text_back() -> None:
    text = '{"type":"join","room":"a","username":"b","presence":"' + "x" * 60_000 + '"}'
    assert len(refused(text).sentence) < 500


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xfe",
        b'{"type":"chat","message":"\xff"}',
        b'{"type":"chat","message":"\xed\xa0\x80"}',
        b'{"type":"chat","message":"\xc0\xaf"}',
        b'{"type":"ping","unknown":"\xff"}',
        b'{"type":"nope","unknown":"\xff"}',
        b'{"type":"ping"}\xff',
    ],
)
def test_what_is_not_utf_8_is_told_apart_wherever_it_stands(raw: bytes) -> None:
    with pytest.raises(UnicodeDecodeError):
        decode(raw, LIMITS)


NOT_IN_FORM = {
    '{"type":"join","room":"a\\u0000","username":"ada","id":"q-1"}': "room_invalid",
    '{"type":"join","room":"a","username":" ada","id":"q-1"}': "username_invalid",
    '{"type":"join","room":"a","username":"(erased)","id":"q-1"}': "username_invalid",
    '{"type":"history","room":"..","id":"q-1"}': "room_invalid",
    '{"type":"users","room":" a","id":"q-1"}': "room_invalid",
    '{"type":"chat","message":" ","id":"q-1"}': "message_empty",
    '{"type":"chat","message":"' + "x" * 8_193 + '","id":"q-1"}': "message_too_long",
    '{"type":"chat","message":"a\\u0007","id":"q-1"}': "bad_command",
}


@pytest.mark.parametrize(("text", "code"), NOT_IN_FORM.items(), ids=range(len(NOT_IN_FORM)))
def test_what_is_decoded_is_in_form(text: str, code: str) -> None:
    error = refused(text)
    assert (error.code, error.id) == (code, "q-1")


def test_form_is_checked_by_what_is_decoded_and_nowhere_on_the_way_to_the_log() -> None:
    for package in ("chat", "delivery", "eventlog"):
        for file in (Path(chatlog.__path__[0]) / package).rglob("*.py"):
            assert not re.search(
                r"\bcheck_(\w*_)?(room|username|message|id)\(", file.read_text()
            ), file
