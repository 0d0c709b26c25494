-- Who has erased content, why, and from how many events?
-- Topic: Erasing
SELECT "by", reason, count(*) AS events, min(at) AS first_at, max(at) AS last_at
FROM audit_erasures
GROUP BY "by", reason
ORDER BY "by", reason;
