//! The API's description as the page shows it: operations by tag, then schemas.

use askama::Template;
use serde_json::Value;

/// Methods in the order in which people read them.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The whole page.
#[derive(Template)]
#[template(path = "docs.html")]
pub struct Described {
    title: String,
    version: String,
    description: String,
    tags: Vec<Tag>,
    schemas: Vec<Schema>,
}

struct Tag {
    name: String,
    description: String,
    operations: Vec<Operation>,
}

struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    description: String,
    parameters: Vec<Field>,
    bodies: Vec<Body>,
    responses: Vec<Response>,
}

struct Response {
    status: String,
    description: String,
    bodies: Vec<Body>,
}

struct Body {
    media_type: String,
    kind: String,
    is_schema: bool,
}

/// A parameter, or a member of a schema.
struct Field {
    name: String,
    place: String,
    kind: String,
    is_schema: bool,
    required: bool,
    description: String,
}

struct Schema {
    name: String,
    description: String,
    values: Vec<String>,
    fields: Vec<Field>,
}

impl Described {
    /// Of an OpenAPI document.
    pub fn of(api: &Value) -> Self {
        let operations: Vec<(String, Operation)> = entries(&api["paths"])
            .flat_map(|(path, item)| METHODS.iter().map(move |method| (path, *method, &item[*method])))
            .filter(|(_, _, operation)| operation.is_object())
            .map(|(path, method, operation)| (text(&operation["tags"][0]), read_operation(path, method, operation)))
            .collect();
        let mut tags: Vec<Tag> = list(&api["tags"])
            .map(|tag| Tag {
                name: text(&tag["name"]),
                description: text(&tag["description"]),
                operations: Vec::new(),
            })
            .collect();
        for (tag, operation) in operations {
            if let Some(tag) = tags.iter_mut().find(|known| known.name == tag) {
                tag.operations.push(operation);
            }
        }
        tags.retain(|tag| !tag.operations.is_empty());
        Self {
            title: text(&api["info"]["title"]),
            version: text(&api["info"]["version"]),
            description: text(&api["info"]["description"]),
            tags,
            schemas: entries(&api["components"]["schemas"])
                .map(|(name, schema)| read_schema(name, schema))
                .collect(),
        }
    }
}

fn read_operation(path: &str, method: &str, operation: &Value) -> Operation {
    Operation {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        description: text(&operation["description"]),
        parameters: list(&operation["parameters"])
            .map(|parameter| {
                let (kind, is_schema) = kind_of(&parameter["schema"]);
                Field {
                    name: text(&parameter["name"]),
                    place: text(&parameter["in"]),
                    kind,
                    is_schema,
                    required: parameter["required"] == true,
                    description: text(&parameter["description"]),
                }
            })
            .collect(),
        bodies: bodies(&operation["requestBody"]),
        responses: entries(&operation["responses"])
            .map(|(status, response)| Response {
                status: status.to_owned(),
                description: text(&response["description"]),
                bodies: bodies(response),
            })
            .collect(),
    }
}

fn bodies(holder: &Value) -> Vec<Body> {
    entries(&holder["content"])
        .map(|(media_type, content)| {
            let (kind, is_schema) = kind_of(&content["schema"]);
            Body {
                media_type: media_type.to_owned(),
                kind,
                is_schema,
            }
        })
        .collect()
}

fn read_schema(name: &str, schema: &Value) -> Schema {
    let required: Vec<&Value> = list(&schema["required"]).collect();
    Schema {
        name: name.to_owned(),
        description: text(&schema["description"]),
        values: list(&schema["enum"]).map(text).collect(),
        fields: entries(&schema["properties"])
            .map(|(name, property)| {
                let (kind, is_schema) = kind_of(property);
                Field {
                    name: name.to_owned(),
                    place: String::new(),
                    kind,
                    is_schema,
                    required: required.iter().any(|field| **field == *name),
                    description: text(&property["description"]),
                }
            })
            .collect(),
    }
}

/// A type in a few words, and whether it is the name of a schema on this page.
fn kind_of(schema: &Value) -> (String, bool) {
    if let Some(name) = schema["$ref"].as_str() {
        return (name.rsplit('/').next().unwrap_or_default().to_owned(), true);
    }
    // "This or null" is how an optional member is written.
    let choices = list(&schema["oneOf"])
        .chain(list(&schema["anyOf"]))
        .chain(list(&schema["allOf"]));
    let kinds: Vec<_> = choices.filter(|choice| choice["type"] != "null").map(kind_of).collect();
    if let [(kind, is_schema)] = kinds.as_slice() {
        return (kind.clone(), *is_schema);
    }
    if !kinds.is_empty() {
        let names: Vec<String> = kinds.into_iter().map(|(kind, _)| kind).collect();
        return (names.join(" or "), false);
    }
    let base = match &schema["type"] {
        Value::Array(types) => types.iter().find(|kind| **kind != "null").map(text).unwrap_or_default(),
        kind => text(kind),
    };
    let kind = match (base.as_str(), schema["format"].as_str()) {
        ("array", _) => format!("list of {}", kind_of(&schema["items"]).0),
        ("", _) => "any".to_owned(),
        (_, Some(format)) => format!("{base} ({format})"),
        (_, None) => base,
    };
    (kind, false)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let members = value.as_object().into_iter().flatten();
    members.map(|(name, member)| (name.as_str(), member))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_operation_of_the_api_is_on_the_page() {
        let api = serde_json::to_value(crate::routes::openapi()).unwrap();
        let page = Described::of(&api).render().unwrap();
        let ids =
            entries(&api["paths"]).flat_map(|(_, item)| METHODS.iter().map(|method| &item[*method]["operationId"]));
        for id in ids.filter_map(Value::as_str) {
            assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
        }
        assert!(!page.contains("<script"));
    }

    #[test]
    fn a_type_is_told_in_words() {
        assert_eq!(
            kind_of(&json!({"$ref": "#/components/schemas/Told"})),
            ("Told".to_owned(), true)
        );
        assert_eq!(
            kind_of(&json!({"type": ["string", "null"], "format": "date"})).0,
            "string (date)"
        );
        let optional = json!({"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Told"}]});
        assert_eq!(kind_of(&optional), ("Told".to_owned(), true));
        assert_eq!(
            kind_of(&json!({"type": "array", "items": {"type": "integer"}})).0,
            "list of integer"
        );
    }
}
