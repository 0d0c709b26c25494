"""Server processes: their leases in the log, and the sessions that dead ones left open.

``leases`` begins, renews and ends a node's row; ``watch`` decides by renewals which nodes are
dead; ``naming`` asks it before a server takes a name that is in use; ``reaper`` finds the
sessions that ended nodes left open. ``chat.node_lease`` runs all that for one server.
"""
