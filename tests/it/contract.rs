//! The API's description is complete, and every word that an answer may need exists in both languages.

use std::collections::BTreeSet;

use serde_json::Value;
use vigie::http::problem::Kind;
use vigie::text::{Locale, Texts};
use vigie_tests::contract::{Operation, contract};
use vigie_tests::repository;

fn each(mut fault: impl FnMut(&Operation) -> Option<String>) {
    let operations = &contract().operations;
    assert!(!operations.is_empty());
    let faults: Vec<String> = operations
        .iter()
        .filter_map(|operation| Some(format!("{}: {}", operation.id, fault(operation)?)))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default().trim()
}

#[test]
fn every_operation_says_what_it_does() {
    each(|operation| {
        let document = &operation.document;
        let tags = contract().document["tags"].as_array().expect("tags");
        let known = |tag: &Value| tags.iter().any(|known| known["name"] == *tag);
        let tagged = document["tags"]
            .as_array()
            .is_some_and(|own| own.len() == 1 && own.iter().all(known));
        if text(document, "summary").is_empty() {
            Some("no summary".to_owned())
        } else if !tagged {
            Some(format!("not exactly one known tag: {}", document["tags"]))
        } else {
            None
        }
    });
}

#[test]
fn operation_ids_are_names_and_unique() {
    let mut seen = BTreeSet::new();
    each(|operation| {
        let name = !operation.id.is_empty()
            && operation
                .id
                .chars()
                .all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit());
        if !name {
            Some(format!(
                "not a snake_case name for {} {}",
                operation.method, operation.path
            ))
        } else if !seen.insert(operation.id.clone()) {
            Some("twice".to_owned())
        } else {
            None
        }
    });
}

#[test]
fn every_answer_is_described() {
    each(|operation| {
        let responses = operation.document["responses"].as_object().expect("responses");
        let silent = responses
            .iter()
            .find(|(_, response)| text(response, "description").is_empty());
        if let Some((status, _)) = silent {
            return Some(format!("{status} has no description"));
        }
        (!responses.keys().any(|status| status.starts_with(['2', '3']))).then(|| "never succeeds".to_owned())
    });
}

#[test]
fn every_refusal_is_a_problem() {
    each(|operation| {
        let responses = operation.document["responses"].as_object().expect("responses");
        let refusals = responses.iter().filter(|(status, _)| status.starts_with(['4', '5']));
        for (status, response) in refusals {
            let content = response["content"].as_object();
            // What people open with a browser may say in a page what is wrong; the API itself never does.
            let page = |media: &str| media == "text/html" && !operation.path.starts_with("/v1/");
            let said = |media: &String| media == "application/problem+json" || page(media);
            if content.is_none_or(|content| content.is_empty() || !content.keys().all(said)) {
                return Some(format!("{status} is not documented as application/problem+json"));
            }
        }
        None
    });
}

#[test]
fn every_parameter_is_described() {
    each(|operation| {
        let parameters = operation.document["parameters"].as_array().cloned().unwrap_or_default();
        let silent = parameters
            .iter()
            .find(|parameter| text(parameter, "description").is_empty());
        if let Some(parameter) = silent {
            return Some(format!("parameter {} has no description", parameter["name"]));
        }
        let in_path = operation.path.matches('{').count();
        let documented = parameters.iter().filter(|parameter| parameter["in"] == "path").count();
        (in_path != documented).then(|| format!("{in_path} parts of the path vary, {documented} are documented"))
    });
}

#[test]
fn references_lead_somewhere() {
    let document = &contract().document;
    let text = document.to_string();
    let mut references: Vec<&str> = text
        .split("\"$ref\":\"#")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    references.sort_unstable();
    references.dedup();
    assert!(!references.is_empty());
    for reference in references {
        assert!(
            document.pointer(reference).is_some(),
            "{reference} is referred to and not there"
        );
    }
}

#[test]
fn openapi_yaml_is_what_the_code_serves() {
    let path = repository().join("openapi.yaml");
    let generated = vigie::routes::openapi().to_yaml().expect("YAML");
    let committed = std::fs::read_to_string(path).expect("openapi.yaml is committed: `make bless` writes it");
    assert!(
        committed == generated,
        "openapi.yaml is not what the code serves: `make bless` writes it"
    );
}

#[test]
fn every_problem_has_its_words() {
    let texts = Texts::load();
    for kind in Kind::ALL {
        for locale in Locale::ALL {
            for id in [
                format!("problem-{}", kind.slug()),
                format!("problem-{}-detail", kind.slug()),
            ] {
                let said = texts.say(locale, &id, &[]);
                assert!(
                    said != id && !said.is_empty(),
                    "{id} is not said in {}",
                    locale.as_str()
                );
            }
        }
    }
}

#[test]
fn every_field_fault_has_its_words() {
    let codes = field_codes();
    assert!(codes.len() > 10 && codes.contains("required"), "{codes:?}");
    let texts = Texts::load();
    for locale in Locale::ALL {
        // A text that is missing is shown by its name.
        let said = |code: &str| texts.say(locale, &format!("field-{code}"), &[]) != format!("field-{code}");
        let missing: Vec<&String> = codes.iter().filter(|code| !said(code)).collect();
        assert!(missing.is_empty(), "not said in {}: {missing:?}", locale.as_str());
    }
}

/// Codes that the sources give to `FieldErrors::add`, `add_with` and `Problem::field`: their second argument.
fn field_codes() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for text in crate::sources_of_the_server() {
        for call in ["errors.add(", "errors.add_with(", "Problem::field("] {
            for (at, _) in text.match_indices(call) {
                let second = arguments(&text[at + call.len()..])
                    .get(1)
                    .copied()
                    .unwrap_or_default()
                    .trim();
                let literal = second.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                codes.extend(literal.map(str::to_owned));
            }
        }
    }
    codes
}

/// The arguments of a call whose opening bracket was just passed.
fn arguments(text: &str) -> Vec<&str> {
    let (mut depth, mut quoted, mut escaped, mut start, mut found) = (0, false, false, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => {
                found.push(&text[start..at]);
                break;
            }
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

#[test]
fn arguments_are_read_as_the_compiler_reads_them() {
    assert_eq!(
        arguments(r#""a,b", f(1, 2), "c\"") ;"#),
        [r#""a,b""#, " f(1, 2)", r#" "c\"""#]
    );
}
