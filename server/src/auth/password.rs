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

fn hash(password: &[u8]) -> Result<String, argon2::password_hash::Error> {
    argon2().hash_password(password).map(|hash| hash.to_string())
}

fn verify(password: &[u8], stored: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|hash| argon2().verify_password(password, &hash).is_ok())
}
