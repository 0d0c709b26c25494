"""Steps of a transaction that are no commands: erase, import, revoke, record a look."""
