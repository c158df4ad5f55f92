//! Logistic regression by Newton's method, over rows that stay where they are.

use super::Context;
use super::report::{Digest, Done};
use crate::text;
use phalanx::frame::expr::{Expr, cast, col, lit};
use phalanx::frame::{Frame, read_parquet};
use phalanx::learn::{
    Data, Encoder, Evaluation, LogisticModel, LogisticRegression, Penalty, Scaler, datasets, metrics,
};
use phalanx_engine::datafusion::arrow::datatypes::DataType;
use phalanx_engine::datafusion::functions::expr_fn::{date_part, make_date};
use phalanx_engine::{Engine, Error, Result};
use serde_json::{Map, Value};
use std::path::Path;

/// Rows and features of the generated data.
const ROWS: usize = 1_000_000;
const FEATURES: usize = 20;
/// The share of the rows that the model does not see.
const TEST_SHARE: f64 = 0.2;
/// A flight is late if it arrives more than so many minutes after its time.
const LATE_MINUTES: i64 = 15;
/// What is known of a flight before it leaves, and when it arrived.
const COLUMNS: &[(&str, Kind)] = &[
    ("year", Kind::Number),
    ("month", Kind::Number),
    ("day", Kind::Number),
    ("hour", Kind::Number),
    ("distance", Kind::Number),
    ("carrier", Kind::Text),
    ("origin", Kind::Text),
    ("arr_delay", Kind::Number),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
}

/// A file of flights with the columns of nycflights13.
///
/// # Errors
/// `Data`: there is no such file, it is not Parquet or truncated, a column is missing or of another type.
pub fn open(path: &Path) -> Result<Frame> {
    let text = path.to_str().ok_or_else(|| Error::input(format!("--data {} is not UTF-8", path.display())))?;
    let frame = read_parquet(text)?;
    let schema = frame.schema();
    for (name, kind) in COLUMNS {
        let hint = "the demo reads flights with the columns of nycflights13: year, month, day, hour, distance, carrier, \
                    origin, arr_delay";
        let Ok(field) = schema.field_with_name(name) else {
            return Err(Error::data(format!("column {name:?} is missing in {}", path.display())).with_hint(hint));
        };
        let found = field.data_type();
        let (fits, wanted) = match kind {
            Kind::Number => (found.is_numeric(), "a number"),
            Kind::Text => (*found == DataType::Utf8, "text"),
        };
        if !fits {
            let what = format!("column {name:?} of {} is of type {found}, not {wanted}", path.display());
            return Err(Error::data(what).with_hint(hint));
        }
    }
    Ok(frame)
}

/// Encodes, persists, splits, standardises, fits and evaluates.
pub fn run(context: &Context<'_>) -> Result<Done> {
    let (engine, seed) = (context.engine, context.seed);
    let (data, what, dropped) = match context.flights {
        Some(flights) => {
            let (data, dropped) = encode(engine, flights)?;
            (data, format!("flights that arrive more than {LATE_MINUTES} minutes late"), dropped)
        }
        None => {
            let data = datasets::make_classification(ROWS, FEATURES).seed(seed).build()?.persist(engine)?;
            (data, String::from("generated classes"), 0)
        }
    };
    let (train, test) = data.split(TEST_SHARE, seed)?;
    let scaler = Scaler::fit(engine, &train)?;
    let train = scaler.transform(&train)?.persist(engine)?;
    let test = scaler.transform(&test)?;
    let model = LogisticRegression::new().penalty(Penalty::L2 { c: 1.0 }).fit(engine, &train)?;
    let evaluation = metrics::evaluate(engine, &model, &test)?;
    let done = describe(&what, &model, &evaluation, train.rows());
    Ok(done.fact("rows", data.rows()).fact("rows_dropped", dropped).fact("target", what))
}

/// The features of flights: all are known before departure.
fn encode(engine: &dyn Engine, flights: &Frame) -> Result<(Data, u64)> {
    let frame = flights.with_column("weekday", weekday())?;
    let late = col("arr_delay").gt(lit(LATE_MINUTES));
    let encoder = Encoder::new()
        .categorical("month")
        .categorical("weekday")
        .categorical("hour")
        .numeric("distance")
        .categorical("carrier")
        .categorical("origin")
        .target("late", late)
        .drop_missing();
    let encoding = encoder.fit(engine, &frame)?;
    let data = encoding.transform(&frame, engine.settings())?.persist(engine)?;
    Ok((data, encoding.rows_dropped()))
}

/// 0 for Sunday to 6 for Saturday.
fn weekday() -> Expr {
    let integer = |name: &str| cast(col(name), DataType::Int32);
    date_part(lit("dow"), make_date(integer("year"), integer("month"), integer("day")))
}

fn describe(what: &str, model: &LogisticModel, evaluation: &Evaluation, train: u64) -> Done {
    let mut digest = Digest::default();
    model.digest(digest.writer());
    let scores = [evaluation.auc, evaluation.log_loss, evaluation.accuracy, evaluation.base_rate];
    scores.iter().for_each(|score| digest.writer()(&score.to_le_bytes()));
    let coefficients: Map<String, Value> =
        model.named_coefficients().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    let convergence = model.convergence();
    let end = if convergence.converged { "converged" } else { "not converged" };
    Done::new(&digest)
        .fact("rows_train", train)
        .fact("rows_test", evaluation.rows)
        .fact("features", model.names().len())
        .fact("iterations", convergence.iterations)
        .fact("converged", convergence.converged)
        .fact("auc", evaluation.auc)
        .fact("log_loss", evaluation.log_loss)
        .fact("accuracy", evaluation.accuracy)
        .fact("base_rate", evaluation.base_rate)
        .fact("intercept", model.intercepts().first().copied().unwrap_or(0.0))
        .fact("coefficients", coefficients)
        .say(format!(
            "logistic regression of {what}: {} rows, {} features, {end} in {} Newton steps",
            text::count(train),
            model.names().len(),
            convergence.iterations
        ))
        .say(format!(
            "on {} other rows: AUC {:.4}, log loss {:.4}, accuracy {:.4} (always the same: {:.4})",
            text::count(evaluation.rows),
            evaluation.auc,
            evaluation.log_loss,
            evaluation.accuracy,
            evaluation.base_rate
        ))
        .say(format!("strongest: {}", strongest(model, 5)))
}

/// The features of the largest coefficients; features are standardised, so these are comparable.
fn strongest(model: &LogisticModel, count: usize) -> String {
    let mut by_size: Vec<(&str, f64)> = model.named_coefficients().collect();
    by_size.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let shown: Vec<String> = by_size.iter().take(count).map(|(name, value)| format!("{name} {value:+.3}")).collect();
    shown.join(", ")
}
