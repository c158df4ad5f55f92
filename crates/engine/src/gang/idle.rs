//! Gangs whose ranks are done and stay: for the engine's next gang of the same shape, which finds processes that run
//! already and still have what they keep.
//!
//! An idle gang has no cores: these were given back when it was done, and the next one asks for its own. It ends when
//! nobody has wanted it for as long as its plan said, when more ranks are idle than [`RANKS_MAX`], and with its engine;
//! its ranks end with their worker, too. A gang of which a rank has died meanwhile is no more given away.

use super::process::{Order, RankLink};
use super::{RankSpec, Stay};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// The most ranks of an engine that are idle; of more, those that were done first end.
const RANKS_MAX: usize = 64;

/// What ranks must have in common with those of a plan that are to go on with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The program.
    pub program: String,
    /// Threads of each.
    pub threads: usize,
    /// Whether they meet on the loopback of one host.
    pub on_one_host: bool,
    /// Where each of them runs.
    pub places: Vec<String>,
}

impl Shape {
    /// Of ranks that run at these places, one each.
    pub fn new(specs: &[RankSpec], places: Vec<String>) -> Self {
        let first = specs.first();
        Self {
            program: first.map_or_else(String::new, |spec| spec.program.clone()),
            threads: first.map_or(0, |spec| spec.threads),
            on_one_host: first.is_some_and(|spec| spec.on_one_host),
            places,
        }
    }
}

/// Those of one engine.
#[derive(Debug, Default)]
pub struct IdleGangs(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    next: u64,
    /// Those that were done first first.
    gangs: VecDeque<Idle>,
}

#[derive(Debug)]
struct Idle {
    number: u64,
    shape: Shape,
    links: Vec<RankLink>,
    /// The rows that its last plan has named.
    rows: Vec<String>,
}

impl Idle {
    /// Whether nobody of it has said anything since it was done: the only thing to say is that it is gone.
    fn is_whole(&mut self) -> bool {
        use tokio::sync::mpsc::error::TryRecvError;
        self.links.iter_mut().all(|link| matches!(link.events.try_recv(), Err(TryRecvError::Empty)))
    }
}

impl IdleGangs {
    /// The ranks of an idle gang of this shape, which have started with `specs`, one each; of several gangs the one whose
    /// last plan named most of the same rows, and of those the last that was done.
    pub fn again(&self, shape: &Shape, specs: &[RankSpec]) -> Option<Vec<RankLink>> {
        let wanted = rows_of(specs);
        loop {
            let mut idle = {
                let mut state = self.0.lock();
                let common = |idle: &Idle| idle.rows.iter().filter(|name| wanted.contains(name)).count();
                let fitting = state.gangs.iter().enumerate().filter(|(_, idle)| idle.shape == *shape);
                let (place, _) = fitting.max_by_key(|(_, idle)| common(idle))?;
                state.gangs.remove(place)?
            };
            let start = |(link, spec): (&RankLink, &RankSpec)| link.orders.send(Order::Start(Box::new(spec.clone())));
            if idle.is_whole() && idle.links.iter().zip(specs).map(start).all(|told| told.is_ok()) {
                return Some(idle.links);
            }
        }
    }

    /// Who takes the ranks of these plans when they are done; nobody, unless they are to stay for some time.
    pub fn stay(self: &Arc<Self>, runtime: &Handle, shape: Shape, specs: &[RankSpec], time: Duration) -> Option<Stay> {
        if time.is_zero() {
            return None;
        }
        let (gangs, runtime, rows) = (Arc::clone(self), runtime.clone(), rows_of(specs));
        Some(Box::new(move |links| {
            let number = gangs.add(shape, links, rows);
            let gangs = Arc::downgrade(&gangs);
            runtime.spawn(async move {
                tokio::time::sleep(time).await;
                if let Some(gangs) = gangs.upgrade() {
                    gangs.end(number);
                }
            });
        }))
    }

    fn add(&self, shape: Shape, links: Vec<RankLink>, rows: Vec<String>) -> u64 {
        let mut ended = vec![];
        let mut state = self.0.lock();
        let number = state.next;
        state.next += 1;
        state.gangs.push_back(Idle { number, shape, links, rows });
        let mut ranks: usize = state.gangs.iter().map(|idle| idle.links.len()).sum();
        while ranks > RANKS_MAX {
            let Some(first) = state.gangs.pop_front() else { break };
            ranks -= first.links.len();
            ended.push(first);
        }
        drop(state);
        number
    }

