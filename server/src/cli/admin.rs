//! `vigie admin`: what an operator sets up by hand.

use std::io::BufRead;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use chrono::Utc;

use super::database::settings_beside;
use super::jobs::{Jobs, look_after};
use super::keys::{Rotation, rotate};
use super::password::{NewPassword, reset};
use super::progress::Progress;
use super::tablet::{NewTablet, create_code};
use crate::app::App;
use crate::auth::secret::random_token;
use crate::base_map;
use crate::catalog::install::{export, install, read};
use crate::catalog::model::Town;
use crate::http::problem::{FieldErrors, Problem};
use crate::people::policy::{Grant, Role};
use crate::people::staff::{NewPerson, Origin, create, prepare};
use crate::text::Locale;
use crate::vault;

/// What can be set up.
#[derive(Debug, clap::Subcommand)]
pub enum Admin {
    /// Install a town from its file, or bring an installed one to what its file says.
    CreateJurisdiction {
        /// The town file (JSON).
        #[arg(long)]
        file: PathBuf,
    },
    /// Write a town as a town file.
    ExportTown {
        /// Short name of the town.
        #[arg(long)]
        town: String,
    },
    /// Cut a town's base map into tiles, in place of the one before: a GeoJSON FeatureCollection whose features say
    /// `layer` (land, river, street or boundary), `kind` and `name`.
    BaseMap {
        /// Short name of the town.
        #[arg(long)]
        town: String,
        /// The file.
        file: PathBuf,
    },
    /// Add a person to a town, or give one a further role, also one of another town: without asking them.
    CreateUser(NewUser),
    /// Make the code that turns a tablet into a crew's; a supervisor makes later ones.
    CreateDeviceCode(NewTablet),
    /// Give a person who forgot theirs a new password, whatever towns they work for; their sessions end.
    ResetPassword(NewPassword),
    /// Put a new key in force; older ones stay for reading until they are dropped.
    RotateKeys(Rotation),
    /// Wrap the keys of all persons in the vault by the key in force.
    Rewrap,
    /// List what the workers have to do and what they gave up, with the last error; put dead jobs back.
    Jobs(Jobs),
}

/// A person to be added.
#[derive(Debug, clap::Args)]
pub struct NewUser {
    /// Short name of the town.
    #[arg(long)]
    town: String,
    /// Work address, the name to sign in with.
    #[arg(long)]
    email: String,
    /// Shown to colleagues.
    #[arg(long)]
    name: String,
    /// crew, front_desk, secretariat, supervisor or admin.
    #[arg(long)]
    role: Role,
    /// Only this service (code).
    #[arg(long)]
    service: Option<String>,
    /// Only this sector (code).
    #[arg(long)]
    sector: Option<String>,
    /// The crew (code), for the role crew.
    #[arg(long, required_if_eq("role", "crew"))]
    crew: Option<String>,
    /// Language in which they are written to: fr or en.
    #[arg(long, default_value = "fr", value_parser = locale)]
    locale: Locale,
    /// Read the password from standard input, one line; otherwise one is made and shown once, for who has no PIN.
    #[arg(long)]
    password_stdin: bool,
    /// Read the PIN for the crew's tablets, six digits, from standard input: one line, after the password's.
    #[arg(long)]
    pin_stdin: bool,
}

/// Runs it, with the application's login.
///
/// # Errors
/// What stopped it, in words for the operator.
#[expect(clippy::print_stdout, reason = "the operator wants to see what was done")]
pub async fn run(command: Admin) -> anyhow::Result<()> {
    let config = settings_beside()?;
    match command {
        Admin::RotateKeys(asked) => rotate(config, &asked).await,
        Admin::CreateJurisdiction { file } => {
            let json = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
            let town = read(&json)?;
            let app = App::build(config)?;
            let mut conn = app.db.conn().await?;
            let id = install(&mut conn, &town, Utc::now()).await?;
            println!("{} is installed as {} (number {})", town.name, town.slug, id.0);
            Ok(())
        }
        Admin::BaseMap { town, file } => {
            let geojson = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
            let features = base_map::read(&geojson)?;
            let app = App::build(config)?;
            let town = town_named(&app, &town).await?;
            let progress = Progress::spinner("Cutting the map");
            let mut tx = app.db.begin(town.id).await?;
            let tiles = base_map::replace(&mut tx, &features).await?;
            tx.commit().await?;
            progress.finish();
            println!("{} features, {tiles} tiles", features.len());
            Ok(())
        }
        Admin::ExportTown { town } => {
            let app = App::build(config)?;
            let town = town_named(&app, &town).await?;
            let mut conn = app.db.conn().await?;
            println!("{}", serde_json::to_string_pretty(&export(&mut conn, &town).await?)?);
            Ok(())
        }
        Admin::Rewrap => rewrap(&App::build(config)?).await,
        Admin::Jobs(jobs) => look_after(&App::build(config)?, &jobs, Utc::now()).await,
        Admin::CreateUser(user) => create_user(&App::build(config)?, user).await,
        Admin::CreateDeviceCode(tablet) => create_code(&App::build(config)?, tablet).await,
        Admin::ResetPassword(asked) => reset(&App::build(config)?, asked).await,
    }
}

