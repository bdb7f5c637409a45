//! The API's description, and every answer held against it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};

use crate::people::Answer;

/// One operation of the description.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name.
    pub id: String,
    /// HTTP method.
    pub method: Method,
    /// Path with `{parameters}`.
    pub path: String,
    /// Everything the description says of it.
    pub document: Value,
}

impl Operation {
    /// Parts of a path that fit literally, or `None` when the path is another one's.
    fn fit(&self, path: &str) -> Option<usize> {
        let (ours, theirs): (Vec<&str>, Vec<&str>) = (self.path.split('/').collect(), path.split('/').collect());
        let fits = ours.len() == theirs.len()
            && ours
                .iter()
                .zip(&theirs)
                .all(|(our, their)| our == their || (our.starts_with('{') && !their.is_empty()));
        fits.then(|| ours.iter().zip(&theirs).filter(|(our, their)| our == their).count())
    }
}

/// The description that the code makes.
pub struct Contract {
    /// Whole document.
    pub document: Value,
    /// Every operation.
    pub operations: Vec<Operation>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
    seen: Mutex<BTreeMap<String, BTreeSet<u16>>>,
}

/// The description of this build.
///
/// # Panics
/// When it cannot be made.
pub fn contract() -> &'static Contract {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    CONTRACT.get_or_init(|| {
        let document = serde_json::to_value(vigie::routes::openapi()).expect("the description as JSON");
        Contract {
            operations: operations(&document),
            document,
            validators: Mutex::default(),
            seen: Mutex::default(),
        }
    })
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("a path item") {
            let Ok(method) = method.to_uppercase().parse::<Method>() else {
                continue;
            };
            if !operation.is_object() || !operation["responses"].is_object() {
                continue;
            }
            found.push(Operation {
                id: operation["operationId"].as_str().unwrap_or_default().to_owned(),
                method,
                path: path.clone(),
                document: operation.clone(),
            });
        }
    }
    found
}

impl Contract {
    /// The operation of a request.
    #[must_use]
    pub fn operation(&self, method: &Method, path: &str) -> Option<&Operation> {
        // A HEAD is answered as its GET would be.
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let fitting = self.operations.iter().filter(|operation| operation.method == *method);
        fitting
            .filter_map(|operation| Some((operation.fit(path)?, operation)))
            .max_by_key(|(fit, _)| *fit)
            .map(|(_, o)| o)
    }

    /// Statuses that were answered so far in this process, by operation.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn seen(&self) -> BTreeMap<String, BTreeSet<u16>> {
        self.seen.lock().expect("the coverage").clone()
    }

    /// Holds an answer against the description.
    ///
    /// # Errors
    /// What the description does not know of it.
    ///
    /// # Panics
    /// When a schema of the description does not compile.
    pub fn check(&self, method: &Method, path: &str, answer: &Answer) -> Result<(), String> {
        let Some(operation) = self.operation(method, path) else {
            if answer.status == 404 || answer.status == 405 {
                return self.check_schema(&json!({"$ref": "#/components/schemas/ProblemBody"}), answer);
            }
            return Err("the description has no such operation".to_owned());
        };
        let mut seen = self.seen.lock().expect("the coverage");
        seen.entry(operation.id.clone()).or_default().insert(answer.status);
        drop(seen);
        let responses = &operation.document["responses"];
        let class = format!("{}XX", answer.status / 100);
        let names = [answer.status.to_string(), class, "default".to_owned()];
        let response = names.iter().find_map(|name| responses.get(name));
        let response = response.ok_or_else(|| format!("{} does not document {}", operation.id, answer.status))?;
        let limited = answer.header("ratelimit").is_some();
        if limited && (answer.status < 300 || answer.status == 429) && response["headers"]["RateLimit"].is_null() {
            return Err(format!(
                "{} does not document RateLimit for {}",
                operation.id, answer.status
            ));
        }
        match response
            .get("content")
            .and_then(Value::as_object)
            .filter(|content| !content.is_empty())
        {
            None if answer.body.is_empty() => Ok(()),
            None => Err(format!("{} documents no body for {}", operation.id, answer.status)),
            Some(_) if *method == Method::HEAD => Ok(()),
            Some(content) => {
                let media = answer.media_type().unwrap_or_default();
                let media = content.get(media).ok_or_else(|| format!("{media} is not documented"))?;
                let json = answer.media_type().is_some_and(|media| media.ends_with("json"));
                match media.get("schema") {
                    Some(schema) if json => self.check_schema(schema, answer),
                    _ => Ok(()),
                }
            }
        }
    }

    fn check_schema(&self, schema: &Value, answer: &Answer) -> Result<(), String> {
        let validator = self.validator(schema);
        let body = serde_json::from_slice(&answer.body).map_err(|error| format!("no JSON: {error}"))?;
        let faults: Vec<String> = validator
            .iter_errors(&body)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults.join("\n"))
        }
    }

    /// References point into the whole document, so its components stand beside the schema in question.
    fn validator(&self, schema: &Value) -> Arc<Validator> {
        let key = schema.to_string();
        let mut validators = self.validators.lock().expect("the validators");
        let compiled = validators.entry(key).or_insert_with(|| {
            let whole = json!({"allOf": [schema], "components": self.document["components"]});
            let validator = jsonschema::draft202012::options()
                .should_validate_formats(true)
                .build(&whole);
            Arc::new(validator.unwrap_or_else(|error| panic!("a schema of the description: {error}\n{schema}")))
        });
        compiled.clone()
    }
}
