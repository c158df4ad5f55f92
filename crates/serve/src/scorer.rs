//! Threads with a copy of the model each. Requests that wait at the same time are scored together, so that a busy server
//! pays XGBoost's cost of a call once for many.

use crate::model::ServedModel;
use parking_lot::Mutex;
use phalanx_engine::{Error, Result};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use tokio::sync::oneshot;

/// Requests that may wait; more are refused at once rather than late.
const WAITING_MAX: usize = 1024;
/// Rows that are scored together, if no request alone has more.
const BATCH_ROWS: usize = 256;

struct Question {
    numbers: Vec<f32>,
    answer: oneshot::Sender<Result<Vec<f32>>>,
}

/// The threads; they end when it is dropped.
#[derive(Debug)]
pub struct Scorer {
    questions: SyncSender<Question>,
}

/// Why there is no score.
#[derive(Debug)]
pub enum NoScore {
    /// Too many requests wait.
    Busy,
    /// XGBoost failed.
    Failed(Error),
}

impl Scorer {
    /// Starts so many threads.
    ///
    /// # Errors
    /// XGBoost's, or a thread can't be started.
    pub fn start(model: &Arc<ServedModel>, threads: usize) -> Result<Self> {
        let (questions, queue) = sync_channel(WAITING_MAX);
        let queue = Arc::new(Mutex::new(queue));
        let (ready, started) = sync_channel(threads);
        for number in 0..threads {
            let (model, queue, ready) = (Arc::clone(model), Arc::clone(&queue), ready.clone());
            std::thread::Builder::new()
                .name(format!("scorer-{number}"))
                .spawn(move || {
                    // A thread reads the model once; here, and not at its first request.
                    let width = model.features().len();
                    let warm = model.predict(&vec![0.0; width]).map(drop);
                    let is_ready = warm.is_ok();
                    let _nobody_waits = ready.send(warm);
                    if is_ready {
                        while score_some(&queue, |numbers| model.predict(numbers), width) {}
                    }
                })
                .map_err(|error| Error::resources("a thread can't be started").caused_by(&error))?;
        }
        for _ in 0..threads {
            started.recv().map_err(|_| Error::internal("a scoring thread ended before it began"))??;
        }
        Ok(Self { questions })
    }

    /// The predictions of rows, whose numbers lie one after the other.
    ///
    /// # Errors
    /// Too many requests wait, or XGBoost failed.
    pub async fn score(&self, numbers: Vec<f32>) -> std::result::Result<Vec<f32>, NoScore> {
        let (answer, answered) = oneshot::channel();
        match self.questions.try_send(Question { numbers, answer }) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(NoScore::Busy),
            Err(TrySendError::Disconnected(_)) => return Err(gone()),
        }
        match answered.await {
            Ok(Ok(scores)) => Ok(scores),
            Ok(Err(error)) => Err(NoScore::Failed(error)),
            Err(_) => Err(gone()),
        }
    }
}

fn gone() -> NoScore {
    NoScore::Failed(Error::internal("the scoring threads have ended"))
}

/// Waits for a question and answers it, with those that wait behind it. False: nobody will ask any more.
fn score_some(queue: &Mutex<Receiver<Question>>, ask: impl Fn(&[f32]) -> Result<Vec<f32>>, width: usize) -> bool {
    let mut batch = vec![];
    {
        let queue = queue.lock();
        let Ok(first) = queue.recv() else { return false };
        let mut count = first.numbers.len();
        batch.push(first);
        while count < BATCH_ROWS * width {
            let Ok(next) = queue.try_recv() else { break };
            count += next.numbers.len();
            batch.push(next);
        }
    }
    let numbers: Vec<f32> = match batch.as_mut_slice() {
        [one] => std::mem::take(&mut one.numbers),
        many => many.iter().flat_map(|question| question.numbers.iter().copied()).collect(),
    };
    let rows = numbers.len() / width.max(1);
    match ask(&numbers) {
        Ok(scores) => {
            let outputs = scores.len() / rows.max(1);
            let single = batch.len() == 1;
            let mut rest = scores.as_slice();
            for question in batch {
                let count = if single { rest.len() } else { question.numbers.len() / width.max(1) * outputs };
                let (own, others) = rest.split_at(count.min(rest.len()));
                rest = others;
                let _gone_away = question.answer.send(Ok(own.to_vec()));
            }
        }
        Err(error) => {
            for question in batch {
                let _gone_away = question.answer.send(Err(error.clone()));
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_together_is_answered_together_each_its_own() {
        let (send, receive) = sync_channel(8);
        let queue = Mutex::new(receive);
        let mut answers = vec![];
        for question in [vec![1.0, 2.0], vec![3.0, 4.0, 5.0, 6.0], vec![]] {
            let (answer, answered) = oneshot::channel();
            send.send(Question { numbers: question, answer }).unwrap();
            answers.push(answered);
        }
        let calls = std::cell::Cell::new(0);
        let sums = |numbers: &[f32]| {
            calls.set(calls.get() + 1);
            Ok(numbers.chunks(2).flat_map(|row| [row[0] + row[1], row[0] * row[1]]).collect())
        };
        assert!(score_some(&queue, sums, 2));
        let scores: Vec<Vec<f32>> =
            answers.into_iter().map(|answer| answer.blocking_recv().unwrap().unwrap()).collect();
        assert_eq!((scores, calls.get()), (vec![vec![3.0, 2.0], vec![7.0, 12.0, 11.0, 30.0], vec![]], 1));
        drop(send);
        assert!(!score_some(&queue, sums, 2));
    }
}
