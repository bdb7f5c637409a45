//! Which tables diesel may join by their one foreign key; kept apart because `schema.rs` is generated.

use super::schema::{role_grant, session, staff_user};

diesel::joinable!(session -> staff_user (staff_user_id));
diesel::joinable!(role_grant -> staff_user (staff_user_id));
