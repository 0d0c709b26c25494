"""Tokens: JSON Web Tokens that say who somebody is, their keys, and their revocation.

``Keys`` holds the keys of the settings up to date, ``Tokens`` verifies a token with them and
returns an ``Identity``. Knows nothing of sockets, HTTP or the log. Neither a token nor a key is
ever in a log line or in an error.
"""
