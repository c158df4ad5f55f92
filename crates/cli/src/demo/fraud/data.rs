//! The table, and its three parts: to train on, to choose by, to judge by.

use super::digest_of;
use crate::args::FraudArgs;
use crate::demo::report::Done;
use crate::{table, text};
use phalanx::boost::{Dataset, rows::Categories};
use phalanx::frame::Frame;
use phalanx::frame::expr::{cast, col, lit};
use phalanx::learn::{stratified_split, transactions};
use phalanx_engine::datafusion::arrow::datatypes::DataType;
use phalanx_engine::{Engine, Error, Result};

/// The column of `creditcard.csv` that says what was a fraud.
const TARGET: &str = "Class";
/// What is known of a flight before it leaves, of the columns of nycflights13.
const FLIGHT_FEATURES: [&str; 6] = ["month", "day", "hour", "distance", "carrier", "origin"];
/// A flight is late if it arrives more than so many minutes after its time.
const LATE_MINUTES: i64 = 15;
/// Seven rows to train on, two to choose by, one to judge by.
const SHARES: [u32; 3] = [7, 2, 1];

/// A table that is not read yet.
pub struct Opened {
    frame: Frame,
    what: String,
    target: String,
    features: Vec<String>,
}

/// Opens what the arguments name.
///
/// # Errors
/// `Data`: the file is not there, or damaged. `Input`: it has no column to be predicted.
pub fn open(args: &FraudArgs) -> Result<Opened> {
    let Some(path) = &args.data else {
        let frame = transactions::make_transactions(transactions::ROWS, args.road.seed)?;
        return Opened::new(frame, String::from("generated payments"), args.target.as_deref().unwrap_or(TARGET), None);
    };
    let frame = table::read(path)?;
    let what = path.display().to_string();
    let is_there = |name: &str| frame.schema().field_with_name(name).is_ok();
    if args.target.is_none() && !is_there(TARGET) && is_there("arr_delay") {
        let late = cast(col("arr_delay").gt(lit(LATE_MINUTES)), DataType::Int64);
        let frame = frame.filter(col("arr_delay").is_not_null())?.with_column("late", late)?;
        return Opened::new(frame, what, "late", Some(FLIGHT_FEATURES.map(str::to_owned).to_vec()));
    }
    Opened::new(frame, what, args.target.as_deref().unwrap_or(TARGET), None)
}

impl Opened {
    fn new(frame: Frame, what: String, target: &str, features: Option<Vec<String>>) -> Result<Self> {
        let schema = frame.schema();
        if schema.field_with_name(target).is_err() {
            return Err(Error::input(format!("{what} has no column {target:?} to be predicted"))
                .with_hint("name the column that is 0 or 1 with --target"));
        }
        let usable = |kind: &DataType| kind.is_numeric() || matches!(kind, DataType::Boolean | DataType::Utf8);
        let all = || {
            let fields = schema.fields().iter().filter(|field| field.name() != target && usable(field.data_type()));
            fields.map(|field| field.name().clone()).collect()
        };
        let features = features.unwrap_or_else(all);
        let columns: Vec<String> = features.iter().cloned().chain([target.to_owned()]).collect();
        Ok(Self { frame: frame.select(columns)?, what, target: target.to_owned(), features })
    }
}

/// The rows in three parts, persisted, and what is known of them.
pub struct Parts {
    /// What they are rows of.
    pub what: String,
    /// Predicted from these columns,
    pub features: Vec<String>,
    /// this one.
    pub target: String,
    /// The texts of the columns that hold texts.
    pub categories: Categories,
    /// To train on.
    pub train: Part,
    /// To choose by.
    pub choose: Part,
    /// To judge by.
    pub judge: Part,
}

/// Some of the rows.
pub struct Part {
    /// They.
    pub frame: Frame,
    /// How many.
    pub rows: u64,
    /// How many are to be found.
    pub positives: u64,
}

impl Part {
    fn of(engine: &dyn Engine, frame: &Frame, target: &str) -> Result<Self> {
        let frame = frame.persist(engine)?;
        let targets = frame.select([target])?.compute(engine)?.floats(target)?;
        if let Some(other) = targets.iter().find(|value| **value != 0.0 && **value != 1.0) {
            return Err(Error::data(format!("column {target:?} holds {other}, and is to be 0 or 1")));
        }
        let positives = targets.iter().filter(|value| **value == 1.0).count() as u64;
        if positives == 0 || positives == targets.len() as u64 {
            return Err(Error::data(format!("{} rows of column {target:?} are of one class", targets.len()))
                .with_hint("there must be at least ten rows of each"));
        }
        Ok(Self { frame, rows: targets.len() as u64, positives })
    }

    /// As a data set of boosting.
    ///
    /// # Errors
    /// The engine's.
    pub fn dataset(&self, engine: &dyn Engine, parts: &Parts) -> Result<Dataset> {
        let loading = Dataset::from_frame(engine, &self.frame, &parts.features, Some(&parts.target), &parts.categories);
        futures::executor::block_on(loading)
    }
}

/// Loads and splits.
pub fn split(engine: &dyn Engine, opened: &Opened, seed: u64) -> Result<(Parts, Done)> {
    let Opened { what, target, features, .. } = opened;
    let table = opened.frame.persist(engine)?;
    let mut categories = Categories::new();
    for field in table.schema().fields().iter().filter(|field| *field.data_type() == DataType::Utf8) {
        let texts = table.unique(field.name())?.compute(engine)?.strings(field.name())?;
        let mut texts: Vec<String> = texts.into_iter().flatten().collect();
        texts.sort_unstable();
        categories.insert(field.name().clone(), texts);
    }
    let parts = stratified_split(&table, target, &SHARES, seed)?;
    let [train, choose, judge] = parts.as_slice() else {
        return Err(Error::internal("a split into three has other parts"));
    };
    let part = |frame: &Frame| Part::of(engine, frame, target);
    let (train, choose, judge) = (part(train)?, part(choose)?, part(judge)?);
    let all = [&train, &choose, &judge];
    let (rows, positives) = all.iter().fold((0, 0), |(rows, found), part| (rows + part.rows, found + part.positives));
    let digest = digest_of(all.iter().flat_map(|part| [part.rows as f64, part.positives as f64]));
    let counts = |of: fn(&Part) -> u64| all.map(|part| text::count(of(part))).join(" / ");
    let done = Done::new(&digest)
        .fact("rows", rows)
        .fact("positives", positives)
        .fact("features", features.len())
        .say(format!(
            "{what}: {} rows, {} features, {} of them to be found ({:.2} %)",
            text::count(rows),
            features.len(),
            text::count(positives),
            positives as f64 / rows as f64 * 100.0
        ))
        .say(format!(
            "to train on, to choose by, to judge by: {} rows, of which {} to be found",
            counts(|part| part.rows),
            counts(|part| part.positives)
        ));
    let parts = Parts {
        what: what.clone(),
        features: features.clone(),
        target: target.clone(),
        categories,
        train,
        choose,
        judge,
    };
    Ok((parts, done))
}