    fn end(&self, number: u64) {
        let mut state = self.0.lock();
        let place = state.gangs.iter().position(|idle| idle.number == number);
        let ended = place.and_then(|place| state.gangs.remove(place));
        drop(state);
        drop(ended);
    }
}

fn rows_of(specs: &[RankSpec]) -> Vec<String> {
    specs.iter().flat_map(|spec| spec.inputs.iter().map(super::RankInput::name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gang::{RankEvent, RankInput};
    use crate::persisted::SerializedSchema;
    use datafusion::arrow::datatypes::Schema;
    use tokio::sync::mpsc;

    fn specs(handles: &[&str]) -> Vec<RankSpec> {
        let input = |handle: &&str| RankInput {
            handle: (*handle).to_owned(),
            schema: SerializedSchema(Arc::new(Schema::empty())),
            pieces: vec![],
        };
        vec![RankSpec {
            program: String::from("p"),
            rank: 0,
            ranks: 1,
            threads: 1,
            arguments: vec![],
            inputs: handles.iter().map(input).collect(),
            on_one_host: false,
            gpu: None,
            stays: true,
        }]
    }

    struct Held {
        events: mpsc::Sender<RankEvent>,
        orders: mpsc::UnboundedReceiver<Order>,
    }

    fn done(gangs: &Arc<IdleGangs>, place: &str, handles: &[&str], time: Duration) -> Held {
        let (events, heard) = mpsc::channel(4);
        let (ordering, orders) = mpsc::unbounded_channel();
        let link = RankLink { events: heard, orders: ordering, guard: Box::new(()) };
        let shape = Shape::new(&specs(handles), vec![place.to_owned()]);
        let stay = gangs.stay(&Handle::current(), shape, &specs(handles), time);
        stay.unwrap()(vec![link]);
        Held { events, orders }
    }

    fn again(gangs: &IdleGangs, place: &str, handles: &[&str]) -> Option<Vec<RankLink>> {
        gangs.again(&Shape::new(&specs(handles), vec![place.to_owned()]), &specs(handles))
    }

    const LONG: Duration = Duration::from_secs(600);

    #[tokio::test]
    async fn the_one_that_knows_the_rows_goes_on_where_it_is() {
        let gangs = Arc::new(IdleGangs::default());
        assert!(gangs.stay(&Handle::current(), Shape::new(&[], vec![]), &[], Duration::ZERO).is_none());
        let (mut a, mut b) = (done(&gangs, "w1", &["a"], LONG), done(&gangs, "w1", &["b"], LONG));
        assert!(again(&gangs, "w2", &["a"]).is_none(), "another place");
        let first = again(&gangs, "w1", &["a"]).unwrap();
        assert!(matches!(a.orders.try_recv(), Ok(Order::Start(_))) && b.orders.try_recv().is_err());
        assert!(again(&gangs, "w1", &["c"]).is_some() && b.orders.try_recv().is_ok());
        assert!(again(&gangs, "w1", &["a"]).is_none(), "all are taken");
        drop(first);
    }

    #[tokio::test]
    async fn whoever_lost_a_rank_is_not_given_away() {
        let gangs = Arc::new(IdleGangs::default());
        let lost = done(&gangs, "w1", &["a"], LONG);
        lost.events.try_send(RankEvent::Lost(crate::Error::cluster("gone"))).unwrap();
        drop(done(&gangs, "w1", &["a"], LONG)); // its driver has ended
        let whole = done(&gangs, "w1", &["b"], LONG);
        assert!(again(&gangs, "w1", &["a"]).is_some() && again(&gangs, "w1", &["a"]).is_none());
        drop(whole);
    }

    #[tokio::test]
    async fn idle_ranks_end_when_their_time_is_over_and_when_there_are_too_many() {
        let gangs = Arc::new(IdleGangs::default());
        let short = done(&gangs, "w1", &["a"], Duration::from_millis(1));
        short.events.closed().await;
        let mut many: Vec<Held> = (0..RANKS_MAX + 3).map(|_| done(&gangs, "w1", &["a"], LONG)).collect();
        let is_open = |held: &Held| !held.events.is_closed();
        assert!(many[3..].iter().all(is_open) && !many[..3].iter().any(is_open));
        drop(gangs);
        for held in &mut many {
            held.events.closed().await;
        }
    }
}
