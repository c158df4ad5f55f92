//! What a user sees of the binary: texts, exit codes, and what is left behind.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod suite {
    mod arguments;
    mod bad_days;
    mod bench;
    mod cluster;
    mod digests;
    mod fraud;
    mod help;
    mod interrupt;
    mod lifecycles;
    mod pages;
    pub mod run;
    mod security;
}
