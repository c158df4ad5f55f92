//! Help that teaches: what a command is for, what its options mean and default to, and what to type.

use super::run::run;

fn check(arguments: &str, parts: &[&str]) {
    let ended = run(arguments);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "phalanx {arguments}");
    // Where lines are broken has no meaning.
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in parts {
        assert!(words(&ended.out).contains(&words(part)), "{part:?} is not in phalanx {arguments}\n{}", ended.out);
    }
    let widest = ended.out.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "a line of {widest:?} characters in phalanx {arguments}\n{}", ended.out);
}

#[test]
fn of_the_program() {
    check(
        "--help",
        &[
            "Usage: phalanx [OPTIONS] <COMMAND>",
            "Examples:\n  phalanx demo ",
            "phalanx worker tcp://127.0.0.1:8786",
            "http://127.0.0.1:8787/status",
            "Exit codes: 0 done, 1 error, 2 wrong usage, 130 interrupted.",
            "[default: warn]",
        ],
    );
}

#[test]
fn of_the_demo() {
    check(
        "demo --help",
        &[
            "Usage: phalanx demo [OPTIONS]",
            "--workers <N>",
            "--scheduler <tcp://HOST:PORT>",
            "--kill",
            "--data <FILE>",
            "--out <DIR>",
            "--seed <S>",
            "--json",
            "phalanx demo --workers 3 --kill",
            "the digest is the same in process",
        ],
    );
}

#[test]
fn of_the_scheduler() {
    check(
        "scheduler --help",
        &[
            "Usage: phalanx scheduler [OPTIONS]",
            "[default: 127.0.0.1:8786]",
            "[default: 127.0.0.1:8787]",
            "prints one line when it is ready",
            "phalanx worker tcp://127.0.0.1:8786",
            "--idle-timeout <TIME>",
            "--lease <TIME>",
            "--allow-path <PATTERN>",
            "--audit-log <FILE>",
            "--max-plan-size <SIZE>",
            "--max-session-jobs <N>",
        ],
    );
}

#[test]
fn of_the_worker() {
    check(
        "worker --help",
        &[
            "Usage: phalanx worker [OPTIONS] <tcp://HOST:PORT>",
            "512MiB, 2GB or 1.5GiB",
            "[default: 70 % of what this",
            "--scratch <DIR>",
            "--allow-python",
            "--death-timeout <TIME>",
            "--allow-path <PATTERN>",
            "phalanx worker tcp://127.0.0.1:8786 --cores 4 --memory 8GiB --scratch /mnt/fast",
        ],
    );
}

#[test]
fn of_jobs_that_failed() {
    check(
        "job --help",
        &["Usage: phalanx job [OPTIONS] <COMMAND>", "phalanx job list tcp://", "keeps the last sixteen"],
    );
    check("job save --help", &["<tcp://HOST:PORT> <ID>", "--out <FILE>", "[default: job.plan]"]);
    check("replay --help", &["Usage: phalanx replay [OPTIONS] <FILE>", "phalanx job save"]);
}

#[test]
fn of_the_status() {
    check(
        "status --help",
        &["Usage: phalanx status [OPTIONS] <tcp://HOST:PORT>", "--json", "phalanx status tcp://127.0.0.1:8786"],
    );
}

#[test]
fn what_is_only_for_our_own_processes_is_not_shown() {
    for command in ["demo", "scheduler", "worker"] {
        let help = run(&format!("{command} --help")).out;
        assert!(!help.contains("--tied") && !help.contains("--perturb"), "{help}");
    }
}

#[test]
fn no_command_is_a_question_for_help() {
    let ended = run("");
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    assert!(ended.err.contains("Usage: phalanx [OPTIONS] <COMMAND>"), "{}", ended.err);
}

#[test]
fn the_version() {
    assert_eq!(run("--version").out, format!("phalanx {}\n", env!("CARGO_PKG_VERSION")));
}
