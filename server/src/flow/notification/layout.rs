//! Lays a message out: as text, as HTML, as a letter, as a small page. The templates stand in `server/templates/`; HTML is
//! escaped by the library, everywhere.

use askama::Template;

use super::content::Content;
use crate::http::problem::Problem;

#[derive(Template)]
#[template(path = "mail.txt")]
struct Text<'a> {
    content: &'a Content,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    content: &'a Content,
}

/// A letter to print.
#[derive(Template)]
#[template(path = "letter.html")]
pub struct Letter<'a> {
    /// What it says.
    pub content: &'a Content,
    /// Postal address of the sender.
    pub from: &'a str,
    /// Name and postal address of the reader.
    pub to: &'a str,
    /// Day in words.
    pub date: &'a str,
    /// Closing formula.
    pub thanks: &'a str,
}

/// A page with one question and one button, or with the answer.
#[derive(Template)]
#[template(path = "question.html")]
pub struct Question<'a> {
    /// Language code.
    pub lang: &'a str,
    /// Heading.
    pub title: &'a str,
    /// The question, or what was done.
    pub words: &'a str,
    /// Address and words of the button.
    pub form: Option<(&'a str, &'a str)>,
}

/// A message as text.
///
/// # Errors
/// When the template cannot be filled.
pub fn text(content: &Content) -> Result<String, Problem> {
    Text { content }.render().map_err(Problem::internal)
}

/// A message as HTML.
///
/// # Errors
/// When the template cannot be filled.
pub fn html(content: &Content) -> Result<String, Problem> {
    Html { content }.render().map_err(Problem::internal)
}
