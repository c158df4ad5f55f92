//! The report: one page that needs nothing else.

use super::baseline::Baseline;
use super::data::{Part, Parts};
use super::digest_of;
use super::search::Search;
use super::training::Model;
use super::verdict::Verdict;
use crate::demo::report::Digest;
use crate::text;
use phalanx::frame::{Table, plot};
use phalanx_engine::Result;
use phalanx_engine::datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

const STYLE: &str = include_str!("page.css");

/// All that was found.
pub struct Findings<'a> {
    pub parts: &'a Parts,
    pub baseline: &'a Baseline,
    pub trained: &'a Model,
    pub found: &'a Search,
    pub verdict: &'a Verdict,
    pub model_file: &'a Path,
    pub xgboost: &'a str,
    pub seed: u64,
}

impl Findings<'_> {
    /// Of every number on the page.
    pub fn digest(&self) -> Digest {
        let parts = [&self.parts.train, &self.parts.choose, &self.parts.judge];
        let sizes = parts.into_iter().flat_map(|part| [part.rows as f64, part.positives as f64]);
        let baseline = [self.baseline.precision, self.baseline.auc, self.baseline.chance];
        let scores = self.trained.history.iter().flatten().map(|(_, score)| *score);
        let trials = self.found.trials().iter().map(|trial| trial.precision);
        let points = self.verdict.curve.points().iter().flat_map(|at| [at.threshold, at.precision(), at.recall()]);
        let thresholds =
            self.verdict.thresholds.iter().flat_map(|(_, at)| [at.threshold, at.precision(), at.recall(), at.f1()]);
        let verdict = [self.verdict.precision, self.verdict.auc];
        digest_of(sizes.chain(baseline).chain(scores).chain(trials).chain(points).chain(thresholds).chain(verdict))
    }
}

/// The page.
///
/// # Errors
/// A plot can't be drawn.
pub fn html(all: &Findings<'_>) -> Result<String> {
    let Findings { parts, baseline, trained, found, verdict, .. } = all;
    let mut page = String::new();
    let what = escaped(&parts.what);
    let digest = all.digest().hex();
    add(
        &mut page,
        format_args!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Fraud: {what}</title><style>{STYLE}</style></head><body><main>\
         <h1>Which payments are frauds?</h1>\
         <p class=\"lead\">A model of boosted trees, trained on {what}, judged on rows that took no part in its making.</p>"
        ),
    );
    tiles(
        &mut page,
        &[
            ("average precision", format!("{:.4}", verdict.precision), format!("by chance {:.4}", baseline.chance)),
            ("AUC", format!("{:.4}", verdict.auc), format!("of {} rows", text::count(verdict.curve.rows()))),
            ("linear model", format!("{:.4}", baseline.precision), String::from("average precision, other rows")),
            ("trials", found.trials().len().to_string(), format!("the best is number {}", found.best_number() + 1)),
        ],
    );
    add(
        &mut page,
        format_args!(
            "<h2>The rows</h2><p>Split at random within each class, so that each part has its share of both.</p>"
        ),
    );
    let part = |name: &str, part: &Part| {
        let share = part.positives as f64 / part.rows as f64 * 100.0;
        vec![name.to_owned(), text::count(part.rows), text::count(part.positives), format!("{share:.3} %")]
    };
    table(
        &mut page,
        &["part", "rows", "to be found", "share"],
        &[part("to train on", &parts.train), part("to choose by", &parts.choose), part("to judge by", &parts.judge)],
    );
    add(
        &mut page,
        format_args!(
            "<h2>Precision over recall</h2><p>Each point is a threshold: how much of what the model says is right, over how much of all it finds.</p>"
        ),
    );
    figure(&mut page, &curve(verdict)?);
    add(
        &mut page,
        format_args!("<h2>Thresholds</h2><p>Chosen on the rows to choose by, shown on those to judge by.</p>"),
    );
    let row = |(name, at): &(String, phalanx::learn::curves::Confusion)| {
        let percent = |share: f64| format!("{:.1} %", share * 100.0);
        vec![
            name.clone(),
            format!("{:.4}", at.threshold),
            percent(at.precision()),
            percent(at.recall()),
            format!("{:.3}", at.f1()),
            text::count(at.true_positives),
            text::count(at.false_positives),
            text::count(at.false_negatives),
        ]
    };
    let rows: Vec<Vec<String>> = verdict.thresholds.iter().map(row).collect();
    table(
        &mut page,
        &["chosen for", "threshold", "precision", "recall", "F1", "found", "false alarms", "missed"],
        &rows,
    );
    add(
        &mut page,
        format_args!(
            "<h2>The training</h2><p>With XGBoost's defaults, until the rows to choose by were not predicted better any \
         more: the best of {} rounds was number {}.</p>",
            trained.history.len(),
            trained.round
        ),
    );
    figure(&mut page, &rounds(trained)?);
    add(&mut page, format_args!("<h2>The search</h2><p>Trials with parameters drawn at random, best first.</p>"));
    let mut trials: Vec<(usize, &Model)> = found.trials().iter().enumerate().collect();
    trials.sort_by(|left, right| right.1.precision.total_cmp(&left.1.precision));
    let row = |(number, trial): (usize, &Model)| {
        let value = |name: &str| {
            let known = trial.parameters.iter().rev().find(|(known, _)| known == name);
            known.map_or_else(String::new, |(_, value)| value.clone())
        };
        let first = [(number + 1).to_string(), format!("{:.4}", trial.precision)];
        first.into_iter().chain(Search::searched().map(value)).collect()
    };
    let rows: Vec<Vec<String>> = trials.into_iter().map(row).collect();
    let names: Vec<&str> = ["trial", "precision"].into_iter().chain(Search::searched()).collect();
    table(&mut page, &names, &rows);
    let told: Vec<String> = verdict.parameters.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let told = escaped(&told.join(", "));
    let file = escaped(&all.model_file.display().to_string());
    add(
        &mut page,
        format_args!(
            "<h2>The model</h2><p>Plain XGBoost reads it: <code>xgboost.Booster(model_file=\"{file}\")</code>. Serve it with \
         <code>phalanx serve {file}</code>, predict files of any size with <code>phalanx predict {file} ROWS --out \
         FILE</code>.</p><p>Trained with {told}.</p><footer>Phalanx {}, XGBoost {}, seed {}. Digest of all numbers: <code>{digest}</code></footer>\
         </main></body></html>\n",
            env!("CARGO_PKG_VERSION"),
            escaped(all.xgboost),
            all.seed
        ),
    );
    Ok(page)
}

