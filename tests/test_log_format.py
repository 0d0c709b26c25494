"""docs/log-format.md is true: its vectors are the code's, and its verifier agrees with ours."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from chatlog.audit.verification.check_events import ChainCheck, Wrong
from chatlog.audit.verification.restored_content import Kept
from chatlog.domain.errors import ChatlogError
from chatlog.eventlog import chain
from chatlog.kinds.erasure import Erased
from chatlog.wire.events import BadLine, decode_proved, encode_proved
from tests.support import log_vectors
from tests.support.document import DOCUMENT, block, verdict
from tests.support.log_vectors import ROOM_ID, proved, vectors


def test_the_vectors_of_the_document_are_what_the_code_writes() -> None:
    assert block("json").encode().splitlines() == vectors()


def test_the_header_of_the_document_is_what_the_code_hashes() -> None:
    first = proved()[0].recorded
    facts = first.event.facts()
    header = chain.header(ROOM_ID, first.seq, first.at, first.event, facts, None)
    assert header.hex() in DOCUMENT.replace("\n", "")
    assert f"{len(header)} bytes" in DOCUMENT


def test_the_verifier_has_about_fifty_lines_of_plain_python() -> None:
    lines = block("python").splitlines()
    assert len(lines) <= 58
    assert max(map(len, lines)) <= 100
    assert "chatlog" not in block("python").replace("chatlog-1", "")


def test_both_verifiers_accept_the_vectors(tmp_path: Path) -> None:
    check = ChainCheck()
    for line in vectors():
        check.accept(decode_proved(line))
    check.finish()
    said = verdict(tmp_path, vectors())
    assert (said.returncode, said.stderr) == (0, "")
    assert check.hash.hex() in said.stdout


CHANGES = {
    "a text": (1, "grüße", "grüsse"),
    "a name": (1, '"username":"ada"', '"username":"eve"'),
    "a time": (1, "17:00:01.123456", "17:00:01.123457"),
    "a seq": (1, '"seq":2', '"seq":3'),
    "a client id": (1, '"id":"c-17"', '"id":"c-18"'),
    "a cause": (4, '"cause":"lapsed"', '"cause":"left"'),
    "a last sign of life": (4, "03.000000Z\",\"m", "03.000001Z\",\"m"),
    "a count of sessions": (0, '"sessions":1', '"sessions":2'),
    "a replay": (0, '"replay_from":1', '"replay_from":0'),
    "what an erasure is of": (3, '"of":[3]', '"of":[2]'),
    "a reason": (3, "asked for", "forbidden"),
    "a session": (1, "5" * 32, "6" * 32),
    "a node": (1, "node-8080", "node-8081"),
    "a room's id": (1, ROOM_ID, ROOM_ID[::-1]),
    "a user's id": (1, "a" * 32, "b" * 32),
    "an erased text": (2, '"message":""', '"message":"no"'),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_both_verifiers_find_a_change_of(what: str, tmp_path: Path) -> None:
    index, old, new = CHANGES[what]
    lines = vectors()
    changed = lines[index].replace(old.encode(), new.encode())
    assert changed != lines[index]
    lines[index] = changed
    assert verdict(tmp_path, lines).returncode == 1
    assert not accepted(lines)


def test_both_verifiers_find_a_text_that_was_dropped_without_a_word(tmp_path: Path) -> None:
    event = json.loads(vectors()[1])
    event["message"], event["erased"] = "", True
    del event["proof"]["text_salt"]
    line = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    lines = [vectors()[0], line, *vectors()[2:]]
    assert verdict(tmp_path, lines).returncode == 1
    assert not accepted(lines)


def stripped(line: bytes, *salts: str) -> bytes:
    """A line of an export without its name or text, as one that was erased."""
    event = json.loads(line)
    for salt in salts:
        del event["proof"][salt]
    if "text_salt" in salts and event["type"] == "chat":
        event["message"] = ""
    if "name_salt" in salts:
        event["username"] = "(erased)"
        if event["type"] == "notification":
            event["message"] = event["message"].replace("ada", "(erased)")
    event["erased"] = True
    order = sorted(event, key=lambda key: key == "proof")
    return json.dumps({key: event[key] for key in order}, ensure_ascii=False).encode()


@pytest.mark.parametrize("which", [[0, 1, 2, 3, 4], [0], [1, 4]])
def test_both_verifiers_find_names_that_were_stripped(which: list[int], tmp_path: Path) -> None:
    lines = [
        stripped(line, "name_salt") if index in which else line
        for index, line in enumerate(vectors())
    ]
    said = verdict(tmp_path, lines)
    assert said.returncode == 1
    assert "lacks its name" in said.stderr
    assert not accepted(lines)


def test_both_verifiers_find_a_reason_that_was_stripped(tmp_path: Path) -> None:
    event = json.loads(vectors()[3])
    del event["proof"]["text_salt"], event["proof"]["reason"]
    lines = [*vectors()[:3], json.dumps(event).encode(), vectors()[4]]
    assert "lacks its text" in verdict(tmp_path, lines).stderr
    assert not accepted(lines)


def test_both_verifiers_accept_a_person_who_was_erased(tmp_path: Path) -> None:
    lines = erased_person(is_name_there=False)
    assert verdict(tmp_path, lines).returncode == 0
    assert accepted(lines)


def test_both_verifiers_find_an_erased_name_that_was_put_back(tmp_path: Path) -> None:
    lines = erased_person(is_name_there=True)
    assert "did not erase" in verdict(tmp_path, lines).stderr
    assert not accepted(lines)


def test_both_verifiers_find_an_erased_text_that_was_put_back(tmp_path: Path) -> None:
    lines = [encode_proved(one) for one in proved(kept="a secret")]
    assert "did not erase" in verdict(tmp_path, lines).stderr
    assert not accepted(lines)


def erased_person(*, is_name_there: bool) -> list[bytes]:
    """The vectors and one more erasure, of all that ada did, by somebody else."""
    return [encode_proved(one) for one in proved(erased=True, is_name_there=is_name_there)]


def later_event(**fields: object) -> list[bytes]:
    """The first vector, and an event of a type to come, which has no message."""
    first, event = vectors()[0], json.loads(vectors()[1])
    proof = event["proof"]
    for part, key in ((event, "message"), (event, "id"), (proof, "text_salt")):
        del part[key]
    del proof["text_commitment"]
    event |= {"type": "reaction", "of": [1]}
    common = ["chatlog-1", "reaction", ROOM_ID, 2, event["at"], proof["user_id"], proof["node"]]
    name = bytes.fromhex(proof["name_commitment"])
    header = [*common, proof["session"], None, None, None, None, None, "1", name, None]
    previous = bytes.fromhex(json.loads(first)["proof"]["hash"])
    digest = chain.next_hash(previous, b"".join(map(chain.field, header))).hex()
    proof["hash"], event["hash"] = digest, digest[:16]
    return [first, json.dumps(event | fields).encode()]


def test_the_document_s_verifier_checks_later_types_of_event(tmp_path: Path) -> None:
    found = verdict(tmp_path, later_event())
    assert (found.returncode, found.stderr) == (0, "")
    assert "is not what was written" in verdict(tmp_path, later_event(of=[2])).stderr


@pytest.mark.parametrize("kept", [[0, 2, 3, 4], [1, 2, 3, 4], [0, 2, 1, 3, 4], [0, 1, 1, 2, 3, 4]])
def test_both_verifiers_find_events_that_are_missing_swapped_or_doubled(
    kept: list[int], tmp_path: Path
) -> None:
    lines = [vectors()[index] for index in kept]
    assert verdict(tmp_path, lines).returncode == 1
    assert not accepted(lines)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"type":"chat"}',
        vectors()[0][:-1] + b',"more":1}',
        vectors()[0].replace(b"ada joined", b"eve joined"),
        vectors()[0].replace(b'"type":"notification"', b'"type":"session"'),
        vectors()[1].replace(b'"hash":"92d0', b'"hash":"92d1', 1),
        vectors()[1].replace(b"c-17", b"\\ud800"),
        vectors()[0].replace(b',"replay_from":1', b""),
        vectors()[3].replace(b'"of":[3]', b'"of":[]'),
        vectors()[3].replace(b'"of":[3]', b'"of":[0]'),
    ],
)
def test_a_line_that_says_anything_else_is_refused(line: bytes) -> None:
    with pytest.raises(BadLine):
        decode_proved(line)


def test_the_order_of_keys_is_free() -> None:
    line = json.dumps(json.loads(vectors()[1]), sort_keys=True).encode()
    assert decode_proved(line) == decode_proved(vectors()[1])


def accepted(lines: list[bytes]) -> bool:
    check, kept = ChainCheck(), Kept()
    try:
        for line in lines:
            proved = decode_proved(line)
            check.accept(proved)
            kept.accept(proved)
        check.finish()
    except ChatlogError:
        return False
    return True


@pytest.mark.parametrize("of", [(4,), (3, 5), (0,)])
def test_both_verifiers_find_an_erasure_of_events_that_are_not_before_it(
    of: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erasure, salt, reason = log_vectors.EVENTS[3]
    assert isinstance(erasure, Erased)
    events = [*log_vectors.EVENTS[:3], (replace(erasure, of=of), salt, reason)]
    monkeypatch.setattr(log_vectors, "EVENTS", events)
    lines = vectors()
    assert "did not erase" in verdict(tmp_path, lines).stderr
    assert not accepted(lines)
    check = ChainCheck()
    *before, erased = proved()
    for event in before:
        check.accept(event)
    with pytest.raises(Wrong, match="Event 4: it erases an event that is not before it"):
        check.accept(erased)
