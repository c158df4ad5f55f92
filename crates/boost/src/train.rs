//! The caller's side of a training: a gang of ranks, as often as it takes, each time from the last checkpoint.

use crate::dataset::Dataset;
use crate::model::need_whole;
use crate::parameters::Parameters;
use crate::rank::{Checkpoint, Job, PROGRAM, Word};
use crate::stopping::EarlyStopping;
use phalanx_engine::{Engine, Error, ErrorKind, GangInput, GangPlan, Plaintext, Result, Steps};
use std::time::Duration;

/// How often a training is started before we give up.
const ATTEMPTS_MAX: u32 = 20;
/// Attempts in a row that end before any rank has said a word: the cluster has another trouble than a loss.
const SILENT_MAX: u32 = 3;

const SILENT: &str = "if it was not killed, XGBoost has ended it, as it does where some metrics do not fit the rows: \
                      with one rank it says why";

/// What is to be trained, on which rows, and how.
#[derive(Clone, Debug)]
pub struct Training {
    /// XGBoost's parameters.
    pub parameters: Parameters,
    /// The rows: those to be trained on first, then others to be evaluated.
    pub sets: Vec<Dataset>,
    /// Which of the sets are evaluated after each round, under which names.
    pub evals: Vec<(usize, String)>,
    /// How many rounds.
    pub rounds: u32,
    /// For each round its learning rate; empty where that does not change.
    pub learning_rates: Vec<f64>,
    /// When to stop before.
    pub stopping: Option<EarlyStopping>,
    /// A model to go on from.
    pub base: Option<Vec<u8>>,
    /// Texts that go with the model, by name.
    pub attributes: Vec<(String, String)>,
    /// Processes that train together, and threads of each: other numbers, another model (in its last bits, or in its
    /// splits where features have many values).
    pub ranks: usize,
    /// Threads of each.
    pub threads: usize,
    /// A checkpoint is made after the first round that ends so long after the last one; zero: after each. A loss costs
    /// the rounds since, and no more; the model does not depend on it.
    pub checkpoint_interval: Duration,
    /// Whether ranks may talk unencrypted between hosts of a cluster with credentials; `None`: as the variable
    /// `PHALANX_PLAINTEXT_BETWEEN_HOSTS` says. XGBoost knows no TLS, and ranks tell each other sums over rows.
    pub plaintext: Option<Plaintext>,
    /// How long ranks stay after this training, with what XGBoost made of their rows, for another one of the same ranks
    /// and threads on the same engine; zero: this one is by processes of its own, which end. `None`: as the variable
    /// `PHALANX_RANKS_IDLE_SECONDS` says, and [`IDLE`] without it. The model does not depend on it.
    pub idle: Option<Duration>,
}

/// How long ranks stay, by default.
pub const IDLE: Duration = Duration::from_secs(10);
/// The variable that says otherwise, in seconds.
pub const IDLE_VARIABLE: &str = "PHALANX_RANKS_IDLE_SECONDS";

/// What [`IDLE_VARIABLE`] says.
pub(crate) fn idle_of_environment() -> Result<Duration> {
    let said = match std::env::var(IDLE_VARIABLE) {
        Ok(said) if !said.is_empty() => said,
        _ => return Ok(IDLE),
    };
    let seconds = said.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| {
        Error::input(format!("{IDLE_VARIABLE} is {said:?}")).with_hint("give seconds: 10, or 0 for ranks that end")
    })
}

/// How long rounds go on without a checkpoint, by default.
pub const CHECKPOINT_INTERVAL: Duration = Duration::from_millis(300);

/// A model, and how it came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The model, in XGBoost's own format.
    pub model: Vec<u8>,
    /// For each round the metrics, each as `data-metric` and its value.
    pub history: Vec<Vec<(String, f64)>>,
    /// The best round and its score, with early stopping.
    pub best: Option<(u32, f64)>,
    /// Ranks that trained: fewer than were asked for where there were not as many rows.
    pub ranks: usize,
    /// How often it was started again after a loss.
    pub restarts: u32,
}

impl Training {
    /// A training of `rounds` rounds on `rows`, by two ranks of one thread, which is the default.
    pub fn new(parameters: Parameters, rows: Dataset, rounds: u32) -> Self {
        Self {
            parameters,
            sets: vec![rows],
            evals: vec![],
            rounds,
            learning_rates: vec![],
            stopping: None,
            base: None,
            attributes: vec![],
            ranks: 2,
            threads: 1,
            checkpoint_interval: CHECKPOINT_INTERVAL,
            plaintext: None,
            idle: None,
        }
    }

    /// What it is, for people.
    fn name(&self) -> String {
        let objective = self.parameters.get("objective");
        objective.map_or_else(|| String::from("XGBoost"), |objective| format!("XGBoost, {objective}"))
    }

