//! Finds a PostgreSQL server that has PostGIS: Debian's version folders first, then whatever `pg_config` speaks of.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::EmbeddedError;

/// Oldest major version that Vigie supports (Debian 12 ships it).
pub(super) const MIN_MAJOR: u32 = 15;

const DEBIAN_LIB: &str = "/usr/lib/postgresql";
const DEBIAN_SHARE: &str = "/usr/share/postgresql";

/// A server installed on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Installation {
    pub(super) major: u32,
    /// Folder of `postgres`, `initdb` and `psql`.
    pub(super) bin: PathBuf,
    postgis: bool,
}

impl Installation {
    /// Finds the newest usable server, or exactly `cluster.0` when the data folder `cluster.1` was made by that version.
    ///
    /// # Errors
    /// [`EmbeddedError::NoServer`], [`EmbeddedError::NoPostgis`] or [`EmbeddedError::OtherMajor`], each naming the
    /// command that installs what is missing.
    pub(super) fn find(cluster: Option<(u32, &Path)>) -> Result<Self, EmbeddedError> {
        let mut installed = debian(Path::new(DEBIAN_LIB), Path::new(DEBIAN_SHARE));
        installed.extend(pg_config());
        select(installed, cluster)
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    fn new(major: u32, bin: PathBuf, share: &Path) -> Option<Self> {
        // A client package alone makes the same folder, with psql only.
        let server = bin.join("postgres").is_file() && bin.join("initdb").is_file();
        server.then(|| Self {
            major,
            bin,
            postgis: share.join("extension/postgis.control").is_file(),
        })
    }
}

fn select(mut installed: Vec<Installation>, cluster: Option<(u32, &Path)>) -> Result<Installation, EmbeddedError> {
    // Stable sort: of two equal versions Debian's own comes first.
    installed.sort_by_key(|found| std::cmp::Reverse(found.major));
    if let Some((major, data)) = cluster {
        return installed
            .into_iter()
            .find(|found| found.major == major && found.postgis)
            .ok_or_else(|| EmbeddedError::OtherMajor {
                major,
                data: data.to_owned(),
                install: install_command(Some(major)),
            });
    }
    let newest = installed
        .iter()
        .map(|found| found.major)
        .find(|&major| major >= MIN_MAJOR);
    match (
        installed
            .into_iter()
            .find(|found| found.major >= MIN_MAJOR && found.postgis),
        newest,
    ) {
        (Some(found), _) => Ok(found),
        (None, Some(major)) => Err(EmbeddedError::NoPostgis {
            major,
            install: install_command(Some(major)),
        }),
        (None, None) => Err(EmbeddedError::NoServer {
            install: install_command(None),
        }),
    }
}

/// Without a version the meta-package follows the distribution's own PostgreSQL.
fn install_command(major: Option<u32>) -> String {
    let package = major.map_or_else(
        || "postgresql-postgis".to_owned(),
        |major| format!("postgresql-{major}-postgis-3"),
    );
    format!("sudo apt-get install --no-install-recommends {package}")
}

/// Debian and Ubuntu keep every major version in a folder of its own.
fn debian(lib: &Path, share: &Path) -> Vec<Installation> {
    let Ok(entries) = fs::read_dir(lib) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let major = name.to_str()?.parse().ok()?;
            Installation::new(major, entry.path().join("bin"), &share.join(name))
        })
        .collect()
}

/// Homebrew and other systems: what the `pg_config` on the PATH belongs to.
fn pg_config() -> Option<Installation> {
    let output = Command::new("pg_config")
        .args(["--version", "--bindir", "--sharedir"])
        .output()
        .ok()?;
    parse_pg_config(&String::from_utf8(output.stdout).ok()?)
}

fn parse_pg_config(output: &str) -> Option<Installation> {
    let mut lines = output.lines();
    // "PostgreSQL 15.20 (Debian 15.20-0+deb12u1)", "PostgreSQL 19beta1"
    let version = lines.next()?.strip_prefix("PostgreSQL ")?;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    Installation::new(
        digits.parse().ok()?,
        PathBuf::from(lines.next()?),
        Path::new(lines.next()?),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(major: u32, postgis: bool) -> Installation {
        Installation {
            major,
            bin: format!("/pg/{major}").into(),
            postgis,
        }
    }

    #[test]
    fn the_newest_with_postgis_wins_over_a_newer_one_without() {
        let choice = select(
            vec![installed(15, true), installed(17, false), installed(16, true)],
            None,
        );
        assert_eq!(choice.unwrap().major, 16);
    }

    #[test]
    fn an_existing_cluster_keeps_its_version() {
        let data = Path::new("/var/data");
        let both = vec![installed(15, true), installed(17, true)];
        assert_eq!(select(both, Some((15, data))).unwrap().major, 15);
        let error = select(vec![installed(17, true)], Some((15, data))).unwrap_err();
        assert!(matches!(error, EmbeddedError::OtherMajor { major: 15, .. }), "{error}");
        assert!(error.to_string().contains("postgresql-15-postgis-3"), "{error}");
    }

    #[test]
    fn what_is_missing_is_named_with_the_command_that_installs_it() {
        let none = select(vec![installed(14, true)], None).unwrap_err();
        assert!(matches!(none, EmbeddedError::NoServer { .. }), "{none}");
        assert!(
            none.to_string()
                .contains("apt-get install --no-install-recommends postgresql-postgis"),
            "{none}"
        );
        let bare = select(vec![installed(14, true), installed(16, false)], None).unwrap_err();
        assert!(matches!(bare, EmbeddedError::NoPostgis { major: 16, .. }), "{bare}");
        assert!(bare.to_string().contains("postgresql-16-postgis-3"), "{bare}");
    }

    #[test]
    fn debian_folders_are_read_and_client_only_ones_left_out() {
        let root = tempfile::tempdir().unwrap();
        let (lib, share) = (root.path().join("lib"), root.path().join("share"));
        for (version, programs) in [
            ("15", &["postgres", "initdb"][..]),
            ("17", &["psql"]),
            ("not-a-version", &["postgres"]),
        ] {
            let bin = lib.join(version).join("bin");
            fs::create_dir_all(&bin).unwrap();
            for program in programs {
                fs::write(bin.join(program), "").unwrap();
            }
        }
        fs::create_dir_all(share.join("15/extension")).unwrap();
        fs::write(share.join("15/extension/postgis.control"), "").unwrap();
        let found = debian(&lib, &share);
        assert_eq!(
            found,
            [Installation {
                major: 15,
                bin: lib.join("15/bin"),
                postgis: true
            }]
        );
    }

    #[test]
    fn pg_config_output_is_understood_and_must_point_to_a_server() {
        let root = tempfile::tempdir().unwrap();
        let output = |version: &str| format!("{version}\n{0}\n{0}/share\n", root.path().display());
        assert_eq!(
            parse_pg_config(&output("PostgreSQL 16.4 (Homebrew)")),
            None,
            "no postgres in bindir"
        );
        for program in ["postgres", "initdb"] {
            fs::write(root.path().join(program), "").unwrap();
        }
        assert_eq!(
            parse_pg_config(&output("PostgreSQL 16.4 (Homebrew)")).unwrap().major,
            16
        );
        assert_eq!(parse_pg_config(&output("PostgreSQL 19beta1")).unwrap().major, 19);
        assert_eq!(parse_pg_config("MySQL 8\n"), None);
    }
}
