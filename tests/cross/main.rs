//! One program for all suites that cross crates; it is also the scheduler and the workers that they start.

fn main() {
    phalanx_tests::role::become_child();
}
