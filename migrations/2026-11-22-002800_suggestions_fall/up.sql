-- What the machine suggested and no longer thinks goes; what a person has answered stays.

GRANT DELETE ON alert_link TO vigie_app;
COMMENT ON COLUMN alert_link.state IS 'suggested: standing until a person says, or the machine takes it back: then the row goes.';
