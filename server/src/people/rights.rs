//! The table role x operation as people read it: `rights.md`, which a test holds against [`reach`].

use std::fmt::Write;

use super::policy::{Operation, Reach, Role, reach};

#[cfg(test)]
#[path = "rights_tests.rs"]
mod tests;

/// The table in Markdown: a row for each operation, a column for each role.
#[must_use]
pub fn rights_markdown() -> String {
    let mut text = String::from(
        "# Who may do what\n\n\
         `scope`: inside the service and sector of the grant; `own`: what was given to one's crew, or what one entered\n\
         oneself; `-`: not at all. Outside one's scope things do not exist: the answer is 404. Managing people needs a grant\n\
         over the whole town. On an enrolled tablet only the role `crew` counts. The roles `contractor`, `signatory` and\n\
         `dpo` are reserved.\n\n",
    );
    let header: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    row(&mut text, "operation", &header);
    row(&mut text, "---", &vec!["---"; header.len()]);
    for operation in Operation::ALL {
        let cells: Vec<&str> = Role::ALL.iter().map(|role| word(reach(*role, *operation))).collect();
        row(&mut text, operation.as_str(), &cells);
    }
    text
}

fn row(text: &mut String, first: &str, cells: &[&str]) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "| {first} | {} |", cells.join(" | "));
}

const fn word(reach: Reach) -> &'static str {
    match reach {
        Reach::No => "-",
        Reach::Own => "own",
        Reach::Scope => "scope",
    }
}
