//! The ranks' side of a training: a process that holds its share of the rows and works in step with the others.
//!
//! **A round depends on the model before it, on the rows and on the round's number, and on nothing else**: so a training
//! that goes on from a checkpoint gives the bits of one that was never disturbed. XGBoost's own state has two parts that
//! would break this where rows or features are drawn at random, and both are made anew in every round: the generator, by
//! a seed of the round's own, and the sampler of features, by choosing the tree method again.
//!
//! For the same reason a rank may stay for another training: what it [keeps](crate::memory) is a pure function of rows
//! and parameters that are the same again, and everything else is made anew.

use crate::dataset::{About, Layout};
use crate::library;
use crate::listening;
use crate::memory::{Group, Key, Memory};
use crate::native::{Booster, Communicator, Kept, Matrix, Tracker};
use crate::rows;
use crate::stopping::{EarlyStopping, Progress};
use phalanx_engine::gang::rank::inventory;
use phalanx_engine::gang::{Rank, RankProgram};
use phalanx_engine::{Error, Result};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// The program's name.
pub const PROGRAM: &str = "boost";
/// The bins of a feature, unless the parameters say otherwise.
const BINS: usize = 256;
/// A checkpoint is made when the last one is this many times as old as it took to make, at least: it takes no more of
/// the time than one part in so many.
const CHECKPOINT_SHARE: u32 = 20;
/// A prime that is far from any seed a person types, so that rounds of two trainings do not share theirs.
const SEED_STEP: i64 = 1_000_003;

/// What all ranks are told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// XGBoost's parameters.
    pub parameters: Vec<(String, String)>,
    /// The seed of all random choices.
    pub seed: i64,
    /// If rows or features are drawn at random, the method by which trees are grown.
    pub redraws: Option<String>,
    /// The rows: those to be trained on first.
    pub sets: Vec<Layout>,
    /// Which of them are evaluated after each round, under which names.
    pub evals: Vec<(usize, String)>,
    /// How many rounds.
    pub rounds: u32,
    /// For each round its learning rate, where that changes.
    pub learning_rates: Vec<f64>,
    /// When to stop before.
    pub stopping: Option<EarlyStopping>,
    /// A model to go on from.
    pub base: Option<Vec<u8>>,
    /// Texts that go with the model, by name.
    pub attributes: Vec<(String, String)>,
    /// Where an earlier attempt was.
    pub checkpoint: Option<Checkpoint>,
    /// How long rounds go on without another.
    pub checkpoint_interval: Duration,
}

/// A training after some rounds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Rounds that are done.
    pub rounds: u32,
    /// The model.
    pub model: Vec<u8>,
    /// For each of these rounds the metrics.
    pub history: Vec<Vec<(String, f64)>>,
    /// How far stopping is.
    pub stopping: Progress,
}

/// What rank 0 says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Word {
    /// Where the tracker is: for all ranks.
    Tracker(String),
    /// The metrics after a round.
    Round(u32, Vec<(String, f64)>),
    /// It can go on from here.
    Checkpoint(Checkpoint),
    /// The training is done.
    Model(Checkpoint),
}

inventory::submit! {
    RankProgram { name: PROGRAM, environment, run }
}

/// Threads that spin while they wait would take the cores that others need.
fn environment(threads: usize) -> Vec<(&'static str, String)> {
    let mut environment = vec![("OMP_WAIT_POLICY", String::from("passive")), ("OMP_NUM_THREADS", threads.to_string())];
    // What is found once need not be looked for by each rank.
    if let Some(path) = library::find().ok().and_then(|path| path.into_os_string().into_string().ok()) {
        environment.push((library::VARIABLE, path));
    }
    environment
}

