//! Vigie: residents report what is wrong in the street; reports of the same thing become one alert; the alert goes to a
//! crew; everyone who reported it hears what happens.
//!
//! [`flow`] is that sentence, stage by stage. [`app`] puts the parts together, [`routes`] lists every endpoint.

pub mod app;
pub mod audit;
pub mod auth;
pub mod base_map;
pub mod catalog;
pub mod cli;
pub mod clients;
pub mod config;
pub mod db;
pub mod demo;
pub mod flow;
pub mod http;
pub mod jobs;
pub mod live;
pub mod people;
pub mod projection;
pub mod routes;
pub mod server;
pub mod telemetry;
pub mod text;
pub mod vault;
pub mod views;
pub mod vocabulary;
pub mod work;
