COMMENT ON COLUMN staff_user.session_epoch IS 'Access tokens of an older epoch are refused: sign-out everywhere, password or role change.';
ALTER TABLE staff_user
    ADD COLUMN pin_failures integer NOT NULL DEFAULT 0,
    ADD COLUMN pin_failed_at timestamptz;
COMMENT ON COLUMN staff_user.pin_failures IS 'Wrong PINs in a row; grows the wait, never locks for good.';
COMMENT ON COLUMN staff_user.pin_failed_at IS 'Last wrong PIN.';
DROP TABLE pin_wait;
DROP TABLE grant_offer;
