//! One program for all suites that cross crates; it is also the scheduler, the workers and the ranks that they start.
//!
//! Every behaviour suite runs on every engine, one after the other (two cores are easily oversubscribed, and the
//! cluster tests measure time): see [`engines`].

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails; Clippy knows tests only by `#[test]`")]

mod bad_days;
mod boost;
mod drain;
mod engines;
mod fuzz;
mod gangs;
mod harmed;
mod host;
mod kills;
mod limits;
mod load;
mod memory;
mod observed;
mod own;
mod recording;
mod searches;
mod spine;
mod stages;
mod suites;
mod tls;
mod worse_days;

use libtest_mimic::{Arguments, Trial};

fn main() {
    phalanx_tests::role::become_child();
    phalanx_tests::functions::install();
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(1);
    let areas = [
        spine::trials(),
        host::trials(),
        suites::trials(),
        stages::trials(),
        memory::trials(),
        observed::trials(),
        bad_days::trials(),
        drain::trials(),
        worse_days::trials(),
        limits::trials(),
        fuzz::trials(),
        tls::trials(),
        gangs::trials(),
        boost::trials(),
        searches::trials(),
        kills::trials(),
        harmed::trials(),
        load::trials(),
    ];
    let trials: Vec<Trial> = areas.into_iter().flatten().collect();
    // The real flights, where they are: the suites say so themselves where they are not.
    let conclusion = libtest_mimic::run(&arguments, trials);
    engines::stop();
    conclusion.exit();
}