    fn check(&self) -> Result<()> {
        self.base.as_deref().map_or(Ok(()), need_whole)?;
        self.sets.iter().try_for_each(Dataset::check)?;
        let Some(first) = self.sets.first() else { return Err(Error::input("a training without rows")) };
        if first.features.count() == 0 {
            return Err(Error::input("no rows to train on"));
        }
        if first.label.is_none() && first.lower.is_none() {
            return Err(Error::input("the rows to train on have no labels").with_hint("DMatrix(client, X, y)"));
        }
        if self.ranks == 0 || self.threads == 0 {
            return Err(Error::input(format!("{} ranks of {} threads", self.ranks, self.threads)));
        }
        let width = first.features.width();
        if let Some(other) = self.sets.iter().find(|other| other.features.width() != width) {
            let found = other.features.width();
            return Err(Error::input(format!("rows to be evaluated have {found} features, and the others {width}")));
        }
        let names = &first.about.names;
        if let Some(other) = self.sets.iter().find(|other| other.about.names != *names) {
            let found = &other.about.names;
            return Err(Error::input(format!("rows to be evaluated have the features {found:?} and not {names:?}"))
                .with_hint("give them the same columns in the same order"));
        }
        match self.stopping.is_some() && self.evals.is_empty() {
            true => Err(Error::input("early stopping without rows to evaluate").with_hint("give evals")),
            false => Ok(()),
        }
    }
}

/// Trains. `hear` is told the metrics of each round, once and in order; its error ends the training. So is whoever looks
/// at the cluster.
///
/// # Errors
/// * That of `hear`.
/// * `Input`, `Unsupported`: what XGBoost refuses, in its words, or it is not there.
/// * `Input`: ranks would be on several hosts of a cluster with credentials, and must not be (see
///   [`Training::plaintext`]).
/// * `Cluster`: workers were lost in each of 20 attempts, or what was lost can't be made again.
pub async fn train(
    engine: &dyn Engine,
    training: &Training,
    mut hear: impl FnMut(u32, &[(String, f64)]) -> Result<()>,
) -> Result<Trained> {
    training.check()?;
    let plaintext = training.plaintext.map_or_else(Plaintext::of_environment, Ok)?;
    let ranks = training.sets[0].ranks(training.ranks);
    let mut inputs: Vec<GangInput> = vec![];
    let sets = training.sets.iter().map(|set| set.feed(ranks, &mut inputs)).collect();
    let mut job = Job {
        parameters: training.parameters.all().to_vec(),
        seed: training.parameters.seed(),
        redraws: training.parameters.are_random().then(|| training.parameters.tree_method().to_owned()),
        sets,
        evals: training.evals.clone(),
        rounds: training.rounds,
        learning_rates: training.learning_rates.clone(),
        stopping: training.stopping.clone(),
        base: training.base.clone(),
        attributes: training.attributes.clone(),
        checkpoint: None,
        checkpoint_interval: training.checkpoint_interval,
    };
    let steps = Steps::of(engine, training.name(), Some(u64::from(training.rounds)));
    let (mut restarts, mut silent, mut heard) = (0, 0, 0);
    for _ in 0..ATTEMPTS_MAX {
        let plan = GangPlan {
            label: String::from("train"),
            program: String::from(PROGRAM),
            ranks,
            threads: training.threads,
            arguments: postcard::to_stdvec(&job)
                .map_err(|error| Error::internal("a training can't be written").caused_by(&error))?,
            inputs: inputs.clone(),
            plaintext,
            processors: training.parameters.processors(),
            idle: training.idle.map_or_else(idle_of_environment, Ok)?,
        };
        let mut spoke = false;
        let ended = attempt(engine, plan, ranks, |word| {
            spoke = true;
            match word {
                Word::Round(round, scores) if round >= heard => {
                    heard = round + 1;
                    let metrics: Vec<(&str, f64)> =
                        scores.iter().map(|(name, score)| (name.as_str(), *score)).collect();
                    steps.tell(u64::from(heard), &metrics);
                    return hear(round, &scores);
                }
                Word::Checkpoint(checkpoint) => job.checkpoint = Some(checkpoint),
                _ => {}
            }
            Ok(())
        })
        .await;
        match ended {
            Ok(Checkpoint { model, history, stopping, .. }) => {
                return Ok(Trained { model, history, best: stopping.best, ranks, restarts });
            }
            Err(error) if error.kind() != ErrorKind::Cluster => return Err(error),
            // Its rows were made again; nothing was trained.
            Err(error) if error.lost_data().is_some() => tracing::info!(%error, "once more"),
            Err(error) => {
                restarts += 1;
                silent = if spoke { 0 } else { silent + 1 };
                if silent == SILENT_MAX {
                    return Err(error.with_hint(SILENT));
                }
                let from = job.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.rounds);
                tracing::info!(%error, from, "training goes on from its last checkpoint");
            }
        }
    }
    Err(Error::cluster(format!("workers were lost in each of {ATTEMPTS_MAX} attempts of a training"))
        .with_hint("look at the workers' logs"))
}

/// One gang, to its end.
async fn attempt(
    engine: &dyn Engine,
    plan: GangPlan,
    ranks: usize,
    mut hear: impl FnMut(Word) -> Result<()>,
) -> Result<Checkpoint> {
    let mut gang = engine.gang(plan);
    let mut model = None;
    while let Some(said) = gang.next().await {
        let message = match said {
            Ok((_, message)) => message,
            // A rank that is lost after its work is done takes nothing along.
            Err(error) if error.kind() == ErrorKind::Cluster && model.is_some() => break,
            Err(error) => return Err(error),
        };
        let word: Word = postcard::from_bytes(&message)
            .map_err(|error| Error::internal("a rank's word can't be read").caused_by(&error))?;
        match word {
            Word::Tracker(address) => {
                for rank in 0..ranks {
                    gang.tell(rank, address.clone().into());
                }
            }
            Word::Model(trained) => model = Some(trained),
            word => hear(word)?,
        }
    }
    model.ok_or_else(|| Error::internal("all ranks are done, and none has sent the model"))
}
