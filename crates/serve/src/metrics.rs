//! What is counted, and how Prometheus reads it.

use crate::profile::Window;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// Upper ends of the buckets of latencies, in seconds.
const LATENCIES: [f64; 11] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0];
/// Upper ends of the buckets of scores: probabilities lie in the middle, and what is no probability at the ends.
const SCORES: [f64; 15] = [-1.0, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 10.0, 100.0, 1000.0];

#[derive(Debug, Clone)]
struct Histogram {
    ends: &'static [f64],
    counts: Vec<u64>,
    sum: f64,
}

impl Histogram {
    fn new(ends: &'static [f64]) -> Self {
        Self { ends, counts: vec![0; ends.len() + 1], sum: 0.0 }
    }

    fn note(&mut self, value: f64) {
        let bucket = self.ends.partition_point(|end| *end < value);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.sum += value;
    }

    fn write(&self, text: &mut String, name: &str, labels: &str) {
        let mut total = 0;
        let separator = if labels.is_empty() { "" } else { "," };
        let ends = self.ends.iter().map(ToString::to_string).chain([String::from("+Inf")]);
        for (end, count) in ends.zip(&self.counts) {
            total += count;
            line(text, format_args!("{name}_bucket{{{labels}{separator}le=\"{end}\"}} {total}"));
        }
        let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        line(text, format_args!("{name}_sum{labels} {}", self.sum));
        line(text, format_args!("{name}_count{labels} {total}"));
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a `String` can't fail.
    let _written = writeln!(text, "{line}");
}

fn heading(text: &mut String, name: &str, kind: &str, help: &str) {
    line(text, format_args!("# HELP {name} {help}\n# TYPE {name} {kind}"));
}

#[derive(Debug)]
struct Counted {
    requests: BTreeMap<u16, u64>,
    rows: u64,
    latency: Histogram,
    /// One for each output of the model.
    scores: Vec<Histogram>,
    window: Option<Window>,
}

/// All that is counted.
#[derive(Debug)]
pub struct Metrics(Mutex<Counted>);

impl Metrics {
    /// Of a model with so many outputs, and the window over its features, if its training was described.
    pub fn new(outputs: usize, window: Option<Window>) -> Self {
        let scores = vec![Histogram::new(&SCORES); outputs];
        let latency = Histogram::new(&LATENCIES);
        Self(Mutex::new(Counted { requests: BTreeMap::new(), rows: 0, latency, scores, window }))
    }

    /// Notes a request for predictions that was answered.
    pub fn note_request(&self, status: u16, time: Duration) {
        let mut counted = self.0.lock();
        *counted.requests.entry(status).or_default() += 1;
        counted.latency.note(time.as_secs_f64());
    }

    /// Notes rows and their predictions, whose numbers lie one row after the other.
    pub fn note_rows(&self, count: usize, numbers: &[f32], scores: &[f32]) {
        let mut counted = self.0.lock();
        counted.rows += count as u64;
        let outputs = counted.scores.len().max(1);
        for (place, score) in scores.iter().enumerate() {
            if let Some(histogram) = counted.scores.get_mut(place % outputs) {
                histogram.note(f64::from(*score));
            }
        }
        if let Some(window) = &mut counted.window {
            window.note(numbers);
        }
    }

    /// In Prometheus' text format.
    pub fn text(&self) -> String {
        let counted = self.0.lock();
        let mut text = String::new();
        heading(&mut text, "phalanx_predict_requests_total", "counter", "Requests for predictions, by status.");
        for (status, count) in &counted.requests {
            line(&mut text, format_args!("phalanx_predict_requests_total{{status=\"{status}\"}} {count}"));
        }
        heading(&mut text, "phalanx_predict_rows_total", "counter", "Rows that were predicted.");
        line(&mut text, format_args!("phalanx_predict_rows_total {}", counted.rows));
        heading(&mut text, "phalanx_predict_seconds", "histogram", "From a request's body to its answer.");
        counted.latency.write(&mut text, "phalanx_predict_seconds", "");
        heading(&mut text, "phalanx_predict_score", "histogram", "Predictions, by the model's output.");
        for (output, histogram) in counted.scores.iter().enumerate() {
            histogram.write(&mut text, "phalanx_predict_score", &format!("output=\"{output}\""));
        }
        if let Some(window) = &counted.window {
            heading(
                &mut text,
                "phalanx_feature_drift",
                "gauge",
                "Population stability index of a feature against the training; above 0.25 it has changed.",
            );
            for (name, index) in window.drift() {
                let name = name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
                line(&mut text, format_args!("phalanx_feature_drift{{feature=\"{name}\"}} {index}"));
            }
            heading(&mut text, "phalanx_feature_drift_rows", "gauge", "Rows that the drift is told from.");
            line(&mut text, format_args!("phalanx_feature_drift_rows {}", window.rows()));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    #[test]
    fn counts_are_those_of_what_was_noted() {
        let values: Vec<f32> = (0..1000).map(|value| value as f32).collect();
        let profile = Profile::of([("a \"b\"", values.as_slice())]);
        let metrics = Metrics::new(1, Some(Window::new(profile)));
        metrics.note_request(200, Duration::from_millis(1));
        metrics.note_request(200, Duration::from_secs(2));
        metrics.note_request(422, Duration::from_micros(10));
        metrics.note_rows(1000, &values, &[0.05, 0.95]);
        let text = metrics.text();
        for line in [
            "phalanx_predict_requests_total{status=\"200\"} 2",
            "phalanx_predict_requests_total{status=\"422\"} 1",
            "phalanx_predict_rows_total 1000",
            "phalanx_predict_seconds_bucket{le=\"0.0005\"} 1",
            "phalanx_predict_seconds_bucket{le=\"0.001\"} 2",
            "phalanx_predict_seconds_bucket{le=\"1\"} 2",
            "phalanx_predict_seconds_bucket{le=\"+Inf\"} 3",
            "phalanx_predict_seconds_count 3",
            "phalanx_predict_score_bucket{output=\"0\",le=\"0.1\"} 1",
            "phalanx_predict_score_count{output=\"0\"} 2",
            "phalanx_feature_drift_rows 1000",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(text.contains("phalanx_feature_drift{feature=\"a \\\"b\\\"\"} 0"), "{text}");
    }
}
