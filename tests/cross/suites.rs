//! The behaviour suites of arrays, frames and learning on a cluster. In process they run in their own crates; here
//! the answers must be the same, bit for bit (invariant 3).

use crate::engines::{on_the_cluster, trial};
use libtest_mimic::Trial;
use phalanx_engine::{Engine, LocalEngine, Settings};

#[path = "../../crates/array/tests/suite/mod.rs"]
mod array;
#[path = "../../crates/frame/tests/suite/mod.rs"]
mod frame;
#[path = "../../crates/learn/tests/suite/mod.rs"]
mod learn;

macro_rules! frame_trials {
    ($($module:ident :: $name:ident),* $(,)?) => {
        vec![$(trial(
            concat!("frame::", stringify!($module), "::", stringify!($name), "::cluster"),
            || on_the_cluster(|engine| frame::$module::$name(engine)),
        )),*]
    };
}

macro_rules! learn_trials {
    ($($name:ident),* $(,)?) => {
        vec![$(trial(concat!("learn::", stringify!($name), "::cluster"), || {
            let expected = learn::$name(&LocalEngine::new(Settings::default()).unwrap());
            on_the_cluster(|engine| assert!(learn::$name(engine) == expected, "the cluster's bits are other bits"));
        })),*]
    };
}

/// A behaviour of a suite, whose answer somebody else looks at.
pub type Behaviour = Box<dyn Fn(&dyn Engine)>;

macro_rules! frame_behaviours {
    ($($module:ident :: $name:ident),* $(,)?) => {
        vec![$((concat!("frame::", stringify!($module), "::", stringify!($name)), Box::new(|engine: &dyn Engine| {
            let _bits = frame::$module::$name(engine);
        }) as Behaviour)),*]
    };
}

/// The suites whose plans are looked at: all of arrays, but for the long table of cases, and all of frames.
pub fn shapes_of_suites() -> Vec<(&'static str, Behaviour)> {
    let arrays = array::checks().into_iter().filter(|(name, _)| *name != "numpy");
    let of_arrays =
        arrays.map(|(name, check)| (name, Box::new(move |engine: &dyn Engine| drop(check(engine))) as Behaviour));
    let of_frames: Vec<(&'static str, Behaviour)> = frame::behaviours!(frame_behaviours);
    of_arrays.chain(of_frames).collect()
}

/// All suites, each compared with what it gives in one process, where it says what it gives.
pub fn compared() -> Vec<(String, Behaviour)> {
    let local = || LocalEngine::new(Settings::default()).unwrap();
    let arrays = array::checks().into_iter().filter(|(name, _)| *name != "numpy").map(move |(name, check)| {
        let run = move |engine: &dyn Engine| assert!(check(engine) == check(&local()), "{name}: other bits");
        (format!("array::{name}"), Box::new(run) as Behaviour)
    });
    let of_frames: Vec<(&'static str, Behaviour)> = frame::behaviours!(frame_behaviours);
    let frames = of_frames.into_iter().map(|(name, behaviour)| (name.to_owned(), behaviour));
    macro_rules! learned {
        ($($name:ident),* $(,)?) => {
            vec![$((String::from(concat!("learn::", stringify!($name))), Box::new(move |engine: &dyn Engine| {
                assert!(learn::$name(engine) == learn::$name(&local()), "other bits");
            }) as Behaviour)),*]
        };
    }
    let learned = learned!(
        a_model_is_fitted_and_evaluated,
        values_do_not_depend_on_partitions,
        moments_do_not_depend_on_batches,
        frames_become_features,
        predictions_come_in_the_order_of_the_rows,
    );
    arrays.chain(frames).chain(learned).collect()
}

pub fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = array::checks()
        .into_iter()
        .map(|(name, check)| {
            trial(&format!("array::{}::cluster", name.replace(' ', "_")), move || {
                let expected = check(&LocalEngine::new(Settings::default()).unwrap());
                on_the_cluster(|engine| assert!(check(engine) == expected, "the cluster's bits are other bits"));
            })
        })
        .collect();
    let frames: Vec<Trial> = frame::behaviours!(frame_trials);
    trials.extend(frames);
    let learned: Vec<Trial> = learn_trials!(
        a_model_is_fitted_and_evaluated,
        values_do_not_depend_on_partitions,
        a_split_does_not_depend_on_partitions,
        moments_do_not_depend_on_batches,
        frames_become_features,
        missing_values_are_refused_or_dropped,
        predictions_come_in_the_order_of_the_rows,
    );
    trials.extend(learned);
    trials
}
