//! Cargo looks at sources only: what macros read besides is named here. A program that a town installs has the apps in it.

use std::path::Path;

const APPS: &str = "../web/dist";

fn main() {
    println!("cargo:rerun-if-changed=../migrations");
    println!("cargo:rerun-if-changed={APPS}");
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if release && !Path::new(APPS).join("equipe/index.html").exists() {
        // Files that are missing would be answered by 404 without a word, on the tablets of a town.
        println!(
            "cargo::error=the apps for the browser are not built ({APPS}/equipe/index.html is missing): run `make release`, \
             or `make web` before cargo"
        );
    }
}
