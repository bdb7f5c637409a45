//! Read models across the stages: what several tables say together. Views read everything and change nothing.

pub mod alerts;
pub mod apps;
pub mod catalogue;
pub mod followed;
pub mod health;
pub mod kept_mail;
pub mod live;
pub mod map;
pub mod nearby;
pub mod own_actions;
pub mod pages;
pub mod particulars;
pub mod public_alerts;
pub mod sync;
pub mod tasks;
