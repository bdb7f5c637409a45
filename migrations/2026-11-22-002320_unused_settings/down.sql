ALTER TABLE jurisdiction ADD COLUMN settings jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN jurisdiction.settings IS 'Town''s own settings, see catalog::settings.';
