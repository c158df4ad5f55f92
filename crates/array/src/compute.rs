//! Runs expressions on an engine: what several stages share first, then the results.

use crate::array::Array;
use crate::chunks::Chunks;
use crate::error::{Lift, broken, lift};
use crate::expr::{Expr, Stored, sorted, substituted};
use crate::lower::{Lowered, lower, lower_in_tasks};
use crate::physical::physical;
use crate::pull::{Provide, Pull};
use crate::rows::{Reader, SCHEMA, to_batches};
use phalanx_chunk::{Chunk, DType, Span};
use phalanx_engine::{Engine, Error, Job, Plan, Result};
use std::sync::Arc;

/// What several stages read and is at most this large comes to the client and travels inside of later plans.
pub(crate) const EMBED_BYTES_MAX: u64 = 1 << 20;

/// The values of arrays, and what they took.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// The values, in the order of the arrays.
    pub chunks: Vec<Chunk>,
    /// Elements that were drawn from generators, counted where they were drawn and sent back with the chunks. What
    /// was drawn for data that stayed persisted is not among them.
    pub evaluated: u64,
    /// Jobs that were run.
    pub jobs: usize,
}

/// The values of several arrays. What they share (the factors of one decomposition, say) is computed once.
///
/// # Errors
/// An error in one of the expressions, or the engine's.
///
/// ```
/// use phalanx_array::{compute, random::Generator};
/// use phalanx_engine::{LocalEngine, Settings};
/// let engine = LocalEngine::new(Settings::default())?;
/// let (u, s, vt) = Generator::new(1).random((100, 5), 50).svd();
/// let values = compute(&engine, &[&u, &s, &vt])?;
/// assert_eq!(values[1].shape(), [5]);
/// # Ok::<(), phalanx_engine::Error>(())
/// ```
pub fn compute(engine: &dyn Engine, arrays: &[&Array]) -> Result<Vec<Chunk>> {
    Ok(evaluate(engine, arrays)?.chunks)
}

/// As [`compute`], with what it took.
///
/// # Errors
/// As [`compute`].
pub fn evaluate(engine: &dyn Engine, arrays: &[&Array]) -> Result<Evaluation> {
    futures::executor::block_on(evaluate_async(engine, arrays))
}

/// As [`evaluate`], for async code.
///
/// # Errors
/// As [`compute`].
pub async fn evaluate_async(engine: &dyn Engine, arrays: &[&Array]) -> Result<Evaluation> {
    let roots = crate::deferred::resolve(engine, arrays).await?;
    let mut run = Run { engine, roots, evaluated: 0, jobs: 0 };
    run.roots.iter().try_for_each(|root| need_room(root))?;
    let lowered = run.share().await?;
    let mut chunks = vec![];
    // All jobs are started before the first is waited for.
    let mut jobs: Vec<Option<(usize, Job)>> = vec![];
    for (root, &stage) in run.roots.iter().zip(&lowered.roots) {
        if is_view_of_embedded(root) {
            jobs.push(None);
            continue;
        }
        jobs.push(Some((stage, engine.submit(physical(&lowered, stage, &label(root))?))));
    }
    for (root, job) in run.roots.clone().iter().zip(jobs) {
        chunks.push(match job {
            None => on_the_client(root)?,
            Some((stage, job)) => run.collect(job, root.dtype(), &lowered.stages[stage].grid).await?,
        });
    }
    Ok(Evaluation { chunks, evaluated: run.evaluated, jobs: run.jobs })
}

/// Refuses a result that this process could not hold, before anything runs: the system is asked for its room, which a
/// failed allocation later would end the process for.
fn need_room(root: &Expr) -> Result<()> {
    let elements = root.shape().iter().fold(1_usize, |count, length| count.saturating_mul(*length));
    let bytes = elements.saturating_mul(root.dtype().itemsize());
    if Vec::<u8>::new().try_reserve_exact(bytes).is_ok() {
        return Ok(());
    }
    let message = format!("Unable to allocate {bytes} bytes for an array of shape {:?}", root.shape());
    Err(Error::resources(message)
        .with_hint("reduce it or take a part of it first; persist() or a store keeps all of it"))
}

