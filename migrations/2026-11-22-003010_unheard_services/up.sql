-- A service that hears of nothing, at some hours or at all, must look by itself, and somebody must notice when it does not:
-- both deadlines stand with it. Where one lacks, it is a day to look and three to answer. Row level security holds the owner
-- too, but for this.
ALTER TABLE service NO FORCE ROW LEVEL SECURITY;
UPDATE service SET consult_hours = coalesce(consult_hours, 24), answer_hours = coalesce(answer_hours, 72)
    WHERE (notices = 'none' OR notice_hours @> '[{"notices": "none"}]') AND (consult_hours IS NULL OR answer_hours IS NULL);
ALTER TABLE service FORCE ROW LEVEL SECURITY;
ALTER TABLE service ADD CONSTRAINT service_unheard_check CHECK (
    (consult_hours IS NOT NULL AND answer_hours IS NOT NULL)
    OR (notices <> 'none' AND NOT notice_hours @> '[{"notices": "none"}]'));
COMMENT ON CONSTRAINT service_unheard_check ON service IS 'No notices, at some hours or at all: only with both deadlines.';
