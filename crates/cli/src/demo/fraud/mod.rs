//! `phalanx demo fraud`: from a table of payments to a model that can be served, and a report of it.
//!
//! | file | step |
//! |---|---|
//! | [`data`] | the table, and its three parts: to train on, to choose by, to judge by |
//! | [`baseline`] | what a linear model makes of it |
//! | [`training`] | boosted trees, trained on the cluster's workers |
//! | [`search`] | twenty other trainings, some at a time |
//! | [`verdict`] | the best model on rows that nobody has seen |
//! | [`page`] | all that as one page |

mod baseline;
mod data;
mod page;
mod search;
mod training;
mod verdict;

use super::kill::Killer;
use super::place::Place;
use super::report::{Digest, Done, Report};
use super::{shutdown, writable_folder};
use crate::args::{FraudArgs, Level, RoadArgs};
use crate::end::{Interrupt, Outcome};
use phalanx::boost::library::Library;
use phalanx_engine::{Engine, Error, Result};
use std::path::Path;
use std::time::Instant;

/// The model's file in the folder `--out`, and the report's.
const MODEL: &str = "fraud.ubj";
const PAGE: &str = "fraud.html";

/// Runs the demo. What can be wrong with the arguments is found before anything starts.
pub fn run(args: &FraudArgs, log: Level, interrupt: Interrupt) -> Outcome {
    let library = Library::get()?;
    let table = data::open(args)?;
    let out = writable_folder(&args.road.out)?;
    let place = Place::start(&args.road.place, log, interrupt)?;
    let report = Report::new(place.engine().kind(), place.workers(), args.road.json);
    report.begin(&place.describe()?, place.page(), args.road.seed)?;
    let mut road = Road { args: &args.road, place: &place, report, number: 0 };
    walk(&mut road, &table, &out, &library.version())?;
    let mut report = road.report;
    shutdown::run(place, &mut report)
}

/// All steps. What they found, and holds data of the engine, is gone when this returns.
fn walk(road: &mut Road<'_>, table: &data::Opened, out: &Path, xgboost: &str) -> Outcome {
    let seed = road.args.seed;
    let parts = road.step("load", |engine| data::split(engine, table, seed))?;
    let baseline = road.step("baseline", |engine| baseline::run(engine, &parts))?;
    let (sets, trained) = road.step("train", |engine| training::run(engine, &parts, seed))?;
    let found = road.step("search", |engine| search::run(engine, &sets, seed))?;
    let best = if found.best().precision > trained.precision { found.best() } else { &trained };
    let (model_file, page_file) = (out.join(MODEL), out.join(PAGE));
    let verdict = road.step("judge", |engine| verdict::run(engine, &parts, best, &model_file))?;
    road.step("report", |_engine| {
        let all = page::Findings {
            parts: &parts,
            baseline: &baseline,
            trained: &trained,
            found: &found,
            verdict: &verdict,
            model_file: &model_file,
            xgboost,
            seed,
        };
        write(&page_file, page::html(&all)?.as_bytes())?;
        let (page, model) = (page_file.display(), model_file.display());
        let said = format!("{page} has all of it; serve the model with: phalanx serve {model}");
        Ok(((), Done::new(&all.digest()).fact("page", page.to_string()).say(said)))
    })
}

/// The steps so far.
struct Road<'a> {
    args: &'a RoadArgs,
    place: &'a Place,
    report: Report,
    number: usize,
}

impl Road<'_> {
    /// Runs a step, with a kill in its middle if that is asked for, and says what it has done.
    fn step<T>(&mut self, name: &str, work: impl FnOnce(&dyn Engine) -> Result<(T, Done)>) -> Outcome<T> {
        let cluster = self.place.cluster().filter(|_| self.args.place.kill);
        let killer = cluster.map(|cluster| Killer::start(cluster, self.args.seed, self.number));
        self.number += 1;
        let start = Instant::now();
        let done = work(self.place.engine());
        let time = start.elapsed();
        let kill = killer.and_then(Killer::stop).transpose()?;
        let (found, done) = done?;
        self.report.step(name, time, done, kill)?;
        Ok(found)
    }
}

/// A digest of these numbers.
fn digest_of(numbers: impl IntoIterator<Item = f64>) -> Digest {
    let mut digest = Digest::default();
    numbers.into_iter().for_each(|number| digest.writer()(&number.to_le_bytes()));
    digest
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).map_err(|error| {
        Error::resources(format!("{} can't be written", path.display()))
            .caused_by(&error)
            .with_hint("name a folder with room with --out")
    })
}