fn run(rank: &mut Rank) -> Result<()> {
    let job: Job = postcard::from_bytes(rank.arguments())
        .map_err(|error| Error::internal("a training can't be read").caused_by(&error))?;
    let mut memory = rank.kept::<Memory>().map_or_else(Memory::new, Ok)?;
    memory.begin()?;
    // Alone, a rank is plain XGBoost, bit for bit. Of several the first has the tracker, which takes a tenth of a second to
    // be ready: meanwhile the rows come. Ranks that stayed have met already.
    let joins = rank.count() > 1 && memory.group.is_none();
    let tracker = match rank.number() {
        0 if joins => Some(Tracker::start(&listening::only_at(rank.host())?.to_string(), rank.count())?),
        _ => None,
    };
    let keys = job.keys(rank);
    let known = memory.take(&keys, &job.sets, rank.count());
    let missing = job.sets.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(layout, _)| layout);
    let wanted: Vec<usize> = missing.flat_map(Layout::inputs).collect();
    let inputs = read(rank, &wanted)?;
    if joins {
        if let Some(tracker) = &tracker {
            tell(rank, &Word::Tracker(tracker.arguments()?))?;
        }
        listening::only_at(rank.host())?;
        let address = rank.hear()?;
        let communicator = Communicator::join(&String::from_utf8_lossy(&address), rank.number())?;
        memory.group = Some(Group { communicator, tracker });
    }
    let matrices = matrices(rank, &job, inputs, known)?;
    train(rank, &job, &matrices)?;
    if rank.stays() {
        memory.put(keys, &job.sets, matrices, rank.count());
        rank.keep(memory);
        return Ok(());
    }
    drop(matrices);
    memory.group.map_or(Ok(()), Group::leave)
}

impl Job {
    /// The last value of a parameter.
    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The bins of a feature.
    fn bins(&self) -> usize {
        self.parameter("max_bin").and_then(|bins| bins.parse().ok()).unwrap_or(BINS)
    }

    /// What each of the sets is to this rank, and XGBoost makes of it; none where it makes something that depends on
    /// more: `approx` cuts features where the training's own Hessians say.
    fn keys(&self, rank: &Rank) -> Vec<Option<Key>> {
        let method = self.parameter("tree_method").unwrap_or("hist");
        let is_hist = matches!(method, "hist" | "auto") && self.parameter("updater").is_none();
        let (names, mut keys) = (rank.names(), Vec::<Option<Key>>::new());
        for layout in &self.sets {
            let quantiles = layout.about.quantiles.and(keys.first().cloned().flatten());
            let name = |input: usize| names.get(input).copied().unwrap_or_default();
            let key = || {
                Key::new(&(
                    name(layout.features),
                    layout.fields.iter().map(|(field, input)| (field, name(*input))).collect::<Vec<_>>(),
                    layout.groups.get(rank.number()),
                    &layout.about,
                    (self.bins(), self.parameter("sparse_threshold")),
                    quantiles,
                ))
            };
            keys.push(if is_hist { key() } else { None });
        }
        keys
    }
}

fn tell(rank: &Rank, word: &Word) -> Result<()> {
    let bytes = postcard::to_stdvec(word).map_err(|error| Error::internal("a word is none").caused_by(&error))?;
    rank.tell(&bytes)
}

/// The numbers of each input, none of those that are not `wanted`, and how many a row has.
fn read(rank: &mut Rank, wanted: &[usize]) -> Result<Vec<(Vec<f32>, usize)>> {
    let width = |schema: &datafusion::arrow::datatypes::SchemaRef| match schema.field(0).data_type() {
        datafusion::arrow::datatypes::DataType::FixedSizeList(_, width) => Ok(*width as usize),
        other => Err(Error::internal(format!("rows are {other}"))),
    };
    let mut inputs =
        rank.schemas().iter().map(|schema| Ok((vec![], width(schema)?))).collect::<Result<Vec<(Vec<f32>, usize)>>>()?;
    rank.rows_of(wanted, |input, batch| {
        let (numbers, _) = inputs.get_mut(input).ok_or_else(|| Error::internal("rows of no input"))?;
        numbers.extend_from_slice(rows::numbers(&batch)?);
        Ok(())
    })?;
    Ok(inputs)
}

