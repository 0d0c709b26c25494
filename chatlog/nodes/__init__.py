"""Server processes: their leases in the log, and the sessions that dead ones left open."""
