-- The desk's list of all that was entered, latest first; report_entered_by serves one person's own.
CREATE INDEX report_entered ON report (jurisdiction_id, received_at, id) WHERE entered_by IS NOT NULL;
