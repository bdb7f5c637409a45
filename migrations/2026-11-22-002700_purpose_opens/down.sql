GRANT INSERT ON vault.access_event TO vigie_vault;
GRANT SELECT ON vault.contact TO vigie_vault;
DROP FUNCTION vault.reveal(uuid, text, uuid, uuid);
DROP FUNCTION vault.opened_by(text);
-- The trail stays whole, under the words that were known before. It takes no change, and row level security holds the owner
-- too, but for this.
ALTER TABLE vault.access_event DISABLE TRIGGER access_event_append_only;
ALTER TABLE vault.access_event NO FORCE ROW LEVEL SECURITY;
UPDATE vault.access_event SET purpose = CASE purpose WHEN 'handle' THEN 'follow_up' ELSE 'notify' END
WHERE purpose IN ('notify_email', 'notify_sms', 'handle');
ALTER TABLE vault.access_event FORCE ROW LEVEL SECURITY;
ALTER TABLE vault.access_event ENABLE TRIGGER access_event_append_only;
ALTER TABLE vault.access_event DROP CONSTRAINT access_event_purpose_check;
ALTER TABLE vault.access_event ADD CONSTRAINT access_event_purpose_check
    CHECK (purpose IN ('notify', 'call_back', 'letter', 'follow_up'));
COMMENT ON COLUMN vault.access_event.purpose IS 'What for.';
COMMENT ON COLUMN vault.access_event.fields IS 'What was read.';
