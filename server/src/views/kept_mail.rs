//! The mails, and the text messages, that `vigie run` kept because no relay and no gateway is set: for the demo and for trying
//! Vigie out. Served on loopback only, because whoever reads here reads everyone's mail.

use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::{HttpResponse, get, web};
use askama::Template;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::app::App;
use crate::clients::sms::Sms;
use crate::clients::{KeptMail, kept_mail, kept_mails, kept_texts};
use crate::http::client::Client;
use crate::http::problem::{Kind, Problem, ProblemBody};

/// Mails on the page, and text messages.
const SHOWN: usize = 200;
/// A mail is shown in a frame of its own.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; \
     frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// Mails carry their style in attributes, as mail programs demand; nothing else of them works: no script, no form, no
/// origin, nothing from anywhere.
const MAIL_POLICY: &str = "sandbox; default-src 'none'; style-src-attr 'unsafe-inline'; frame-ancestors 'self'; \
     base-uri 'none'; form-action 'none'";

#[derive(Template)]
#[template(path = "kept_mail.html")]
struct Page<'a> {
    lang: &'a str,
    title: &'a str,
    none: &'a str,
    back: &'a str,
    explained: &'a str,
    as_text: &'a str,
    lines: &'a [Line],
    open: Option<&'a KeptMail>,
}

/// A message on the page.
struct Line {
    /// Of a mail, its own page.
    page: Option<Uuid>,
    /// A mail's subject, or a whole text message.
    words: String,
    /// To whom.
    to: String,
    at: DateTime<Utc>,
}

impl From<KeptMail> for Line {
    fn from(mail: KeptMail) -> Self {
        Self {
            page: Some(mail.id),
            words: mail.subject,
            to: mail.to.join(", "),
            at: mail.at,
        }
    }
}

impl From<(Sms, DateTime<Utc>)> for Line {
    fn from((sms, at): (Sms, DateTime<Utc>)) -> Self {
        Self {
            page: None,
            words: sms.text,
            to: format!("SMS {}", sms.to),
            at,
        }
    }
}

fn page(app: &App, client: &Client, lines: &[Line], open: Option<&KeptMail>) -> Result<HttpResponse, Problem> {
    let say = |part: &str| app.texts.say(client.locale, &format!("page-kept-mail-{part}"), &[]);
    let page = Page {
        lang: client.locale.as_str(),
        title: &say("title"),
        none: &say("none"),
        back: &say("back"),
        explained: &say("explained"),
        as_text: &say("as-text"),
        lines,
        open,
    };
    let html = page.render().map_err(Problem::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(html))
}

/// Whether mails are kept, and on an installation that nobody else can reach: by its public address, which is loopback when
/// nobody set it, and by where it listens.
pub(super) fn is_shown(app: &App) -> bool {
    let host = app.config.public_host();
    let loopback = host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    app.config.keeps_mail() && loopback && app.config.listen.ip().is_loopback()
}

fn shown(app: &App) -> Result<(), Problem> {
    if is_shown(app) {
        Ok(())
    } else {
        Err(Problem::new(Kind::NotFound))
    }
}

/// Mails and text messages that were kept instead of sent, newest first. Only with `vigie run`, without a mail relay, and on loopback.
#[utoipa::path(operation_id = "list_kept_mail", tag = "operation", responses(
    (status = 200, description = "A page.", body = String, content_type = "text/html"),
    (status = 404, description = "Not here.", body = ProblemBody, content_type = "application/problem+json"),
))]
#[get("/kept-mail")]
pub async fn list_kept_mail(app: web::Data<App>, client: Client) -> Result<HttpResponse, Problem> {
    shown(&app)?;
    let (mails, texts) = (app.config.kept_mail(), app.config.kept_texts());
    let (mails, texts) =
        tokio::try_join!(kept_mails(&mails, SHOWN), kept_texts(&texts, SHOWN)).map_err(Problem::internal)?;
    let mut lines: Vec<Line> = mails.into_iter().map(Line::from).collect();
    lines.extend(texts.into_iter().map(Line::from));
    lines.sort_by_key(|line| std::cmp::Reverse(line.at));
    page(&app, &client, &lines, None)
}

/// A mail that was kept instead of sent.
#[utoipa::path(operation_id = "read_kept_mail", tag = "operation", params(("id" = Uuid, Path, description = "Mail.")), responses(
    (status = 200, description = "A page.", body = String, content_type = "text/html"),
    (status = 404, description = "Not here.", body = ProblemBody, content_type = "application/problem+json"),
))]
#[get("/kept-mail/{id}")]
pub async fn read_kept_mail(
    app: web::Data<App>,
    client: Client,
    path: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    shown(&app)?;
    let found = kept_mail(&app.config.kept_mail(), *path)
        .await
        .map_err(Problem::internal)?;
    let mail = found.ok_or_else(|| Problem::new(Kind::NotFound))?;
    page(&app, &client, &[], Some(&mail))
}

/// The HTML of a mail that was kept instead of sent, for the frame of its page.
#[utoipa::path(operation_id = "show_kept_mail", tag = "operation", params(("id" = Uuid, Path, description = "Mail.")), responses(
    (status = 200, description = "The mail.", body = String, content_type = "text/html"),
    (status = 404, description = "Not here.", body = ProblemBody, content_type = "application/problem+json"),
))]
#[get("/kept-mail/{id}/html")]
pub async fn show_kept_mail(app: web::Data<App>, path: web::Path<Uuid>) -> Result<HttpResponse, Problem> {
    shown(&app)?;
    let found = kept_mail(&app.config.kept_mail(), *path)
        .await
        .map_err(Problem::internal)?;
    let mail = found.ok_or_else(|| Problem::new(Kind::NotFound))?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, MAIL_POLICY))
        .body(mail.html))
}
