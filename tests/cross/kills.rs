//! Workers are killed and stopped, seeded; every answer is compared (invariant 9).

use crate::engines::trial;
use libtest_mimic::Trial;
use phalanx_tests::chaos::Chaos;
use phalanx_tests::harm::Harm;

/// `(harm, runs, over persisted rows)`: twenty in all, and one worker that stands still.
const SERIES: [(Harm, usize, bool); 5] = [
    (Harm::Kill, 8, false),
    (Harm::Kill, 4, true),
    (Harm::KillTwo, 4, false),
    (Harm::KillAtFetch, 4, false),
    (Harm::Stop, 1, false),
];

pub fn trials() -> Vec<Trial> {
    vec![trial("kills::no_answer_is_wrong_and_none_hangs", || {
        let seed = seed();
        println!("chaos seed {seed} (CHAOS_SEED={seed} replays it)");
        let mut chaos = Chaos::start(3, "off").unwrap();
        for (harm, runs, persisted) in SERIES {
            let summary = chaos.run(seed, runs, harm, persisted).unwrap();
            println!("  {harm:?}{}: {summary}", if persisted { " over persisted rows" } else { "" });
            assert!(summary.wrong.is_empty(), "seed {seed}, {harm:?}: {:#?}", summary.wrong);
        }
    })]
}

pub fn seed() -> u64 {
    let given = std::env::var("CHAOS_SEED").ok().and_then(|text| text.parse().ok());
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |age| age.as_secs());
    given.unwrap_or_else(now)
}
