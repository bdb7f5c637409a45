//! The one integration binary: linking it is most of what building costs, so there is one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "whatever fails here is a failed test, and says where"
)]

mod answers;
mod apps;
mod architecture;
mod between;
mod contacts;
mod contract;
mod demo;
mod desk;
mod evidence;
mod field;
mod gates;
mod harness;
mod imports;
mod intake;
mod journey;
mod keys;
mod late;
mod mail;
mod maps;
mod migrations;
mod nearby;
mod offers;
mod operator;
mod outage;
mod outside;
mod overlap;
mod people;
mod photos;
mod pins;
mod plan;
mod policy;
mod private;
mod queue;
mod races;
mod regroup;
mod regroup_model;
mod restore;
mod rights;
mod search;
mod tls;
mod upkeep;
mod walls;

/// The text of every source file of the server, tests left out.
fn sources_of_the_server() -> Vec<String> {
    architecture::sources()
        .iter()
        .filter(|source| !source.is_test())
        .map(|source| source.text.clone())
        .collect()
}
