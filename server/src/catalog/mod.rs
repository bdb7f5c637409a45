//! What can be reported, where, when, and who looks after it: towns, sectors, bodies, services, categories.
//!
//! Read whole into memory ([`cache`]) and read again when it changed; every stage may use it. Tables: `jurisdiction`,
//! `sector`, `body`, `service`, `crew`, `category`, `category_gate`, `routing_rule`, `catalogue_version`.

pub mod cache;
pub mod calendar;
pub mod closing;
pub mod danger;
pub mod gates;
pub mod holidays;
pub mod install;
pub mod model;
pub mod policy;
pub mod queries;
pub mod questions;
pub mod routes;
pub mod time_window;
pub mod town_file;
