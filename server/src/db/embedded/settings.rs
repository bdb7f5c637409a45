//! Server settings, given on the command line at each start so that an existing cluster follows them too.

/// How the private PostgreSQL treats its data, and its size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whether a committed transaction survives a power cut. False only for data that may be lost (tests, benches).
    pub durable: bool,
    /// Upper bound of simultaneous connections, 10 or more.
    pub max_connections: u16,
    /// PostgreSQL's own page cache in MiB.
    pub shared_buffers_mib: u16,
}

impl Settings {
    /// For people's data: every commit is on the disk before it is answered.
    #[must_use]
    pub const fn durable() -> Self {
        Self {
            durable: true,
            max_connections: 100,
            shared_buffers_mib: 128,
        }
    }

    /// For tests: fast, many databases side by side, everything may be lost at a crash.
    #[must_use]
    pub const fn throwaway() -> Self {
        Self {
            durable: false,
            max_connections: 300,
            shared_buffers_mib: 128,
        }
    }

    /// `name=value` pairs for `postgres -c`.
    pub(super) fn arguments(&self) -> Vec<String> {
        let switch = if self.durable { "on" } else { "off" };
        let mut pairs = vec![
            format!("fsync={switch}"),
            format!("synchronous_commit={switch}"),
            format!("full_page_writes={switch}"),
            format!("max_connections={}", self.max_connections),
            format!("shared_buffers={}MB", self.shared_buffers_mib),
            "listen_addresses=".to_owned(),
            "unix_socket_permissions=0700".to_owned(),
            "timezone=UTC".to_owned(),
            "log_timezone=UTC".to_owned(),
        ];
        if !self.durable {
            // Nobody replicates a throw-away cluster, and without a standby to feed bulk loads skip the WAL.
            pairs.extend(["wal_level=minimal".to_owned(), "max_wal_senders=0".to_owned()]);
        }
        pairs
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::durable()
    }
}
