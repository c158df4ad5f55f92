//! What a user of Rust sees of boosting: the same models and answers as XGBoost alone, on engines of this process, plain
//! and perturbed. Ranks are this program itself, with the argument `rank`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod data;
mod models;
mod refusals;
mod trainings;

use libtest_mimic::{Arguments, Failed, Trial};
use phalanx_boost::Library;
use phalanx_engine::{Engine, LocalEngine, Settings, program};
use std::process::ExitCode;

/// Runs a check in process, as plainly and as adversely as may be.
fn on_every_engine(check: fn(&dyn Engine)) {
    check(&LocalEngine::new(Settings::default()).unwrap());
    for seed in [1, 2] {
        println!("perturbed with seed {seed}");
        check(&LocalEngine::perturbed(seed).unwrap());
    }
}

macro_rules! trials {
    ($($module:ident: $($name:ident),* $(,)?;)*) => {
        vec![$($(Trial::test(concat!(stringify!($module), "::", stringify!($name)), || {
            on_every_engine($module::$name);
            Ok::<(), Failed>(())
        })),*),*]
    };
}

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("rank") {
        phalanx_engine::gang::run_rank();
    }
    program::set_program(vec![std::env::current_exe().unwrap().into_os_string()]);
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2); // each trains with two processes
    let trials = trials! {
        trainings:
            one_rank_is_plain_xgboost,
            ranks_agree_where_features_have_few_values,
            rows_may_come_from_arrays_and_frames_in_any_partitions,
            evaluation_stops_a_training_early,
            a_training_goes_on_from_a_model,
            groups_margins_and_weights_reach_xgboost,
            random_draws_are_repeated,
            a_rank_without_rows_is_left_out,
            whoever_listens_can_end_a_training,
            ranks_listen_on_loopback_alone;
        models:
            answers_are_those_of_the_model_at_hand,
            a_large_model_answers_lazily,
            categories_have_the_codes_of_the_training,
            a_model_is_a_file_of_xgboost;
        refusals:
            bad_data_is_refused_by_name,
            damaged_models_are_refused;
    };
    match Library::get() {
        Ok(library) => println!("XGBoost {} in {}", library.version(), library.path().display()),
        Err(error) => {
            // Not a reason to be green: continuous integration installs it.
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}