/// Computes the array and leaves its chunks with the engine.
pub(crate) async fn persist(engine: &dyn Engine, array: &Array) -> Result<Array> {
    let mut run = Run { engine, roots: crate::deferred::resolve(engine, &[array]).await?, evaluated: 0, jobs: 0 };
    let lowered = run.share().await?;
    Ok(Array::from_expr(run.persist(&lowered, lowered.roots[0]).await?))
}

/// The plan of the array, its type, and the chunks that it computes. What several of its stages share is computed first.
pub(crate) async fn plan(engine: &dyn Engine, array: &Array) -> Result<(Plan, DType, Chunks)> {
    let mut run = Run { engine, roots: crate::deferred::resolve(engine, &[array]).await?, evaluated: 0, jobs: 0 };
    let lowered = run.share().await?;
    let (root, stage) = (&run.roots[0], lowered.roots[0]);
    Ok((physical(&lowered, stage, &label(root))?, root.dtype(), lowered.stages[stage].grid.clone()))
}

/// The plans of arrays of as many rows whose tasks have the same chunks: chunk by chunk and partition by partition, they
/// give the same rows. None, if their chunks of rows differ.
pub(crate) async fn plans(engine: &dyn Engine, arrays: &[&Array]) -> Result<Option<Vec<(Plan, DType, Chunks)>>> {
    let mut run = Run { engine, roots: crate::deferred::resolve(engine, arrays).await?, evaluated: 0, jobs: 0 };
    run.share().await?;
    let mut plans: Vec<(Plan, DType, Chunks)> = vec![];
    let mut tasks: Option<Vec<Vec<usize>>> = None;
    for root in &run.roots {
        let lowered = lower_in_tasks(std::slice::from_ref(root), engine.settings(), tasks.as_deref())?;
        let (stage, grid) = (lowered.roots[0], &lowered.stages[lowered.roots[0]].grid);
        let has_whole_rows = (1..grid.ndim()).all(|axis| grid.sizes(axis).len() == 1);
        let is_alike = plans.first().is_none_or(|(_, _, first)| first.sizes(0) == grid.sizes(0));
        let found = &lowered.stages[stage].tasks;
        // Chunks that are computed together come together, in an order of their own.
        let are_in_order = found.iter().flatten().is_sorted() && lowered.stages[stage].together.is_empty();
        if !has_whole_rows || !is_alike || !are_in_order || tasks.as_ref().is_some_and(|tasks| tasks != found) {
            return Ok(None);
        }
        tasks.get_or_insert_with(|| found.clone());
        plans.push((physical(&lowered, stage, &label(root))?, root.dtype(), grid.clone()));
    }
    Ok(Some(plans))
}

/// Hands a client's chunk to the engine, cut into chunks.
pub(crate) async fn scatter(engine: &dyn Engine, chunk: &Chunk, chunks: Chunks) -> Result<Array> {
    let numbers: Vec<usize> = (0..chunks.count()).collect();
    let per_partition = numbers.len().div_ceil(128).max(1);
    let mut partitions = vec![];
    for numbers in numbers.chunks(per_partition) {
        let mut batches = vec![];
        for &number in numbers {
            let region = chunks.region(number);
            let part = chunk.region(&region).lift()?;
            batches.extend(to_batches(&crate::rows::Label { route: 0, chunk: number, region, evaluated: 0 }, &part)?);
        }
        partitions.push(batches);
    }
    let persisted = engine.scatter("array", Arc::clone(&SCHEMA), partitions).collect().await?;
    let partitions = numbers.iter().map(|number| number / per_partition).collect();
    Ok(Array::from_expr(Expr::stored(chunk.dtype(), chunks, Stored { persisted, partitions })))
}

struct Run<'a> {
    engine: &'a dyn Engine,
    roots: Vec<Arc<Expr>>,
    evaluated: u64,
    jobs: usize,
}