#[expect(clippy::print_stdout, reason = "the operator wants to see what was done")]
async fn rewrap(app: &App) -> anyhow::Result<()> {
    let catalogue = app.catalogue.fresh(&app.db).await?;
    for town in catalogue.towns() {
        let progress = Progress::spinner(&format!("Wrapping the keys of {}", town.name));
        let renewed = vault::rewrap(&app.db, &app.keys, town.id).await?;
        progress.finish();
        println!("{}: {renewed} key(s) wrapped anew", town.name);
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a made password is shown once")]
async fn create_user(app: &App, user: NewUser) -> anyhow::Result<()> {
    let town = town_named(app, &user.town).await?;
    let grant = grant(&town, &user)?;
    let typed = user.password_stdin.then(|| read_line("password")).transpose()?;
    let pin = user.pin_stdin.then(|| read_line("PIN")).transpose()?;
    // Who has a PIN works on the crew's tablet: a password that nobody asked for is one more to lose.
    let made = (typed.is_none() && pin.is_none()).then(random_token).transpose()?;
    let person = NewPerson {
        email: user.email.clone(),
        name: user.name,
        locale: user.locale,
        password: typed.or_else(|| made.clone()),
        pin,
    };
    let person = prepare(&app.passwords, person, FieldErrors::default())
        .await
        .map_err(|problem| faults(&problem))?;
    let mut tx = app.db.begin(town.id).await?;
    create(&mut tx, &person, &[grant], Origin::OPERATOR, Utc::now()).await?;
    tx.commit().await?;
    println!("{} is {} in {}", user.email, user.role, town.name);
    if let Some(password) = made {
        println!("password, shown only now (a person who was there already keeps the old one): {password}");
    }
    Ok(())
}

fn grant(town: &Town, user: &NewUser) -> anyhow::Result<Grant> {
    let service = |code: &String| {
        let found = town.services.values().find(|entry| entry.code == *code);
        found
            .map(|entry| entry.id)
            .with_context(|| format!("no service {code:?} in {}", town.name))
    };
    let sector = |code: &String| {
        let found = town.sectors.iter().find(|entry| entry.code == *code);
        found
            .map(|entry| entry.id)
            .with_context(|| format!("no sector {code:?} in {}", town.name))
    };
    let crew = |code: &String| {
        let found = town.crews.values().find(|entry| entry.code == *code);
        found
            .map(|entry| entry.id)
            .with_context(|| format!("no crew {code:?} in {}", town.name))
    };
    if user.crew.is_some() && user.role != Role::Crew {
        bail!("only the role crew belongs to a crew");
    }
    Ok(Grant {
        role: user.role,
        service_id: user.service.as_ref().map(service).transpose()?,
        sector_id: user.sector.as_ref().map(sector).transpose()?,
        crew_id: user.crew.as_ref().map(crew).transpose()?,
    })
}

/// The town that the operator names.
pub(super) async fn town_named(app: &App, slug: &str) -> anyhow::Result<Arc<Town>> {
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let town = catalogue.by_slug(slug).cloned();
    town.with_context(|| format!("there is no town {slug:?}"))
}

/// A problem with the fields that it names.
pub(super) fn faults(problem: &Problem) -> anyhow::Error {
    let fields = problem
        .errors
        .iter()
        .map(|error| format!("{}: {}", error.field, error.code));
    anyhow::anyhow!("{problem}: {}", fields.collect::<Vec<_>>().join(", "))
}

fn locale(tag: &str) -> Result<Locale, String> {
    Locale::from_tag(tag).ok_or_else(|| format!("{tag:?} is neither fr nor en"))
}

pub(super) fn read_line(what: &str) -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .with_context(|| format!("reading the {what}"))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
