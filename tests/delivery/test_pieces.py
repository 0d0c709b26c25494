"""Pieces are joined into buffers, each of which tells how far it goes."""

from __future__ import annotations

from chatlog.delivery.pieces import Piece, join_pieces

PIECES = [Piece(b"aaaa", 3), Piece(b"bb", 4), Piece(b"cccccc", 9), Piece(b"d", 10)]


def test_pieces_fill_buffers_up_to_the_most_bytes() -> None:
    assert [*join_pieces(PIECES, 6)] == [(b"aaaabb", 4, 2), (b"cccccc", 9, 1), (b"d", 10, 1)]


def test_all_are_one_buffer_where_they_fit() -> None:
    assert [*join_pieces(PIECES, 13)] == [(b"aaaabbccccccd", 10, 4)]


def test_a_piece_that_is_larger_is_a_buffer_of_its_own() -> None:
    assert [buffer for buffer, *_ in join_pieces(PIECES, 1)] == [b"aaaa", b"bb", b"cccccc", b"d"]


def test_no_pieces_are_no_buffers() -> None:
    assert [*join_pieces([], 6)] == []
