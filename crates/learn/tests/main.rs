//! What a user sees of learning, on engines of this process: plain, with every plan sent through the codec, and
//! perturbed with several seeds. Every behaviour gives bytes back, which must be the same on each.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod codec;
mod estimators;
mod measure;
mod oracle;
mod refusals;
mod suite;

use phalanx_engine::{Engine, LocalEngine, Settings};

fn on_every_engine(check: fn(&dyn Engine) -> Vec<u8>) {
    let expected = check(&LocalEngine::new(Settings::default()).unwrap());
    assert!(!expected.is_empty());
    let through_the_codec = codec::CodecEngine::new();
    assert!(check(&through_the_codec) == expected, "through the codec");
    assert!(through_the_codec.plans() > 0);
    for seed in [1, 2, 3, 4, 5] {
        println!("perturbed with seed {seed}");
        assert!(check(&LocalEngine::perturbed(seed).unwrap()) == expected, "perturbed with seed {seed}");
    }
}

macro_rules! behaviours {
    ($($module:ident: $($name:ident),* $(,)?;)*) => {
        $($(#[test]
        fn $name() {
            on_every_engine($module::$name);
        })*)*
    };
}

behaviours!(
    suite:
        a_model_is_fitted_and_evaluated,
        values_do_not_depend_on_partitions,
        a_split_does_not_depend_on_partitions,
        moments_do_not_depend_on_batches,
        frames_become_features,
        missing_values_are_refused_or_dropped,
        predictions_come_in_the_order_of_the_rows;
    oracle:
        models_are_those_of_scikit_learn;
    estimators:
        regressions_are_those_of_scikit_learn,
        classes_are_those_of_scikit_learn,
        classes_and_scales_are_those_of_scikit_learn,
        components_are_those_of_scikit_learn,
        clusters_are_those_of_scikit_learn,
        clusters_ignore_rows_that_weigh_nothing,
        files_are_those_of_python;
    refusals:
        bad_data_is_refused_by_name;
);