/// XGBoost's rows of every set: those that are known, and others made of the numbers, which are given back one after the
/// other.
fn matrices(
    rank: &Rank,
    job: &Job,
    mut inputs: Vec<(Vec<f32>, usize)>,
    known: Vec<Option<Matrix>>,
) -> Result<Vec<Matrix>> {
    let bins = job.bins();
    let mut made: Vec<Matrix> = vec![];
    for (layout, known) in job.sets.iter().zip(known) {
        if let Some(known) = known {
            made.push(known);
            continue;
        }
        let mut take = |input: usize| inputs.get_mut(input).map(std::mem::take).unwrap_or_default();
        let (numbers, width) = take(layout.features);
        let about = &layout.about;
        let first_has_quantiles = job.sets.first().is_some_and(|first| first.about.quantiles.is_some());
        let quantiles = match (about.quantiles, made.first()) {
            (Some(own), None) => Some((if own == 0 { bins } else { own }, None)),
            (Some(own), first) if first_has_quantiles => Some((if own == 0 { bins } else { own }, first)),
            _ => None,
        };
        let kept = Kept { missing: about.missing.unwrap_or(f32::NAN), threads: rank.threads(), quantiles };
        let matrix = Matrix::new(&numbers, width, kept)?;
        drop(numbers);
        if let Some(groups) = layout.groups.get(rank.number()) {
            let number = |(number, rows): (usize, &u32)| std::iter::repeat_n(number as u32, *rows as usize);
            let queries: Vec<u32> = groups.iter().enumerate().flat_map(number).collect();
            matrix.set("qid", &queries, None)?;
        }
        for (field, input) in &layout.fields {
            let (numbers, width) = take(*input);
            matrix.set(field, &numbers, (width > 1).then_some(width))?;
        }
        if !about.names.is_empty() {
            matrix.set_texts("feature_name", &about.names)?;
        }
        if !about.types.is_empty() {
            matrix.set_texts("feature_type", &about.types)?;
        }
        if !about.weights.is_empty() {
            matrix.set("feature_weights", &about.weights, None)?;
        }
        made.push(matrix);
    }
    Ok(made)
}

fn train(rank: &Rank, job: &Job, matrices: &[Matrix]) -> Result<()> {
    let Some(rows) = matrices.first() else { return Err(Error::internal("a training without rows")) };
    let mut at = job.checkpoint.clone().unwrap_or_default();
    let earlier = job.base.as_ref().map_or(Ok(0), |base| Booster::of_bytes(base)?.rounds())?;
    let booster = match &job.checkpoint {
        Some(checkpoint) => {
            retrace(rank, job, matrices, earlier)?;
            begin(rank, job, matrices, Some(&checkpoint.model))?
        }
        None => begin(rank, job, matrices, job.base.as_ref())?,
    };
    let evals: Vec<(&Matrix, &str)> =
        job.evals.iter().filter_map(|(set, name)| Some((matrices.get(*set)?, name.as_str()))).collect();
    let mut pace = Pace::new(job.checkpoint_interval);
    while at.rounds < job.rounds {
        let round = at.rounds;
        update(job, &booster, rows, earlier, round)?;
        at.rounds += 1;
        let scores = if evals.is_empty() { vec![] } else { booster.evaluate(round, &evals)? };
        let mut stops = false;
        if let Some(stopping) = &job.stopping {
            let noted = stopping.note(&mut at.stopping, earlier + round, &scores);
            stops = noted.ok_or_else(|| {
                let names: Vec<&str> = scores.iter().map(|(name, _)| name.as_str()).collect();
                Error::input(format!("early stopping waits for a metric that is not among {names:?}"))
                    .with_hint("give evals, and name one of them and one of the metrics")
            })?;
        }
        if rank.number() == 0 {
            tell(rank, &Word::Round(round, scores.clone()))?;
        }
        at.history.push(scores);
        if stops {
            break;
        }
        if rank.number() == 0 && at.rounds < job.rounds && pace.is_due() {
            at.model = pace.timed(|| booster.save())?;
            tell(rank, &Word::Checkpoint(at.clone()))?;
        }
    }
    if let Some((round, score)) = at.stopping.best {
        booster.set_attribute("best_iteration", &round.to_string())?;
        booster.set_attribute("best_score", &score.to_string())?;
    }
    for (name, value) in &job.attributes {
        booster.set_attribute(name, value)?;
    }
    if rank.number() == 0 {
        at.model = booster.save()?;
        tell(rank, &Word::Model(at))?;
    }
    Ok(())
}

