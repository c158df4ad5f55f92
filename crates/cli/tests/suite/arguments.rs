//! Nonsense is refused with a text that says what is accepted; the exit code is 2.

use super::run::{check_error, run};

/// `error: {first}`, then clap's usual last line.
fn check(arguments: &str, first: &str) {
    check_error(arguments, 2, &format!("error: {first}\n\nFor more information, try '--help'.\n"));
}

#[test]
fn counts() {
    let wrong = |value: &str, name: &str| {
        format!("invalid value '{value}' for '{name} <N>': expected a whole number from 1 to 1024")
    };
    for value in ["-1", "0", "two", "1.5", "99999999999999999999"] {
        check(&format!("demo --workers {value}"), &wrong(value, "--workers"));
        check(&format!("worker tcp://127.0.0.1:8786 --cores {value}"), &wrong(value, "--cores"));
    }
}

#[test]
fn sizes() {
    for value in ["3x", "-1", "12 parsecs", "1.2.3GB", "GiB"] {
        let arguments = ["worker", "tcp://127.0.0.1:8786", "--memory", value];
        let mut command = super::run::phalanx("");
        command.args(arguments);
        let ended = super::run::end(command);
        let expected = format!(
            "error: invalid value '{value}' for '--memory <SIZE>': expected a number and a unit, as in 512MiB, 2GB or \
             1.5GiB, or a number of bytes\n\nFor more information, try '--help'.\n"
        );
        assert_eq!((ended.code, ended.err), (Some(2), expected));
    }
    check(
        "worker tcp://127.0.0.1:8786 --memory 0",
        "invalid value '0' for '--memory <SIZE>': expected more than zero bytes",
    );
    check(
        "worker tcp://127.0.0.1:8786 --memory 99999999999TiB",
        "invalid value '99999999999TiB' for '--memory <SIZE>': larger than any memory",
    );
}

#[test]
fn times() {
    let units = "expected a number and a unit, as in 90s, 30min or 8h, or a number of seconds";
    for (value, what) in [
        ("soon", units),
        ("-1", units),
        ("5y", units),
        ("0", "expected more than no time"),
        ("400d", "longer than a year"),
    ] {
        check(
            &format!("scheduler --idle-timeout {value}"),
            &format!("invalid value '{value}' for '--idle-timeout <TIME>': {what}"),
        );
        check(
            &format!("worker tcp://127.0.0.1:8786 --death-timeout {value}"),
            &format!("invalid value '{value}' for '--death-timeout <TIME>': {what}"),
        );
    }
}

#[test]
fn addresses_of_schedulers() {
    let hint = "write tcp://HOST:PORT, for example tcp://127.0.0.1:8786";
    for (value, what) in [
        ("127.0.0.1:8786", "it does not begin with tcp://"),
        ("http://127.0.0.1:8786", "it does not begin with tcp://"),
        ("tcp://127.0.0.1", "the port is missing"),
        ("tcp://:8786", "the host is missing"),
        ("tcp://127.0.0.1:0", "the port is not a number from 1 to 65535"),
        ("tcp://127.0.0.1:port", "the port is not a number from 1 to 65535"),
    ] {
        for (command, name) in [
            ("worker", "<tcp://HOST:PORT>"),
            ("status", "<tcp://HOST:PORT>"),
            ("demo --scheduler", "--scheduler <tcp://HOST:PORT>"),
        ] {
            check(&format!("{command} {value}"), &format!("invalid value '{value}' for '{name}': {what}; {hint}"));
        }
    }
}

#[test]
fn addresses_to_serve() {
    for option in ["--bind", "--dashboard"] {
        for value in ["8786", "127.0.0.1", "example.com:8786", "tcp://127.0.0.1:8786", "127.0.0.1:99999"] {
            check(
                &format!("scheduler {option} {value}"),
                &format!(
                    "invalid value '{value}' for '{option} <ADDR:PORT>': expected an address and a port, for example \
                     127.0.0.1:8786 or [::1]:8786"
                ),
            );
        }
    }
}

#[test]
fn seeds_levels_and_steps() {
    check("demo --seed x", "invalid value 'x' for '--seed <S>': invalid digit found in string");
    check(
        "--log loud status tcp://127.0.0.1:8786",
        "invalid value 'loud' for '--log <LEVEL>'\n  [possible values: off, error, warn, info, debug, trace]",
    );
    check(
        "demo --only svd",
        "invalid value 'svd' for '--only <STEP>'\n  [possible values: array-svd, array-tall-svd, array-mean, \
         frame-unique, frame-cumsum, frame-groupby, learn-logistic]",
    );
}

#[test]
fn what_excludes_or_needs_each_other() {
    let usage = |err: &str, command: &str| {
        let ended = run(command);
        assert_eq!(ended.code, Some(2), "{command}");
        assert!(ended.err.starts_with(&format!("error: {err}\n")), "{command}: {}", ended.err);
    };
    usage(
        "the argument '--workers <N>' cannot be used with '--scheduler <tcp://HOST:PORT>'",
        "demo --workers 2 --scheduler tcp://127.0.0.1:8786",
    );
    usage("the following required arguments were not provided:", "demo --kill");
    usage("the following required arguments were not provided:", "worker");
    usage("the following required arguments were not provided:", "status");
    usage("unrecognized subcommand 'wrokers'", "wrokers");
    usage("unexpected argument '--fast' found", "demo --fast");
}
