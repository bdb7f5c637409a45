//! Settings, all from the environment; `deploy/vigie.env.sample` documents each one and a test holds it against this file.

mod env;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use chrono::TimeDelta;
use secrecy::SecretString;

pub use env::{Environment, Fault, Faults};

use crate::http::limits::Budgets;

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the API listens.
    pub listen: SocketAddr,
    /// Where the metrics of `vigie serve` and `vigie run` listen; never public.
    pub metrics_listen: SocketAddr,
    /// Where those of `vigie work` listen: beside the server on the same machine.
    pub work_metrics_listen: SocketAddr,
    /// Address by which people reach the API; links in messages start with it. No slash at the end.
    pub public_url: String,
    /// Keys, photos, kept mails and the private database live here.
    pub data_dir: PathBuf,
    /// Database logins.
    pub database: Database,
    /// Where photos are kept.
    pub photos: Photos,
    /// Mail relay; `None`: mails wait for one.
    pub smtp: Option<SecretString>,
    /// SMS gateway; `None`: nobody is told by text message.
    pub sms: Option<SmsGateway>,
    /// Without relay or gateway, what would be sent is kept in the data folder and counts as sent. For trying Vigie out
    /// only: `vigie run` sets it, and no setting does, so that no town loses its residents' messages by it.
    pub keep_messages: bool,
    /// Request budgets.
    pub budgets: Budgets,
    /// How many messages people get.
    pub messages: MessageLimits,
    /// Longest time between two refreshes of a session, whose own length (12 h, on a tablet 72 h) is the other limit.
    pub session_idle: TimeDelta,
    /// A MapLibre style of the town's own for its maps, a path at [`Config::public_url`]; `None`: the base map that was imported.
    pub map_style_url: Option<String>,
    /// Origins of web pages that may call the API.
    pub cors_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Waits before the second, third... try of a message; after the last it is given up.
    pub retry_schedule: Vec<Duration>,
    /// How long the original of a photo is kept.
    pub original_photo_hours: u32,
    /// Worker's rest between two looks for work, when nothing woke it.
    pub worker_rest: Duration,
    /// Photos decoded at once.
    pub decoders: usize,
}

/// Database logins, see [`crate::db::roles`].
#[derive(Clone, Debug)]
pub struct Database {
    /// The owner's: migrations only. `None`: a private PostgreSQL (`vigie run`), or not needed.
    pub owner_url: Option<SecretString>,
    /// The application's.
    pub app_url: Option<SecretString>,
    /// The vault's.
    pub vault_url: Option<SecretString>,
    /// Connections of the application's pool.
    pub pool: usize,
}

impl Database {
    fn read(env: &mut Environment) -> Self {
        Self {
            owner_url: env.database("DATABASE_URL"),
            app_url: env.database("VIGIE_APP_DATABASE_URL"),
            vault_url: env.database("VIGIE_VAULT_DATABASE_URL"),
            pool: env.between("VIGIE_DATABASE_POOL", 8, 1..=200),
        }
    }
}

/// What `vigie migrate` needs: it is given no secret but the database's.
#[derive(Clone, Debug)]
pub struct Foundation {
    /// As in [`Config`].
    pub data_dir: PathBuf,
    /// As in [`Config`].
    pub database: Database,
}

impl Foundation {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// Every wrong setting of these, together.
    pub fn from_process() -> Result<Self, Faults> {
        Self::read(&mut Environment::of_process())
    }

    /// Reads an environment.
    ///
    /// # Errors
    /// Every wrong setting of these, together.
    pub fn read(env: &mut Environment) -> Result<Self, Faults> {
        let foundation = Self {
            data_dir: data_dir(env),
            database: Database::read(env),
        };
        env.finish_part(foundation)
    }
}

/// Where photos are kept.
#[derive(Clone, Debug)]
pub enum Photos {
    /// A folder of the data folder.
    Folder,
    /// An S3-compatible store.
    S3 {
        /// Address of the service.
        endpoint: String,
        /// Region, as the service names it.
        region: String,
        /// Bucket.
        bucket: String,
        /// Access key.
        access_key: String,
        /// Secret key.
        secret_key: SecretString,
    },
}

/// How many messages people get. The database counts, so that they hold for all processes together.
#[derive(Clone, Copy, Debug)]
pub struct MessageLimits {
    /// Reports per hour of which one address or number is told; four times as many a day.
    pub per_recipient: NonZeroU32,
    /// Text messages per hour of one town; past it, new reports are told by none.
    pub sms_per_town: NonZeroU32,
}

/// An HTTP gateway that takes `POST {"to", "text", "id"}`.
#[derive(Clone, Debug)]
pub struct SmsGateway {
    /// Its address.
    pub url: String,
    /// Bearer token.
    pub token: Option<SecretString>,
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// Every wrong or missing setting, together.
    pub fn from_process() -> Result<Self, Faults> {
        Self::read(&mut Environment::of_process())
    }