fn curve(verdict: &Verdict) -> Result<String> {
    let points: Vec<_> = verdict.curve.points().iter().rev().collect();
    let recall = points.iter().map(|point| point.recall()).collect();
    let precision = points.iter().map(|point| point.precision()).collect();
    let table = columns(vec![("recall", recall), ("precision", precision)])?;
    let options =
        plot::Options { y_label: Some(String::from("precision")), height_pixels: 380, ..plot::Options::default() };
    plot::lines(&table, "recall", &["precision"], &options)
}

fn rounds(trained: &Model) -> Result<String> {
    let scores = |name: &str| -> Vec<f64> {
        let score =
            |scores: &Vec<(String, f64)>| scores.iter().find(|(known, _)| known == name).map(|(_, score)| *score);
        trained.history.iter().map(|scores| score(scores).unwrap_or(f64::NAN)).collect()
    };
    let round = (1..=trained.history.len()).map(|round| round as f64).collect();
    let table = columns(vec![
        ("round", round),
        ("to train on", scores("train-aucpr")),
        ("to choose by", scores("choose-aucpr")),
    ])?;
    let options = plot::Options {
        y_label: Some(String::from("average precision")),
        height_pixels: 380,
        ..plot::Options::default()
    };
    plot::lines(&table, "round", &["to train on", "to choose by"], &options)
}

fn columns(columns: Vec<(&str, Vec<f64>)>) -> Result<Table> {
    let columns = columns.into_iter().map(|(name, values)| (name, Arc::new(Float64Array::from(values)) as ArrayRef));
    let batch = RecordBatch::try_from_iter(columns)?;
    Ok(Table::new(batch.schema(), vec![batch]))
}

fn add(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a `String` can't fail.
    let _written = page.write_fmt(text);
}

fn tiles(page: &mut String, tiles: &[(&str, String, String)]) {
    page.push_str("<ul class=\"tiles\">");
    for (name, value, note) in tiles {
        add(page, format_args!("<li><span>{name}</span><strong>{value}</strong><small>{note}</small></li>"));
    }
    page.push_str("</ul>");
}

fn table(page: &mut String, names: &[&str], rows: &[Vec<String>]) {
    page.push_str("<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>");
    names.iter().for_each(|name| add(page, format_args!("<th scope=\"col\">{}</th>", escaped(name))));
    page.push_str("</tr></thead><tbody>");
    for row in rows {
        page.push_str("<tr>");
        row.iter().for_each(|cell| add(page, format_args!("<td>{}</td>", escaped(cell))));
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table></div>");
}

fn figure(page: &mut String, svg: &str) {
    add(page, format_args!("<figure>{svg}</figure>"));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_text() {
        let mut page = String::new();
        table(&mut page, &["a"], &[vec![String::from("<script>&\"")]]);
        assert!(page.contains("&lt;script&gt;&amp;&quot;") && !page.contains("<script"), "{page}");
    }
}
