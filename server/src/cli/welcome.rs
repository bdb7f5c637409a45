//! What `vigie run` says when it is ready: where it is, who may sign in, and a first report to try.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::Utc;
use serde_json::json;
use vigie_fixtures as invented;

use crate::app::App;
use crate::demo::SLUG;
use crate::demo::people::{Account, PASSWORD, PIN, accounts};

/// Says it.
///
/// # Errors
/// When the sample photo cannot be written.
pub async fn say(app: &App, is_demo: bool) -> anyhow::Result<()> {
    let url = &app.config.public_url;
    let mut text = format!(
        "\nVigie is ready.\n\n  \
         start here   {url}/\n  \
         crew's app   {url}/equipe/\n  \
         API          {url}/docs\n  \
         metrics      http://{}/metrics\n  \
         data         {}\n",
        app.config.metrics_listen,
        app.config.data_dir.display()
    );
    if app.config.keeps_mail() {
        text += &format!("  mails        {url}/kept-mail\n");
    }
    if is_demo {
        text += &demo(app).await?;
    }
    text += "\nCtrl-C stops it; starting again keeps everything.\n";
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}

async fn demo(app: &App) -> anyhow::Result<String> {
    let town = invented::Town::ingeville();
    let photo = sample_photo(&app.config.data_dir).await?;
    let mut text = format!("\nDemo town {}. Everybody's password: {PASSWORD}\n\n", town.name.fr);
    for account in accounts(&town) {
        let pin = if account.crew.is_some() {
            format!("  (PIN on an enrolled tablet: {PIN})")
        } else {
            String::new()
        };
        text += &format!("  {:<12} {}{pin}\n", account.role, account.email);
    }
    let url = &app.config.public_url;
    text += &format!(
        "\nA first report, with a photo; the answer's \"page\" follows it in a browser:\n\n  \
         curl -s {url}/v1/reports \\\n    -F 'report={};type=application/json' \\\n    -F 'photo=@{};type=image/jpeg'\n",
        sample_report(&town),
        photo.display()
    );
    if let Some(crew) = accounts(&town).into_iter().find(|account| account.crew.is_some()) {
        text += &tablet(app, &town, &crew).await?;
        let body = json!({"email": crew.email, "password": PASSWORD});
        text += &format!(
            "\nA crew's tasks, in their order:\n\n  \
             TOKEN=$(curl -s {url}/v1/auth/sign-in -H 'Content-Type: application/json' \\\n    \
             -d '{body}' | sed 's/.*\"access_token\":\"\\([^\"]*\\).*/\\1/')\n  \
             curl -s {url}/v1/tasks -H \"Authorization: Bearer $TOKEN\"\n"
        );
    }
    Ok(text)
}

/// How a browser becomes the crew's tablet.
async fn tablet(app: &App, town: &invented::Town, crew: &Account) -> anyhow::Result<String> {
    let catalogue = app.catalogue.fresh(&app.db).await?;
    let installed = catalogue.by_slug(SLUG).context("the demo town is not there")?;
    let found = installed
        .crews
        .values()
        .find(|known| Some(&known.code) == crew.crew.as_ref());
    let supervisor = accounts(town).into_iter().find(|account| account.role == "supervisor");
    let (Some(found), Some(supervisor)) = (found, supervisor) else {
        return Ok(String::new());
    };
    let (url, who) = (
        &app.config.public_url,
        json!({"email": supervisor.email, "password": PASSWORD}),
    );
    Ok(format!(
        "\nThe crew's tablet: {url}/equipe/ asks for a code, which a supervisor makes (good for ten minutes):\n\n  \
         TOKEN=$(curl -s {url}/v1/auth/sign-in -H 'Content-Type: application/json' \\\n    \
         -d '{who}' | sed 's/.*\"access_token\":\"\\([^\"]*\\).*/\\1/')\n  \
         curl -s {url}/v1/devices -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\\n    \
         -d '{}' | sed 's/.*\"code\":\"\\([^\"]*\\).*/\\1\\n/'\n",
        json!({"name": found.name, "crew_id": found.id}),
    ))
}

/// A pothole in the middle of the town.
fn sample_report(town: &invented::Town) -> serde_json::Value {
    let door = town.streets.iter().find(|street| street.sector == "centre");
    let door = door.and_then(|street| street.house_numbers.first());
    let position = door.map_or_else(
        || town.boundary.first().copied().unwrap_or_default(),
        |door| door.position,
    );
    json!({
        "category": "nid-de-poule",
        "position": {"type": "Point", "coordinates": position},
        "accuracy_m": 8,
        "position_source": "gps",
        "description": "Un trou devant le passage piéton",
        "contact": {"email": "camille@example.org", "preferred": "email"},
    })
}

async fn sample_photo(data_dir: &Path) -> anyhow::Result<PathBuf> {
    let path = data_dir.join("demo").join("pothole.jpg");
    if path.exists() {
        return Ok(path);
    }
    let file = path.clone();
    let write = move || -> anyhow::Result<()> {
        let spec = invented::PhotoSpec {
            scene: 1,
            subject: invented::Subject::Pothole,
            viewpoint: 1,
            taken_at: Utc::now(),
            orientation: 6,
            position: None,
        };
        let bytes = invented::photo::jpeg_of(&spec, invented::photo::Size::TEST)?;
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&file, bytes).with_context(|| format!("writing {}", file.display()))
    };
    tokio::task::spawn_blocking(write).await??;
    Ok(path)
}
