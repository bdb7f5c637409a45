REVOKE SELECT ON projection_state FROM vigie_public;
