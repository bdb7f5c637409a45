-- What is kept for a day only is looked for every hour.
CREATE INDEX report_sender_tag ON report (jurisdiction_id, received_at) WHERE sender_tag IS NOT NULL;
CREATE INDEX follower_marked_since ON follower (jurisdiction_id, since) WHERE contact_mark IS NOT NULL;
