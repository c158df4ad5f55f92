//! The main job, end to end: a file a step.
//!
//! | file | step |
//! |---|---|
//! | [`array_svd`] | an SVD that evaluates 10,000 of 10⁹ elements |
//! | [`array_tall_svd`] | an SVD of a million rows |
//! | [`array_mean`] | a mean over an array and its transpose |
//! | [`frame_unique`], [`frame_cumsum`], [`frame_groupby`] | a month of rows, one a second |
//! | [`learn_logistic`] | a trained model |
//! | [`shutdown`] | giving everything back |
//! | [`fraud`] | another road: from a table of payments to a model that can be served |
//!
//! Around them: [`place`] is where the steps run, [`kill`] kills workers meanwhile, [`report`] says what happened.

mod array_mean;
mod array_svd;
mod array_tall_svd;
mod frame_cumsum;
mod frame_groupby;
mod frame_unique;
pub mod fraud;
mod kill;
mod learn_logistic;
pub mod place;
mod report;
mod shutdown;

use crate::args::{DemoArgs, Level, StepName, typed};
use crate::end::{Interrupt, Outcome};
use kill::Killer;
use phalanx::frame::{Frame, datasets};
use phalanx_engine::{Engine, Error, Result};
use place::Place;
use report::{Done, Report};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What a step has.
struct Context<'a> {
    engine: &'a dyn Engine,
    seed: u64,
    /// Flights, if there are any.
    flights: Option<&'a Frame>,
    /// An existing folder that we may write to.
    out: &'a Path,
}

type Step = fn(&Context<'_>) -> Result<Done>;

const STEPS: &[(StepName, Step)] = &[
    (StepName::ArraySvd, array_svd::run),
    (StepName::ArrayTallSvd, array_tall_svd::run),
    (StepName::ArrayMean, array_mean::run),
    (StepName::FrameUnique, frame_unique::run),
    (StepName::FrameCumsum, frame_cumsum::run),
    (StepName::FrameGroupby, frame_groupby::run),
    (StepName::LearnLogistic, learn_logistic::run),
];

/// Runs the demo. What can be wrong with the arguments is found before anything starts.
pub fn run(args: &DemoArgs, log: Level, interrupt: Interrupt) -> Outcome {
    let flights = args.data.as_deref().map(learn_logistic::open).transpose()?;
    let out = writable_folder(&args.road.out)?;
    let place = Place::start(&args.road.place, log, interrupt)?;
    let mut report = Report::new(place.engine().kind(), place.workers(), args.road.json);
    report.begin(&place.describe()?, place.page(), args.road.seed)?;
    let is_wanted = |name: &StepName| args.only.is_empty() || args.only.contains(name);
    for (number, (name, step)) in STEPS.iter().enumerate().filter(|(_, (name, _))| is_wanted(name)) {
        let context = Context { engine: place.engine(), seed: args.road.seed, flights: flights.as_ref(), out: &out };
        let killer = place
            .cluster()
            .filter(|_| args.road.place.kill)
            .map(|cluster| Killer::start(cluster, args.road.seed, number));
        let start = Instant::now();
        let done = step(&context);
        let time = start.elapsed();
        let kill = killer.and_then(Killer::stop).transpose()?;
        report.step(&typed(*name), time, done?, kill)?;
    }
    shutdown::run(place, &mut report)
}

/// `folder`, made if need be; refused now rather than after the steps before the first that writes.
fn writable_folder(folder: &Path) -> Result<PathBuf> {
    let refused = |error: std::io::Error| {
        Error::input(format!("--out {} can't be written", folder.display()))
            .caused_by(&error)
            .with_hint("name a folder that you may write to")
    };
    std::fs::create_dir_all(folder).map_err(refused)?;
    tempfile::tempfile_in(folder).map_err(refused)?;
    Ok(folder.to_owned())
}

/// 2000-01-01 to 2000-01-31, a row a second, a partition a day.
fn timeseries(seed: u64) -> Result<Frame> {
    datasets::timeseries().seed(seed).build()
}
