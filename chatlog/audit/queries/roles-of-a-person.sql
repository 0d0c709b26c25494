-- Which roles did this person have in which room, and who gave them?
-- Topic: Rights
-- :subject text  the person's subject
SELECT room, seq, at, username, role, until, "by", reason
FROM audit_members
WHERE subject = :subject
ORDER BY room, seq;
