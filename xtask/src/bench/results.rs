//! `benches/RESULTS.md`.

use super::peers::Seconds;
use super::targets::{TARGETS, time};
use std::fmt::Write;

/// The text of the file.
pub fn write(rounds: usize, machine: &[String], versions: &[String], seconds: &Seconds) -> String {
    let mut text = String::from(
        "# Results\n\nWritten by `cargo xtask bench`; do not edit. What the works are: `crates/cli/src/bench/` for \
         Phalanx, `benches/peers/` for\nthe others, and `benches/peers/lazy_works.py` for those that begin with `py-`: one text for Dask and for Phalanx. \"Two workers\" are two processes of one core each, with a scheduler; \
         everything else may use all cores.\nData that a work begins with is made before its time starts; generated \
         arrays and frames are generated while the clock\nruns, but for NumPy's tall SVD and for pandas, whose rows are \
         in memory.\n\n",
    );
    for line in machine {
        let _written = writeln!(text, "* {line}");
    }
    let mut versions = versions.to_vec();
    versions.sort();
    versions.dedup();
    let _written = writeln!(text, "* {}", versions.join(", "));
    let _written = writeln!(text, "* rounds in which the programs took turns: {rounds}\n");
    targets(&mut text, seconds);
    times(&mut text, seconds);
    text
}

fn targets(text: &mut String, seconds: &Seconds) {
    text.push_str("## Targets\n\n| work | target | measured (median) | |\n|---|---|---|---|\n");
    for target in TARGETS {
        let row = match target.reached(seconds) {
            Some(reached) => {
                let verdict = if reached.hit { "hit" } else { "**missed**" };
                format!("| {} | {} | {} | {verdict} |", target.name, reached.wanted, reached.measured)
            }
            None => format!("| {} | | not measured | |", target.name),
        };
        let _written = writeln!(text, "{row}");
    }
}

fn times(text: &mut String, seconds: &Seconds) {
    text.push_str("\n## Times\n\n| work | program | median | least | most | times |\n|---|---|---|---|---|---|\n");
    let mut rows: Vec<_> = seconds.all().collect();
    rows.sort_by_key(|(program, work, _)| (*work, *program));
    for (program, work, spread) in rows {
        let _written = writeln!(
            text,
            "| `{work}` | {program} | {} | {} | {} | {} |",
            time(spread.median),
            time(spread.least),
            time(spread.most),
            spread.count
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::peers::{CLUSTER, LOCAL};

    #[test]
    fn hits_misses_and_gaps_are_told_apart() {
        let mut seconds = Seconds::default();
        seconds.add(LOCAL, "job-two-stages", [0.0005, 0.0007, 0.0006]);
        seconds.add(CLUSTER, "job-two-stages", [0.009]);
        let text = write(3, &[String::from("a machine")], &[String::from("numpy 2")], &seconds);
        assert!(text.contains("| a job of two stages, in process | ≤ 1.00 ms | 0.60 ms | hit |"), "{text}");
        assert!(text.contains("| a job of two stages, warm cluster | ≤ 8.00 ms | 9.00 ms | **missed** |"), "{text}");
        assert!(text.contains("| `array-svd`, in process | | not measured | |"), "{text}");
        assert!(text.contains("| `job-two-stages` | Phalanx | 0.60 ms | 0.50 ms | 0.70 ms | 3 |"), "{text}");
    }
}
