//! Composition root: from settings to everything that handlers and jobs need.

use std::sync::Arc;

use anyhow::Context;
use secrecy::ExposeSecret;
use tokio::sync::Notify;

use crate::auth::keys::KeyRing;
use crate::auth::password::Passwords;
use crate::catalog::cache::CatalogueCache;
use crate::clients::mail::{self, Mailer};
use crate::clients::sms::{self, SmsGateway};
use crate::config::Config;
use crate::db::Db;
use crate::flow::photo::decode::{Decoder, DecoderSettings};
use crate::flow::photo::store::{self, PhotoStore};
use crate::http::bodies::Bodies;
use crate::http::limits::Limits;
use crate::live::Hub;
use crate::telemetry::Metrics;
use crate::text::Texts;

/// Everything that handlers and jobs need; cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Settings.
    pub config: Arc<Config>,
    /// Database pools.
    pub db: Db,
    /// Keys.
    pub keys: Arc<KeyRing>,
    /// Password hashing.
    pub passwords: Passwords,
    /// Texts for people.
    pub texts: Arc<Texts>,
    /// Towns, categories, services.
    pub catalogue: Arc<CatalogueCache>,
    /// Where the bytes of photos are.
    pub photos: Arc<dyn PhotoStore>,
    /// Reads photos in processes of their own.
    pub decoder: Arc<Decoder>,
    /// Rate limits.
    pub limits: Arc<Limits>,
    /// Bodies that are being read.
    pub bodies: Arc<Bodies>,
    /// Sends mails, or keeps them (`vigie run`); `None`: there is no relay, and mails wait for one.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Sends text messages, or keeps them (`vigie run`); `None`: there is no gateway, and nobody is promised one.
    pub sms: Option<Arc<dyn SmsGateway>>,
    /// Counters.
    pub metrics: Metrics,
    /// Wakes this process's worker after a commit that left work.
    pub wake: Arc<Notify>,
    /// Tells who listens what changes.
    pub live: Arc<Hub>,
}

impl App {
    /// Builds it. No connection is made yet.
    ///
    /// # Errors
    /// When a needed setting, key or part is missing.
    pub fn build(config: Config) -> anyhow::Result<Self> {
        let url = |setting: &Option<secrecy::SecretString>, name: &str| {
            setting
                .as_ref()
                .map(|url| url.expose_secret().to_owned())
                .with_context(|| format!("{name} must be given"))
        };
        let app_url = url(&config.database.app_url, "VIGIE_APP_DATABASE_URL")?;
        let vault_url = url(&config.database.vault_url, "VIGIE_VAULT_DATABASE_URL")?;
        let keys = KeyRing::load(&KeyRing::path(&config.data_dir))?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Ok(Self {
            db: Db::new(&app_url, &vault_url, config.database.pool)?,
            keys: Arc::new(keys),
            passwords: Passwords::new(cores)?,
            texts: Arc::new(Texts::load()),
            catalogue: Arc::new(CatalogueCache::default()),
            photos: store::open(&config)?,
            decoder: Arc::new(decoder(config.decoders)?),
            limits: Arc::new(Limits::new(config.budgets)),
            bodies: Arc::default(),
            mailer: mailer(&config)?,
            sms: sms(&config)?,
            metrics: Metrics::new()?,
            wake: Arc::new(Notify::new()),
            live: Arc::default(),
            config: Arc::new(config),
        })
    }
}

/// The decoder is this very program. A test's process is another one: it says by `VIGIE_BIN` where the program is, or lies
/// in the folder `deps` beside it.
fn decoder(derivers: usize) -> anyhow::Result<Decoder> {
    let running = std::env::current_exe().context("finding this program")?;
    let beside = running.ancestors().nth(2).map(|folder| folder.join("vigie"));
    let program = match (std::env::var_os("VIGIE_BIN"), beside) {
        _ if running.file_name() == Some("vigie".as_ref()) => running,
        (Some(program), _) => std::path::absolute(program)?,
        (None, Some(beside)) if beside.is_file() => beside,
        _ => running,
    };
    let settings = DecoderSettings {
        derivers,
        ..DecoderSettings::default()
    };
    Ok(Decoder::new(program, settings))
}

fn mailer(config: &Config) -> anyhow::Result<Option<Arc<dyn Mailer>>> {
    let mailer: Arc<dyn Mailer> = match &config.smtp {
        Some(url) => Arc::new(mail::Smtp::new(url)?),
        None if config.keep_messages => Arc::new(mail::Kept(config.kept_mail())),
        None => return Ok(None),
    };
    Ok(Some(mailer))
}

fn sms(config: &Config) -> anyhow::Result<Option<Arc<dyn SmsGateway>>> {
    let gateway: Arc<dyn SmsGateway> = match &config.sms {
        Some(gateway) => Arc::new(sms::HttpGateway::new(gateway.url.clone(), gateway.token.clone())?),
        None if config.keep_messages => Arc::new(sms::Kept(config.kept_texts())),
        None => return Ok(None),
    };
    Ok(Some(gateway))
}
