//! argon2id, off the async threads and never more at once than there are cores: a flood of sign-ins costs neither memory
//! nor the intake of reports.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::http::problem::{Kind, Problem};

/// Longest password that is hashed, bytes.
pub const MAX_PASSWORD: usize = 1_000;
/// Sign-ins that may wait for a free core; the rest hears "too many".
const WAITING: usize = 64;

/// Hashes and checks passwords and PINs.
#[derive(Clone)]
pub struct Passwords {
    cores: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// Checked when there is no such person, so that both take the same time.
    decoy: Arc<str>,
}

impl Passwords {
    /// At most `cores` hashes at once.
    ///
    /// # Errors
    /// When hashing does not work at all.
    pub fn new(cores: usize) -> anyhow::Result<Self> {
        let decoy = hash(b"nobody has this password").map_err(|error| anyhow::anyhow!("argon2id: {error}"))?;
        Ok(Self {
            cores: Arc::new(Semaphore::new(cores.max(1))),
            queue: Arc::new(Semaphore::new(WAITING)),
            decoy: decoy.into(),
        })
    }

    /// The hash of a password, as a PHC string.
    ///
    /// # Errors
    /// [`Kind::TooManyRequests`] when too many wait.
    pub async fn hash(&self, password: String) -> Result<String, Problem> {
        self.work(move || hash(password.as_bytes()).map_err(Problem::internal))
            .await?
    }

    /// Whether a password is the stored one. Without a stored one the answer is no, in the same time.
    ///
    /// # Errors
    /// [`Kind::TooManyRequests`] when too many wait.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, Problem> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.to_string());
        let same = self.work(move || verify(password.as_bytes(), &stored)).await?;
        Ok(same && known)
    }

    /// The hash to store instead, if the stored one was made with other parameters than today's. Only where the password was
    /// found right: a hash that is only read never gets stronger.
    ///
    /// # Errors
    /// [`Kind::TooManyRequests`] when too many wait.
    pub async fn renewed(&self, password: String, stored: &str) -> Result<Option<String>, Problem> {
        if is_current(stored) {
            return Ok(None);
        }
        self.hash(password).await.map(Some)
    }

    async fn work<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let busy = || Problem::new(Kind::TooManyRequests).retry_after(2);
        let _place = self.queue.clone().try_acquire_owned().map_err(|_| busy())?;
        let core = self.cores.clone().acquire_owned().await.map_err(Problem::internal)?;
        tokio::task::spawn_blocking(move || {
            let result = job();
            drop(core);
            result
        })
        .await
        .map_err(Problem::internal)
    }
}

/// OWASP's first recommendation for argon2id: 19 MiB, two passes, one lane.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

/// Whether a stored hash was made by today's algorithm, version and costs.
fn is_current(stored: &str) -> bool {
    let Ok(stored) = PasswordHash::new(stored) else {
        return false;
    };
    let ours = argon2();
    let params = ours.params();
    let costs = ["m", "t", "p"].map(|name| stored.params.get_decimal(name));
    stored.algorithm.as_str() == Algorithm::Argon2id.ident().as_str()
        && stored.version == Some(Version::V0x13.into())
        && costs == [Some(params.m_cost()), Some(params.t_cost()), Some(params.p_cost())]
}

fn hash(password: &[u8]) -> Result<String, argon2::password_hash::Error> {
    argon2().hash_password(password).map(|hash| hash.to_string())
}

fn verify(password: &[u8], stored: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|hash| argon2().verify_password(password, &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weaker(password: &str) -> String {
        let params = Params::new(8 * 1024, 1, 1, None).unwrap();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password(password.as_bytes()).unwrap().to_string()
    }

    #[tokio::test]
    async fn a_hash_of_other_costs_is_renewed_once() {
        let passwords = Passwords::new(1).unwrap();
        let old = weaker("the right one");
        assert!(
            passwords
                .verify("the right one".to_owned(), Some(old.clone()))
                .await
                .unwrap()
        );
        let new = passwords
            .renewed("the right one".to_owned(), &old)
            .await
            .unwrap()
            .unwrap();
        assert!(
            passwords
                .verify("the right one".to_owned(), Some(new.clone()))
                .await
                .unwrap()
        );
        assert_eq!(passwords.renewed("the right one".to_owned(), &new).await.unwrap(), None);
    }

    #[test]
    fn a_hash_of_another_kind_is_not_todays() {
        assert!(!is_current(&weaker("x")));
        assert!(is_current(&hash(b"x").unwrap()));
        assert!(!is_current(&hash(b"x").unwrap().replace("argon2id", "argon2i")));
        assert!(!is_current("no hash at all"));
    }
}
