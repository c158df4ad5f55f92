//! The description of the paths, with the features of the model that is served.

use crate::model::{Feature, ServedModel};
use serde_json::{Map, Value, json};

/// OpenAPI 3.1.
pub fn describe(model: &ServedModel, rows_max: usize) -> Value {
    let names: Vec<&str> = model.features().iter().map(|feature| feature.name.as_str()).collect();
    let feature = |feature: &Feature| {
        let number = json!({"type": ["number", "boolean", "null"]});
        let kind = match &feature.categories {
            None => number,
            Some(texts) => json!({"oneOf": [number, {"enum": texts}]}),
        };
        (feature.name.clone(), kind)
    };
    let properties: Map<String, Value> = model.features().iter().map(feature).collect();
    let prediction = match model.outputs() {
        1 => json!({"type": "number"}),
        outputs => json!({"type": "array", "items": {"type": "number"}, "minItems": outputs, "maxItems": outputs}),
    };
    let refused = |what: &str| json!({"description": what, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}});
    let text = |what: &str| json!({"200": {"description": what, "content": {"text/plain": {}}}});
    let names_list = json!({"type": "array", "items": {"type": "string"}});
    json!({
        "openapi": "3.1.0",
        "info": {"title": format!("Predictions of {}", model.name()), "version": env!("CARGO_PKG_VERSION")},
        "paths": {
            "/predict": {"post": {
                "summary": "Predict one row, or many",
                "requestBody": {"required": true, "content": {"application/json": {"schema": {"oneOf": [
                    {"$ref": "#/components/schemas/Row"},
                    {"type": "array", "items": {"$ref": "#/components/schemas/Row"}, "maxItems": rows_max},
                ]}}}},
                "responses": {
                    "200": {
                        "description": "Of one row its prediction, of an array of rows theirs in its order",
                        "content": {"application/json": {"schema": {"oneOf": [
                            {"type": "object", "required": ["prediction"], "properties": {"prediction": prediction.clone()}},
                            {"type": "object", "required": ["predictions"],
                             "properties": {"predictions": {"type": "array", "items": prediction}}},
                        ]}}},
                    },
                    "400": refused("The body is no JSON of rows"),
                    "413": refused("Too many rows, or too long a body"),
                    "415": refused("The body is not application/json"),
                    "422": refused("A row has not the features of the model; which ones is said"),
                    "503": refused("Too many requests wait; try again"),
                },
            }},
            "/": {"get": {"summary": "What the model is", "responses": {
                "200": {"description": "Features and training", "content": {"application/json": {}}}}}},
            "/healthz": {"get": {"summary": "Whether it serves", "responses": {
                "200": {"description": "It serves"}, "503": {"description": "It stops"}}}},
            "/metrics": {"get": {"summary": "Counts for Prometheus", "responses": text("Prometheus' text format")}},
            "/openapi.json": {"get": {"summary": "This description", "responses": {
                "200": {"description": "OpenAPI 3.1", "content": {"application/json": {}}}}}},
        },
        "components": {"schemas": {
            "Row": {"type": "object", "properties": properties, "required": names, "additionalProperties": false},
            "Refusal": {"type": "object", "required": ["error"], "properties": {
                "error": {"type": "string"}, "hint": {"type": "string"}, "row": {"type": "integer"},
                "missing": names_list.clone(), "unknown": names_list.clone(), "repeated": names_list.clone(),
                "not_a_number": names_list.clone(), "unknown_category": names_list,
            }},
        }},
    })
}
