//! Runs of steps, and the numbers that they report.

use super::short;
use phalanx_engine::observe::{MetricRecord, RunEvent, RunRecord};
use std::collections::VecDeque;

/// Runs that are kept.
pub const RUNS_MAX: usize = 100;
/// Numbers of a run that are kept.
const METRICS_MAX: usize = 32;
/// Points of a number that are kept: of more, every second one goes, the latest stays.
const POINTS_MAX: usize = 2_000;

/// The runs, the oldest first.
#[derive(Debug, Default)]
pub struct Runs(VecDeque<RunRecord>);

impl Runs {
    pub(super) fn report(&mut self, session: &str, event: RunEvent, at_ms: u64) {
        let known = self.0.iter().rposition(|run| run.run == event.run && run.session == session);
        let place = known.unwrap_or_else(|| {
            self.0.push_back(RunRecord {
                run: short(&event.run),
                name: short(&event.name),
                session: session.to_owned(),
                began_at_ms: at_ms,
                ..RunRecord::default()
            });
            if self.0.len() > RUNS_MAX {
                self.0.pop_front();
            }
            self.0.len() - 1
        });
        let Some(run) = self.0.get_mut(place) else { return };
        run.updated_at_ms = at_ms;
        run.iteration = run.iteration.max(event.iteration);
        run.iterations_max = event.iterations_max.or(run.iterations_max);
        run.has_ended |= event.has_ended;
        for (name, value) in event.metrics {
            let known = run.metrics.iter().position(|metric| metric.name == name);
            if known.is_none() && run.metrics.len() >= METRICS_MAX {
                continue;
            }
            let place = known.unwrap_or_else(|| {
                run.metrics.push(MetricRecord { name: short(&name), points: vec![] });
                run.metrics.len() - 1
            });
            let Some(metric) = run.metrics.get_mut(place) else { continue };
            metric.points.push((event.iteration, value.filter(|value| value.is_finite())));
            if metric.points.len() > POINTS_MAX {
                let mut number = 0_usize;
                metric.points.retain(|_| {
                    number += 1;
                    number.is_multiple_of(2) || number > POINTS_MAX
                });
            }
        }
    }

    pub(super) fn session_ends(&mut self, session: &str) {
        for run in self.0.iter_mut().filter(|run| run.session == session) {
            run.has_ended = true;
        }
    }

    /// All of them, the latest first.
    pub fn all(&self) -> Vec<RunRecord> {
        self.0.iter().rev().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_are_thinned_and_keep_their_ends() {
        let mut runs = Runs::default();
        for iteration in 1..=10_000 {
            let metrics =
                vec![(String::from("loss"), Some(1.0 / iteration as f64)), (String::from("odd"), Some(f64::NAN))];
            let event = RunEvent { run: "r".into(), name: "fit".into(), iteration, metrics, ..RunEvent::default() };
            runs.report("s", event, iteration);
        }
        let run = &runs.all()[0];
        let points = &run.metrics[0].points;
        assert!(points.len() <= POINTS_MAX && points.len() > POINTS_MAX / 3, "{}", points.len());
        assert_eq!(points.last(), Some(&(10_000, Some(1e-4))));
        assert!(points.is_sorted_by_key(|point| point.0));
        assert_eq!(run.metrics[1].points.last(), Some(&(10_000, None)), "what is no number is none in JSON either");
        assert!(!run.has_ended);
        runs.session_ends("s");
        assert!(runs.all()[0].has_ended);
    }

    #[test]
    fn a_session_can_not_write_into_the_run_of_another() {
        let mut runs = Runs::default();
        let event =
            |value| RunEvent { run: "r".into(), metrics: vec![("x".into(), Some(value))], ..RunEvent::default() };
        runs.report("a", event(1.0), 1);
        runs.report("b", event(2.0), 2);
        let all = runs.all();
        assert_eq!(all.len(), 2);
        assert_eq!(all[1].metrics[0].points, [(0, Some(1.0))]);
    }
}
