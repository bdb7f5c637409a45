-- Anybody can type anybody's number into a report: messages are counted by who gets them.
ALTER TABLE follower ADD COLUMN contact_mark bytea;
COMMENT ON COLUMN follower.contact_mark IS 'Keyed mark of address or number and day, by which messages to one recipient are counted; null after a day.';
CREATE INDEX follower_contact_mark ON follower (jurisdiction_id, contact_mark) WHERE contact_mark IS NOT NULL;
-- What was promised in the last hour: text messages of a town, calls of a service.
CREATE INDEX notification_created ON notification (jurisdiction_id, created_at);
