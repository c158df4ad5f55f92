//! The API's description holds for its answers: each answer has all that its schema requires and nothing that it does
//! not name, and every path that is served is described, and the other way round.

use crate::{HERE, ask, ask_with, sample, text};
use axum::http::{Method, StatusCode};
use phalanx_dashboard::api::OPENAPI;
use phalanx_dashboard::metrics;
use phalanx_engine::observe::Observe;
use serde_json::Value;
use std::collections::HashSet;

fn description() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

/// What is wrong with `value`, by `schema`: the part of JSON Schema that the description uses. A word that is not known
/// here is an error, so that nothing is believed that nobody looks at.
fn wrong(value: &Value, schema: &Value, all: &Value, at: &str, seen: &mut HashSet<String>) -> Vec<String> {
    let mut found = vec![];
    for (word, rule) in schema.as_object().unwrap() {
        let is_right = match (word.as_str(), rule) {
            ("description" | "default" | "maximum", _) => true,
            ("$ref", Value::String(name)) => {
                seen.insert(name.clone());
                let target = all.pointer(name.trim_start_matches('#')).unwrap_or_else(|| panic!("{name} is not there"));
                found.extend(wrong(value, target, all, at, seen));
                true
            }
            ("allOf", Value::Array(rules)) => {
                found.extend(rules.iter().flat_map(|rule| wrong(value, rule, all, at, seen)));
                true
            }
            ("anyOf", Value::Array(rules)) => rules.iter().any(|rule| wrong(value, rule, all, at, seen).is_empty()),
            ("type", Value::String(name)) => is_a(value, name),
            ("type", Value::Array(names)) => names.iter().any(|name| is_a(value, name.as_str().unwrap())),
            ("enum", Value::Array(values)) => values.contains(value),
            ("minimum", limit) => value.is_null() || value.as_f64() >= limit.as_f64(),
            ("required", Value::Array(names)) => names.iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            ("additionalProperties", Value::Bool(false)) => value
                .as_object()
                .is_some_and(|fields| fields.keys().all(|name| schema["properties"].get(name).is_some())),
            ("properties", Value::Object(rules)) => {
                for (name, rule) in rules {
                    if let Some(field) = value.get(name) {
                        found.extend(wrong(field, rule, all, &format!("{at}.{name}"), seen));
                    }
                }
                true
            }
            ("items", rule) => {
                for (place, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(wrong(item, rule, all, &format!("{at}[{place}]"), seen));
                }
                true
            }
            ("prefixItems", Value::Array(rules)) => {
                for (item, rule) in value.as_array().into_iter().flatten().zip(rules) {
                    found.extend(wrong(item, rule, all, &format!("{at}[]"), seen));
                }
                true
            }
            ("minItems", count) => value.as_array().is_some_and(|items| items.len() as u64 >= count.as_u64().unwrap()),
            ("maxItems", count) => value.as_array().is_some_and(|items| items.len() as u64 <= count.as_u64().unwrap()),
            other => panic!("{other:?} at {at} is not known to this test"),
        };
        if !is_right {
            found.push(format!("{at}: {value} against {word} {rule}"));
        }
    }
    found
}

fn is_a(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        other => panic!("{other} is no type"),
    }
}

/// One request for each answer that is described: method, path as described, path that is asked, status.
const ASKED: [(&str, &str, &str, u16); 17] = [
    ("get", "/overview", "/overview", 200),
    ("get", "/jobs", "/jobs", 200),
    ("get", "/jobs/{job}", "/jobs/J00005", 200),
    ("get", "/jobs/{job}", "/jobs/none", 404),
    ("post", "/jobs/{job}/cancel", "/jobs/R00001/cancel", 204),
    ("post", "/jobs/{job}/cancel", "/jobs/none/cancel", 404),
    ("get", "/tasks", "/tasks?job=J00009&since_ms=1&count_max=7", 200),
    ("get", "/workers", "/workers?samples_max=100", 200),
    ("get", "/workers/{worker}/log", "/workers/w000000000000/log", 200),
    ("get", "/workers/{worker}/log", "/workers/scheduler/log", 200),
    ("get", "/workers/{worker}/log", "/workers/none/log", 404),
    ("get", "/data", "/data", 200),
    ("post", "/data/{data}/release", "/data/J00900/release", 204),
    ("post", "/data/{data}/release", "/data/none/release", 404),
    ("get", "/runs", "/runs", 200),
    ("get", "/openapi.json", "/openapi.json", 200),
    ("get", "/jobs/{job}", "/jobs/R00001", 200),
];

