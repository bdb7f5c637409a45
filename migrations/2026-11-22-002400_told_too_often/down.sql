DROP INDEX notification_created;
DROP INDEX follower_contact_mark;
ALTER TABLE follower DROP COLUMN contact_mark;
