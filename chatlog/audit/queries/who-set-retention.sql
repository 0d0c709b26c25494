-- Who set the room's retention rules, and when?
-- Topic: Erasing
-- Rules older than this record are not in it. A row without days ended a rule.
-- :room text  name of the room
SELECT at, days, names, "by"
FROM audit_retention
WHERE room = :room
ORDER BY at;
