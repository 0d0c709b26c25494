-- Which servers died with open sessions, and when?
-- Topic: Servers
SELECT node,
       max(certain_until) AS last_seen,
       min(left_at) AS noticed,
       count(*) AS sessions,
       count(DISTINCT room) AS rooms
FROM audit_sessions
WHERE cause = 'lapsed'
GROUP BY node
ORDER BY noticed, node;
