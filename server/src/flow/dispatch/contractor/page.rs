//! The page in words: everything that the template shows, in the reader's language.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY};
use askama::Template;

use super::form::{ContractorOutcome, Typed};
use super::sheet::Sheet;
use crate::http::problem::{FieldError, Kind, Problem};
use crate::text::{Locale, Texts};

/// The server's stylesheet and pictures, one form to this server, no script.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Words of the page by their names.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// All texts.
    pub texts: &'a Texts,
    /// The reader's language.
    pub locale: Locale,
}

impl Words<'_> {
    fn say(&self, id: &str) -> String {
        self.texts.say(self.locale, &format!("contractor-{id}"), &[])
    }

    fn say_outcome(&self, outcome: &ContractorOutcome) -> String {
        self.say(&format!("outcome-{outcome}"))
    }

    fn say_with(&self, id: &str, name: &'static str, value: &str) -> String {
        self.texts
            .say(self.locale, &format!("contractor-{id}"), &[(name, value.into())])
    }
}

/// Something that is to be corrected.
struct Lack {
    /// Name of the field, as the form has it.
    field: String,
    message: String,
}

/// What is to be corrected, and what is to be said besides.
#[derive(Default)]
pub struct Lacks {
    notice: Option<String>,
    fields: Vec<Lack>,
}

impl Lacks {
    /// Of an answer that was not taken in; the problem itself when the page has no words for it.
    ///
    /// # Errors
    /// The problem.
    pub fn of(problem: Problem, words: Words<'_>) -> Result<Self, Problem> {
        let notice = |id| Self {
            notice: Some(words.say(id)),
            fields: Vec::new(),
        };
        match problem.kind {
            Kind::Invalid => Ok(Self {
                notice: Some(words.say("lacks-photos")),
                fields: problem.errors.iter().map(|error| lack(error, words)).collect(),
            }),
            Kind::PhotoRefused => Ok(Self {
                notice: Some(words.say("lacks-photos")),
                fields: vec![refused_photo(&problem, words)],
            }),
            Kind::IllegalStep => Ok(notice("not-now")),
            Kind::IdTaken => Ok(notice("twice")),
            Kind::Unavailable => Ok(notice("away")),
            _ => Err(problem),
        }
    }
}

fn lack(error: &FieldError, words: Words<'_>) -> Lack {
    // The step asks for the photo by the name that it has in the API.
    let field = match &*error.field {
        "photo_ids" => "photo",
        field => field,
    };
    let message = match (field, error.code) {
        ("photo", "required") => words.say("photo-needed"),
        ("words", "required") => words.say("words-needed"),
        (_, code) => words.texts.say(words.locale, &format!("field-{code}"), &error.args),
    };
    Lack {
        field: field.to_owned(),
        message,
    }
}

fn refused_photo(problem: &Problem, words: Words<'_>) -> Lack {
    let member = |name: &str| {
        let value = problem.members.get(name);
        value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let args = [
        ("number", member("number").unwrap_or_default().into()),
        ("why", member("reason_text").unwrap_or_default().into()),
    ];
    Lack {
        field: "photo".to_owned(),
        message: words.texts.say(words.locale, "contractor-photo-refused", &args),
    }
}

/// A form to fill in.
pub struct Form {
    /// Where it is sent to, with the link's signature.
    pub action: String,
    /// What stands in it.
    pub typed: Typed,
    /// What is to be corrected.
    pub lacks: Lacks,
}

impl Form {
    fn lack(&self, field: &str) -> Option<&str> {
        let lack = self.lacks.fields.iter().find(|lack| lack.field == field);
        lack.map(|lack| lack.message.as_str())
    }

    fn is_chosen(&self, outcome: &ContractorOutcome) -> bool {
        self.typed.get("outcome") == outcome.as_str()
    }
}

/// What the page is about.
pub enum View<'a> {
    /// A link that is none, or no longer.
    Wrong,
    /// The task is over; what was typed when it was, if anything.
    Over(&'a Sheet, &'a Typed),
    /// The task, and its form.
    Open(&'a Sheet, Form),
}

#[derive(Template)]
#[template(path = "contractor.html")]
struct Page<'a> {
    words: Words<'a>,
    language: &'static str,
    title: String,
    /// An answer was just taken in.
    sent: bool,
    sheet: Option<&'a Sheet>,
    /// Words that came too late.
    late: Option<&'a str>,
    form: Option<Form>,
}

/// The page as an answer.
///
/// # Errors
/// When the template cannot be filled.
pub fn answer(words: Words<'_>, status: StatusCode, view: View<'_>, sent: bool) -> Result<HttpResponse, Problem> {
    let title = |sheet: &Sheet| words.say_with("title", "reference", &sheet.reference);
    let language = words.locale.as_str();
    let page = match view {
        View::Wrong => Page {
            title: words.say("wrong-title"),
            sheet: None,
            late: None,
            form: None,
            sent: false,
            words,
            language,
        },
        View::Over(sheet, typed) => Page {
            title: title(sheet),
            sheet: Some(sheet),
            late: Some(typed.get("words")).filter(|words| !words.is_empty()),
            form: None,
            sent,
            words,
            language,
        },
        View::Open(sheet, form) => Page {
            title: title(sheet),
            sheet: Some(sheet),
            late: None,
            form: Some(form),
            sent,
            words,
            language,
        },
    };
    let html = page.render().map_err(Problem::internal)?;
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CONTENT_LANGUAGE, language))
        .body(html))
}