    /// Reads an environment.
    ///
    /// # Errors
    /// Every wrong or missing setting, together.
    pub fn read(env: &mut Environment) -> Result<Self, Faults> {
        let listen: SocketAddr = env.parsed("VIGIE_LISTEN", "127.0.0.1:8080");
        let config = Self {
            listen,
            metrics_listen: env.parsed("VIGIE_METRICS_LISTEN", "127.0.0.1:9464"),
            work_metrics_listen: env.parsed("VIGIE_WORK_METRICS_LISTEN", "127.0.0.1:9465"),
            public_url: env.url("VIGIE_PUBLIC_URL", &local_url(listen)),
            data_dir: data_dir(env),
            database: Database::read(env),
            photos: photos(env),
            smtp: env.secret("VIGIE_SMTP_URL"),
            sms: sms(env),
            keep_messages: false,
            budgets: Budgets {
                submit_per_hour: env.parsed("VIGIE_SUBMITS_PER_HOUR", "120"),
                guess_per_hour: env.parsed("VIGIE_GUESSES_PER_HOUR", "60"),
                read_per_hour: env.parsed("VIGIE_READS_PER_HOUR", "7200"),
                staff_per_hour: env.parsed("VIGIE_STAFF_PER_HOUR", "36000"),
                reveal_per_hour: env.parsed("VIGIE_REVEALS_PER_HOUR", "120"),
            },
            messages: MessageLimits {
                per_recipient: env.parsed("VIGIE_MESSAGES_PER_RECIPIENT", "5"),
                sms_per_town: env.parsed("VIGIE_SMS_PER_HOUR", "200"),
            },
            session_idle: session_idle(env),
            map_style_url: env.path("VIGIE_MAP_STYLE_URL"),
            cors_origins: env.list("VIGIE_CORS_ORIGINS", ""),
            trusted_proxies: env.parsed_list("VIGIE_TRUSTED_PROXIES", ""),
            retry_schedule: env.durations("VIGIE_RETRY_SCHEDULE", "5s,1m,5m,30m,2h,5h,10h,10h"),
            original_photo_hours: env.between("VIGIE_ORIGINAL_PHOTO_HOURS", 72, 1..=8_760),
            worker_rest: env.duration("VIGIE_WORKER_REST", "2s"),
            decoders: env.between("VIGIE_PHOTO_DECODERS", 2, 1..=64),
        };
        env.finish(config)
    }

    /// Folder of the mails that were kept instead of sent.
    #[must_use]
    pub fn kept_mail(&self) -> PathBuf {
        self.data_dir.join("mail")
    }

    /// Folder of the text messages that were kept instead of sent.
    #[must_use]
    pub fn kept_texts(&self) -> PathBuf {
        self.data_dir.join("sms")
    }

    /// Whether mails are kept instead of sent.
    #[must_use]
    pub const fn keeps_mail(&self) -> bool {
        self.keep_messages && self.smtp.is_none()
    }

    /// Host name of the public address; the right side of message ids.
    #[must_use]
    pub fn public_host(&self) -> &str {
        let rest = self
            .public_url
            .split_once("://")
            .map_or(self.public_url.as_str(), |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        match authority.strip_prefix('[').and_then(|six| six.split_once(']')) {
            Some((address, _)) => address,
            None => authority.split(':').next().unwrap_or_default(),
        }
    }
}

fn data_dir(env: &mut Environment) -> PathBuf {
    env.parsed("VIGIE_DATA_DIR", "var")
}

/// An access token lives 15 minutes, so that whoever works refreshes that often.
fn session_idle(env: &mut Environment) -> TimeDelta {
    let least = Duration::from_secs(20 * 60);
    let idle = env.duration_from("VIGIE_SESSION_IDLE", "720h", least);
    TimeDelta::from_std(idle).unwrap_or(TimeDelta::MAX)
}

/// Address by which this machine reaches a listener.
fn local_url(listen: SocketAddr) -> String {
    let mut reached = listen;
    if listen.ip().is_unspecified() {
        reached.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    format!("http://{reached}")
}

fn photos(env: &mut Environment) -> Photos {
    match env.choice("VIGIE_PHOTO_STORE", "folder", &["folder", "s3"]).as_str() {
        "s3" => Photos::S3 {
            endpoint: env.required("VIGIE_S3_ENDPOINT"),
            region: env.text("VIGIE_S3_REGION", "us-east-1"),
            bucket: env.required("VIGIE_S3_BUCKET"),
            access_key: env.required("VIGIE_S3_ACCESS_KEY"),
            secret_key: env.required("VIGIE_S3_SECRET_KEY").into(),
        },
        _ => Photos::Folder,
    }
}

fn sms(env: &mut Environment) -> Option<SmsGateway> {
    let token = env.secret("VIGIE_SMS_GATEWAY_TOKEN");
    let url = env.text("VIGIE_SMS_GATEWAY_URL", "");
    (!url.is_empty()).then_some(SmsGateway { url, token })
}

/// Requests per hour without any real limit: for benchmarks, races and imports.
pub const UNLIMITED: NonZeroU32 = NonZeroU32::MAX;