/// A booster for these rows that goes on from a model, if there is one.
fn begin(rank: &Rank, job: &Job, matrices: &[Matrix], model: Option<&Vec<u8>>) -> Result<Booster> {
    let booster = Booster::new(&matrices.iter().collect::<Vec<_>>())?;
    if let Some(model) = model {
        booster.load(model)?;
    }
    for (name, value) in &job.parameters {
        booster.set(name, value)?;
    }
    if let Some(gpu) = rank.gpu() {
        booster.set("device", &format!("cuda:{gpu}"))?;
        // Where it finds no GPU, XGBoost goes on without a word that anybody reads.
        if !booster.configured()?.contains(&format!(r#""device":"cuda:{gpu}""#)) {
            return Err(Error::unsupported(format!(
                "rank {} was given GPU {gpu}, and XGBoost does not use it",
                rank.number()
            ))
            .with_hint(
                "workers with GPUs need a build of XGBoost that has CUDA, and its driver; or leave device='cuda' out",
            ));
        }
    }
    booster.set("nthread", &rank.threads().to_string())?;
    booster.set("seed_per_iteration", "true")?;
    if let Some(About { names, types, .. }) = job.sets.first().map(|set| &set.about) {
        for (field, texts) in [("feature_name", names), ("feature_type", types)] {
            if !texts.is_empty() {
                booster.set_texts(field, texts)?;
            }
        }
    }
    Ok(booster)
}

/// One round after `earlier` ones of another training.
fn update(job: &Job, booster: &Booster, rows: &Matrix, earlier: u32, round: u32) -> Result<()> {
    if let Some(rate) = job.learning_rates.get(round as usize) {
        booster.set("learning_rate", &rate.to_string())?;
    }
    if let Some(method) = &job.redraws {
        begin_anew(booster, method, job.seed, earlier + round)?;
    }
    booster.update(round, rows)
}

/// Before a training goes on: the first round once more, for what it leaves with the rows. The method `approx` cuts
/// features where the Hessians of the rows say, and where these are the same in all rounds it cuts in the first alone,
/// over the rows that were drawn then.
fn retrace(rank: &Rank, job: &Job, matrices: &[Matrix], earlier: u32) -> Result<()> {
    match (job.parameter("tree_method"), matrices.first()) {
        (Some("approx"), Some(rows)) => update(job, &begin(rank, job, matrices, job.base.as_ref())?, rows, earlier, 0),
        _ => Ok(()),
    }
}

/// Gives the generator the round's own seed, and makes the sampler of features anew: XGBoost does so where the tree
/// method changes, so it changes, and changes back before anything is grown.
fn begin_anew(booster: &Booster, method: &str, seed: i64, round: u32) -> Result<()> {
    // Seeds have 63 bits; XGBoost reads them as such.
    let seed = seed.wrapping_add(i64::from(round).wrapping_mul(SEED_STEP)) & i64::MAX;
    booster.set("seed", &seed.to_string())?;
    booster.set("tree_method", if method == "approx" { "hist" } else { "approx" })?;
    booster.configure()?;
    booster.set("tree_method", method)
}

/// When a checkpoint is worth its time. It changes no result.
struct Pace {
    interval: Duration,
    last: Instant,
    took: Duration,
}

impl Pace {
    fn new(interval: Duration) -> Self {
        Self { interval, last: Instant::now(), took: Duration::ZERO }
    }
    fn is_due(&self) -> bool {
        let least = if self.interval.is_zero() { Duration::ZERO } else { self.took * CHECKPOINT_SHARE };
        self.last.elapsed() >= self.interval.max(least)
    }
    fn timed<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let made = work();
        (self.last, self.took) = (Instant::now(), started.elapsed());
        made
    }
}