impl Run<'_> {
    /// Computes what several stages read, lowest first, until no such stage is left.
    async fn share(&mut self) -> Result<Lowered> {
        loop {
            let lowered = lower(&self.roots, self.engine.settings())?;
            let Some(stage) = lowered.shared() else { return Ok(lowered) };
            let expr = &lowered.stages[stage].expr;
            let all: Vec<Span> = expr.shape().iter().map(|&length| Span::all(length)).collect();
            let leaf = if lowered.stages[stage].is_complete()
                && crate::node::bytes(expr.node.as_ref(), &all) <= EMBED_BYTES_MAX
            {
                let job = self.engine.submit(physical(&lowered, stage, &label(expr))?);
                let chunk = self.collect(job, expr.dtype(), &lowered.stages[stage].grid).await?;
                Expr::embedded(chunk)
            } else {
                self.persist(&lowered, stage).await?
            };
            self.roots = substituted(&self.roots, expr, &leaf);
        }
    }

    async fn persist(&mut self, lowered: &Lowered, stage: usize) -> Result<Arc<Expr>> {
        let this = &lowered.stages[stage];
        let persisted = self.engine.persist(physical(lowered, stage, &label(&this.expr))?).collect().await?;
        self.jobs += 1;
        // Chunks that nobody wanted are in no partition, and nobody will ask for them.
        let mut partitions = vec![0; this.grid.count()];
        for (task, chunks) in this.tasks.iter().enumerate() {
            chunks.iter().for_each(|&chunk| partitions[chunk] = task);
        }
        let stored = Stored { persisted, partitions: partitions.into() };
        Ok(Expr::stored(this.expr.dtype(), this.grid.clone(), stored))
    }

    async fn collect(&mut self, mut job: Job, dtype: DType, grid: &Chunks) -> Result<Chunk> {
        let mut reader = Reader::new(dtype);
        let mut pieces = vec![];
        while let Some(partition) = job.next().await {
            for batch in partition?.batches {
                for received in reader.read(&batch)? {
                    self.evaluated += received.evaluated;
                    pieces.push((received.region, received.values));
                }
            }
        }
        reader.close()?;
        self.jobs += 1;
        Chunk::assemble(dtype, &grid.shape(), &pieces).lift()
    }
}

/// The values of `expr` if they are the client's own, or a view of them.
pub(crate) fn embedded_value(expr: &Arc<Expr>) -> Option<Chunk> {
    if is_view_of_embedded(expr) { on_the_client(expr).ok() } else { None }
}

/// Whether `expr` only shows elements of a chunk that the client holds.
fn is_view_of_embedded(expr: &Arc<Expr>) -> bool {
    let is_leaf = |expr: &Arc<Expr>| expr.inputs.is_empty();
    let (order, _) = sorted(std::slice::from_ref(expr));
    order.iter().all(|expr| if is_leaf(expr) { expr.node.embedded().is_some() } else { expr.node.is_view() })
}

/// Shows elements of a chunk that is here already.
fn on_the_client(root: &Arc<Expr>) -> Result<Chunk> {
    struct Nothing;
    impl Provide for Nothing {
        fn provide(&self, _slot: &crate::node::slot::Slot, _region: &[Span]) -> crate::error::ChunkResult<Chunk> {
            Err(broken("a client has no slots"))
        }
    }
    let (order, place) = sorted(std::slice::from_ref(root));
    let entry = |expr: &Arc<Expr>| crate::node::Entry {
        node: Arc::clone(&expr.node),
        inputs: expr.inputs.iter().map(|input| place[&Arc::as_ptr(input)]).collect(),
    };
    let table = crate::node::Table { entries: order.iter().map(entry).collect() };
    let region: Vec<Span> = root.shape().iter().map(|&length| Span::all(length)).collect();
    Pull::new(&table, &Nothing).evaluate(&region).map_err(lift)
}

fn label(expr: &Arc<Expr>) -> String {
    format!("{} {:?}", expr.node.name(), expr.shape())
}
