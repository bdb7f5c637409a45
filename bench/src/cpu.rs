//! CPU time of processes, read from `/proc`.

use std::time::Duration;

/// Clock ticks of `/proc/*/stat` per second; Linux fixes it at 100 for user space.
const TICKS: u64 = 100;

/// CPU time of the two sides of an answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu {
    /// Of `vigie serve`.
    pub server: Duration,
    /// Of PostgreSQL.
    pub database: Duration,
}

impl Cpu {
    /// What was used after `before`.
    pub fn since(self, before: Self) -> Self {
        Self {
            server: self.server.saturating_sub(before.server),
            database: self.database.saturating_sub(before.database),
        }
    }

    /// Of PostgreSQL alone, so far.
    pub fn of_database(postmaster: u32) -> Self {
        Self {
            database: used(postmaster),
            ..Self::default()
        }
    }
}

struct Stat {
    parent: u32,
    /// User and system time.
    own: u64,
    /// Of children that ended and were waited for.
    children: u64,
}

/// CPU time that a process and its present and past children used so far.
pub fn used(pid: u32) -> Duration {
    let mut ticks = stat(pid).map_or(0, |stat| stat.own + stat.children);
    for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
        let child = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
            .and_then(stat);
        if let Some(child) = child.filter(|child| child.parent == pid) {
            ticks += child.own + child.children;
        }
    }
    Duration::from_millis(ticks * 1_000 / TICKS)
}

/// The parent of a process.
pub fn parent(pid: u32) -> u32 {
    stat(pid).expect("a process that runs").parent
}

fn stat(pid: u32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    Some(Stat {
        parent: u32::try_from(field(4)?).ok()?,
        own: field(14)? + field(15)?,
        children: field(16)? + field(17)?,
    })
}
