REVOKE DELETE ON alert_link FROM vigie_app;
COMMENT ON COLUMN alert_link.state IS 'suggested: standing until a person says.';
