-- Every server process, and every import, that has written to the log. `seen_at` is its last sign of
-- life. After `uncertain_after`, whoever it has in a room may be gone: two durations of its lease
-- later, or at once where it is marked as ended.
CREATE VIEW audit_nodes AS
SELECT n.node,
       n.started_at,
       n.seen_at,
       n.ended_at,
       CASE
           WHEN n.ended_at IS NULL THEN {seen_at_and_two_leases}
           ELSE n.seen_at
       END AS uncertain_after
FROM nodes AS n