#[tokio::test]
async fn the_description_holds_for_the_answers() {
    let all = description();
    let mut seen = HashSet::new();
    let mut described: HashSet<(String, String)> = HashSet::new();
    for (path, methods) in all["paths"].as_object().unwrap() {
        described.extend(methods.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())));
    }
    for (method, path, asked, status) in ASKED {
        described.remove(&(method.to_owned(), path.to_owned()));
        let headers = [HERE, ("origin", "http://127.0.0.1:8787")];
        let verb = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap();
        let response = ask_with(verb, &format!("/api/v1{asked}"), &headers, sample(100, 3)).await;
        assert_eq!(response.status(), StatusCode::from_u16(status).unwrap(), "{asked}");
        let answer = &all["paths"][path][method]["responses"][status.to_string()];
        assert!(answer.is_object(), "{method} {path} {status} is not described");
        let schema = &answer["content"]["application/json"]["schema"];
        if schema.is_null() {
            assert_eq!(text(response).await, "", "{asked}");
            continue;
        }
        assert_eq!(response.headers()["content-type"], "application/json", "{asked}");
        let value: Value = serde_json::from_str(&text(response).await).unwrap();
        let wrong = wrong(&value, schema, &all, asked, &mut seen);
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(!value.as_array().is_some_and(Vec::is_empty), "{asked} has nothing to hold the description against");
    }
    assert!(described.is_empty(), "nobody asks for {described:?}");
    for name in all["components"]["schemas"].as_object().unwrap().keys() {
        assert!(seen.contains(&format!("#/components/schemas/{name}")), "{name} describes no answer");
    }
}

#[test]
fn this_test_sees_what_is_wrong() {
    let all = description();
    let schema = serde_json::json!({"$ref": "#/components/schemas/DataPlace"});
    let right = serde_json::json!({"worker": "w", "is_here": true, "partitions": 1, "rows": 2, "bytes": 3});
    let mut seen = HashSet::new();
    assert!(wrong(&right, &schema, &all, "", &mut seen).is_empty());
    for (field, value) in
        [("worker", Value::Null), ("is_here", Value::from(1)), ("rows", Value::from(-1)), ("more", Value::from(1))]
    {
        let mut changed = right.clone();
        changed[field] = value;
        assert!(!wrong(&changed, &schema, &all, "", &mut seen).is_empty(), "{changed}");
    }
    let mut less = right.clone();
    less.as_object_mut().unwrap().remove("bytes");
    assert!(!wrong(&less, &schema, &all, "", &mut seen).is_empty());
}

#[tokio::test]
async fn tasks_are_chosen() {
    let tasks: Value =
        serde_json::from_str(&text(ask("/api/v1/tasks?job=J00009&count_max=7", sample(50, 3)).await).await).unwrap();
    let tasks = tasks.as_array().unwrap();
    assert!(tasks.len() == 7 && tasks.iter().all(|task| task["job"] == "J00009"), "{tasks:?}");
    assert_eq!(ask("/api/v1/tasks?count_max=many", sample(1, 1)).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn samples_of_many_workers_are_bounded() {
    let answer = text(ask("/api/v1/workers", sample(10, 200)).await).await;
    assert!(answer.len() < 3 << 20, "{} bytes", answer.len());
    let workers: Value = serde_json::from_str(&answer).unwrap();
    let of = |workers: &Value| -> Vec<usize> {
        let all = workers.as_array().unwrap().iter();
        all.map(|worker| worker["samples"].as_array().unwrap().len()).collect()
    };
    assert!(of(&workers).iter().sum::<usize>() <= 10_000 && of(&workers)[0] > 10, "{:?}", of(&workers));
    let asked: Value =
        serde_json::from_str(&text(ask("/api/v1/workers?samples_max=2", sample(10, 3)).await).await).unwrap();
    assert!(of(&asked).iter().all(|count| *count == 2), "{:?}", of(&asked));
    let samples = &asked[0]["samples"];
    assert!(samples[0]["at_ms"].as_u64() < samples[1]["at_ms"].as_u64());
}

#[tokio::test]
async fn metrics_are_as_prometheus_reads_them() {
    let overview = sample(100, 3).overview().await;
    let response = ask("/metrics", sample(100, 3)).await;
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let answer = text(response).await;
    let of = |name: &str| answer.lines().filter(|line| line.starts_with(name)).count();
    assert_eq!(
        (of("phalanx_worker_cores{"), of("phalanx_workers 3"), of("phalanx_jobs_ended_total{state=\"succeeded\"} 100")),
        (3, 1, 1)
    );
    let mut known = HashSet::new();
    for line in metrics::text(&overview).lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["#", "HELP", ..] => {}
            ["#", "TYPE", name, "counter" | "gauge"] => assert!(known.insert(name.to_owned()), "{name} comes twice"),
            [sample, number] => {
                let name = sample.split('{').next().unwrap();
                assert!(known.contains(name) && number.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
                assert_eq!(name.ends_with("_total"), line.contains("_total"), "{line}");
            }
            _ => panic!("{line}"),
        }
    }
}
