//! A city's stream of reports as files have it, and the town that lives it: shared by the examples.

mod history;
mod read;
mod town;

pub use history::History;
pub use read::{City, Report};
pub use town::Town;
