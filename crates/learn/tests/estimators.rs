//! Estimators against scikit-learn (`oracle/make_estimators.py` wrote the numbers), and their files.

use crate::oracle::{near, number, numbers};
use crate::suite::{bits, columns};
use phalanx_engine::Engine;
use phalanx_engine::datafusion::arrow::array::{ArrayRef, Float64Array, RecordBatch};
use phalanx_engine::datafusion::arrow::datatypes::DataType;
use phalanx_frame::expr::{cast, col, lit};
use phalanx_frame::{Frame, read_csv, source};
use phalanx_learn::components::Components;
use phalanx_learn::kmeans::Start;
use phalanx_learn::minimise::Solver;
use phalanx_learn::{
    ClassWeight, ComponentsModel, Data, ElasticNet, Encoder, GaussianNb, GaussianNbModel, KMeans, KMeansModel, Lasso,
    LinearModel, LinearRegression, LogisticModel, LogisticRegression, MinMaxScaler, Pca, Penalty, PoissonRegressor,
    Ridge, StandardScaler, TruncatedSvd,
};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle");

fn expected() -> Value {
    serde_json::from_str(&std::fs::read_to_string(format!("{FOLDER}/estimators.json")).unwrap()).unwrap()
}

fn frame() -> Frame {
    read_csv(&format!("{FOLDER}/data.csv")).unwrap()
}

fn rows(engine: &dyn Engine, target: Option<&str>, weight: bool) -> Data {
    let mut encoder = Encoder::new().numeric("a").numeric("b").numeric("c");
    if let Some(target) = target {
        let from = |hour: f64| cast(col("hour").gt_eq(lit(hour)), DataType::Float64);
        let values = if target == "third" { from(8.0) + from(16.0) } else { col(target) };
        encoder = encoder.target(target, values);
    }
    if weight {
        encoder = encoder.weight("weight");
    }
    let frame = frame();
    encoder.fit(engine, &frame).unwrap().transform(&frame, engine.settings()).unwrap().persist(engine).unwrap()
}

/// The rows between -1 and 1, as the script has them.
fn scaled(engine: &dyn Engine, data: &Data) -> Data {
    MinMaxScaler::fit(engine, data, (-1.0, 1.0)).unwrap().transform(data).unwrap().persist(engine).unwrap()
}

fn regression(engine: &dyn Engine, name: &str, model: &LinearModel, data: &Data, tolerance: f64) -> Vec<u8> {
    let expected = &expected()[name];
    near(name, model.coefficients(), &numbers(&expected["coefficients"]), tolerance);
    near(name, &[model.intercept()], &[number(&expected["intercept"])], tolerance);
    near(name, &[model.score(engine, data).unwrap()], &[number(&expected["score"])], 1e-9);
    let predicted = columns(engine, &model.predict(data).unwrap());
    near(name, &predicted[0][..5], &numbers(&expected["predictions"]), tolerance);
    assert_eq!(predicted[0].len(), 600);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    model.save(&path).unwrap();
    let loaded = LinearModel::load(&path).unwrap();
    assert_eq!((loaded.coefficients(), loaded.intercept()), (model.coefficients(), model.intercept()));
    assert_eq!((loaded.names(), loaded.estimator()), (model.names(), model.estimator()));
    assert!(columns(engine, &loaded.predict(data).unwrap()) == predicted);
    bits(model.coefficients().iter().chain([&model.intercept()]).chain(&predicted[0]))
}

pub fn regressions_are_those_of_scikit_learn(engine: &dyn Engine) -> Vec<u8> {
    let (plain, heavy) = (rows(engine, Some("hour"), false), rows(engine, Some("hour"), true));
    let (z, heavy_z) = (scaled(engine, &plain), scaled(engine, &heavy));
    let mut bytes = vec![];
    let mut check = |name: &str, model: LinearModel, data: &Data, tolerance: f64| {
        bytes.extend(regression(engine, name, &model, data, tolerance));
    };
    check("linear", LinearRegression::new().fit(engine, &plain).unwrap(), &plain, 1e-8);
    check("linear_weighted", LinearRegression::new().fit(engine, &heavy).unwrap(), &heavy, 1e-8);
    let without = LinearRegression::new().without_intercept();
    check("linear_no_intercept", without.fit(engine, &plain).unwrap(), &plain, 1e-8);
    check("ridge", Ridge::new(2.5).fit(engine, &z).unwrap(), &z, 1e-9);
    let lasso = Lasso::new(0.2).tol(1e-12).max_iter(10_000).fit(engine, &z).unwrap();
    assert!(lasso.convergence().unwrap().converged && lasso.coefficients().contains(&0.0), "{lasso:?}");
    check("lasso", lasso, &z, 1e-7);
    let net = |alpha, share| ElasticNet::new(alpha, share).tol(1e-12).max_iter(10_000);
    check("elastic_net", net(0.1, 0.3).fit(engine, &z).unwrap(), &z, 1e-7);
    check("elastic_net_positive", net(0.01, 0.5).positive().fit(engine, &z).unwrap(), &z, 1e-7);
    for solver in [Solver::Newton, Solver::Lbfgs] {
        let poisson = PoissonRegressor::new(0.1).tol(1e-10).solver(solver).fit(engine, &z).unwrap();
        assert!(poisson.convergence().unwrap().converged, "{poisson:?}");
        check("poisson", poisson, &z, 1e-7);
    }
    let heavy = PoissonRegressor::new(0.0).tol(1e-10).fit(engine, &heavy_z).unwrap();
    check("poisson_weighted", heavy, &heavy_z, 1e-7);
    bytes
}

pub fn classes_are_those_of_scikit_learn(engine: &dyn Engine) -> Vec<u8> {
    const ADMM: Solver = Solver::Admm { rho: 1.0, over_relax: 1.6 };
    let expected = &expected()["logistic"];
    let data = |target: &str, weight: bool| scaled(engine, &rows(engine, Some(target), weight));
    let [two, heavy_two, three, heavy_three] =
        [("y", false), ("y", true), ("third", false), ("third", true)].map(|(target, weight)| data(target, weight));
    let fit = || LogisticRegression::new().tol(1e-11).max_iter(10_000);
    let of_three = |penalty| fit().classes(3).penalty(penalty);
    let net = |c, l1_ratio| Penalty::ElasticNet { c, l1_ratio };
    let smooth = [Solver::Newton, Solver::Lbfgs, ADMM, Solver::GradientDescent];
    let rough = [Solver::Newton, Solver::ProximalGradient];
    let each = ClassWeight::Each(vec![1.0, 3.0]);
    let cases: [(&str, LogisticRegression, &[Solver], &Data); 9] = [
        ("three", of_three(Penalty::L2 { c: 1.0 }), &smooth[..3], &three),
        ("three_weighted", of_three(Penalty::L2 { c: 0.3 }), &smooth[..2], &heavy_three),
        (
            "three_balanced",
            of_three(Penalty::L2 { c: 20.0 }).class_weight(ClassWeight::Balanced),
            &smooth[..2],
            &heavy_three,
        ),
        ("three_without_intercept", of_three(Penalty::L2 { c: 1.0 }).without_intercept(), &smooth[..2], &three),
        ("l1", fit().penalty(Penalty::L1 { c: 0.06 }), &rough, &two),
        ("elastic_net", fit().penalty(net(0.2, 0.4)), &rough[..1], &heavy_two),
        ("three_elastic_net", of_three(net(0.2, 0.5)), &rough[..1], &three),
        ("balanced", fit().class_weight(ClassWeight::Balanced), &smooth, &two),
        ("class_weight", fit().class_weight(each), &smooth[..2], &heavy_two),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    let mut bytes = vec![];
    for (name, parameters, solvers, data) in cases {
        let wanted = &expected[name];
        for solver in solvers {
            let what = format!("{name} by {solver:?}");
            let model = parameters.clone().solver(*solver).fit(engine, data).unwrap();
            assert!(model.convergence().gradient < 1e-7, "{what}: {:?}", model.convergence());
            near(&what, model.coefficients(), &numbers(&wanted["coefficients"]), 2e-5);
            near(&what, model.intercepts(), &numbers(&wanted["intercepts"]), 2e-5);
            near(&what, &[model.score(engine, data).unwrap()], &[number(&wanted["score"])], 1e-9);
            model.save(&path).unwrap();
            let loaded = LogisticModel::load(&path).unwrap();
            assert_eq!((&loaded, loaded.names()), (&model, model.names()));
            let probabilities = columns(engine, &loaded.predict_proba(data).unwrap());
            let classes = columns(engine, &loaded.predict(data).unwrap());
            assert_eq!(classes[0][..20], numbers(&wanted["classes"]), "{what}");
            assert_eq!(classes.last(), probabilities.last());
            for (row, wanted) in wanted["probabilities"].as_array().unwrap().iter().enumerate() {
                let found: Vec<f64> = probabilities.iter().rev().skip(1).rev().map(|column| column[row]).collect();
                let wanted = numbers(wanted);
                near(&what, &found, if found.len() == 1 { &wanted[1..] } else { &wanted }, 1e-5);
            }
            bytes.extend(bits(model.coefficients().iter().chain(model.intercepts()).chain(&probabilities[0])));
        }
    }
    let few = fit().classes(4).fit(engine, &three).unwrap_err();
    assert!(few.message().contains("class 3"), "{few}");
    let many = of_three(Penalty::None).fit(engine, &rows(engine, Some("hour"), false)).unwrap_err();
    assert!(many.message().contains("none of 3 classes"), "{many}");
    let rough = fit().penalty(Penalty::L1 { c: 1.0 }).solver(Solver::Lbfgs).fit(engine, &two).unwrap_err();
    assert!(rough.hint().is_some_and(|hint| hint.contains("newton")), "{rough}");
    bytes
}

pub fn classes_and_scales_are_those_of_scikit_learn(engine: &dyn Engine) -> Vec<u8> {
    let data = rows(engine, Some("y"), false);
    let folder = tempfile::tempdir().unwrap();
    let expected = expected();

    let wanted = &expected["min_max"];
    let scaler = MinMaxScaler::fit(engine, &data, (-1.0, 1.0)).unwrap();
    near("scale", &scaler.scale(), &numbers(&wanted["scale"]), 1e-12);
    near("shift", &scaler.shift(), &numbers(&wanted["shift"]), 1e-10);
    let path = folder.path().join("scaler.json");
    scaler.save(&path).unwrap();
    assert_eq!(MinMaxScaler::load(&path).unwrap(), scaler);
    let z = columns(engine, scaler.transform(&data).unwrap().plan());
    near("scaled", &z[0][..3], &numbers(&wanted["first"]), 1e-10);
    let beyond = MinMaxScaler::fit(engine, &data, (0.0, 1.0)).unwrap().clip();
    let clipped = columns(engine, beyond.transform(scaled(engine, &data)).unwrap().plan());
    assert!(clipped[0].iter().all(|value| (0.0..=1.0).contains(value)));

    let wanted = &expected["bayes"];
    let model = GaussianNb::new(2).fit(engine, &data).unwrap();
    near("priors", model.priors(), &numbers(&wanted["priors"]), 1e-12);
    near("means", model.means(), &numbers(&wanted["means"]), 1e-9);
    near("variances", model.variances(), &numbers(&wanted["variances"]), 1e-7);
    near("accuracy", &[model.score(engine, &data).unwrap()], &[number(&wanted["score"])], 1e-12);
    let path = folder.path().join("bayes.json");
    model.save(&path).unwrap();
    let loaded = GaussianNbModel::load(&path).unwrap();
    let probabilities = columns(engine, &loaded.predict_proba(&data).unwrap());
    near("probabilities", &[probabilities[0][0], probabilities[1][0]], &numbers(&wanted["first"]), 1e-9);
    let classes = columns(engine, &loaded.predict(&data).unwrap());
    assert!(classes[0].iter().zip(&probabilities[1]).all(|(class, one)| (*class == 1.0) == (*one > 0.5)));
    assert_eq!(classes[1], probabilities[2]);
    let other = GaussianNb::new(2).priors(vec![0.3, 0.7]).smoothing(1e-3).fit(engine, &data).unwrap();
    let with_priors = columns(engine, &other.predict_proba(&data).unwrap());
    near("priors", &[with_priors[0][0], with_priors[1][0]], &numbers(&wanted["with_priors"]), 1e-9);
    bits(z[0].iter().chain(&probabilities[0]).chain(model.variances()))
}

/// Up to their signs.
fn sizes(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| value.abs()).collect()
}

pub fn components_are_those_of_scikit_learn(engine: &dyn Engine) -> Vec<u8> {
    let data = rows(engine, None, false);
    let folder = tempfile::tempdir().unwrap();
    let expected = expected();
    let wanted = &expected["pca"];
    let model = Pca::new(Components::All).fit(engine, &data).unwrap();
    near("mean", model.mean().unwrap(), &numbers(&wanted["mean"]), 1e-10);
    near("components", &sizes(model.components()), &numbers(&wanted["components"]), 1e-9);
    near("variances", model.explained_variance(), &numbers(&wanted["variances"]), 1e-7);
    let path = folder.path().join("pca.json");
    model.save(&path).unwrap();
    let loaded = ComponentsModel::load(&path).unwrap();
    let made = columns(engine, loaded.transform(&data).unwrap().plan());
    near("rows", &sizes(&made[0][..3]), &numbers(&wanted["first"]), 1e-8);
    let white = Pca::new(Components::Count(2)).whiten().fit(engine, &data).unwrap();
    let whitened = columns(engine, white.transform(&data).unwrap().plan());
    near("white rows", &sizes(&whitened[0][..2]), &numbers(&wanted["white"]), 1e-8);
    let share = Pca::new(Components::Share(0.999)).fit(engine, &data).unwrap();
    assert_eq!(share.explained_variance().len() as f64, number(&wanted["share"]));
    assert!(Pca::new(Components::Count(4)).fit(engine, &data).unwrap_err().hint().is_some());

    let wanted = &expected["svd"];
    let svd = TruncatedSvd::new(2).fit(engine, &data).unwrap();
    near("vectors", &sizes(svd.components()), &numbers(&wanted["components"]), 1e-9);
    near("singular values", svd.singular_values(), &numbers(&wanted["singular_values"]), 1e-7);
    near("variances", svd.explained_variance(), &numbers(&wanted["variances"]), 1e-6);
    let rows = columns(engine, svd.transform(&data).unwrap().plan());
    near("rows", &sizes(&rows[0][..2]), &numbers(&wanted["first"]), 1e-8);
    bits(made[0].iter().chain(&whitened[0]).chain(&rows[0]))
}

pub fn clusters_are_those_of_scikit_learn(engine: &dyn Engine) -> Vec<u8> {
    let data = scaled(engine, &rows(engine, None, false));
    let expected = expected();
    let wanted = &expected["kmeans"];
    let start = Start::Centers(numbers(&wanted["start"]));
    let model = KMeans::new(3).start(start).tol(0.0).fit(engine, &data).unwrap();
    assert!(model.converged());
    near("centers", model.centers(), &numbers(&wanted["centers"]), 1e-9);
    near("inertia", &[model.inertia()], &[number(&wanted["inertia"])], 1e-9);
    near("score", &[-model.score(engine, &data).unwrap()], &[model.inertia()], 1e-12);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clusters.json");
    model.save(&path).unwrap();
    let loaded = KMeansModel::load(&path).unwrap();
    assert_eq!((loaded.centers(), loaded.inertia()), (model.centers(), model.inertia()));
    let labels = columns(engine, &loaded.predict(&data).unwrap());
    assert_eq!(labels[0][..20], numbers(&wanted["labels"]));
    let mut bytes = bits(model.centers());
    for start in [Start::Parallel { oversampling: 2.0, rounds: None }, Start::Random] {
        let found = KMeans::new(3).start(start).starts(10).seed(3).fit(engine, &data).unwrap();
        assert!(found.inertia() <= number(&wanted["best"]) * 1.005, "{found:?}");
        bytes.extend(bits(found.centers()));
    }
    bytes
}

/// Rows far away that weigh nothing are never centers, wherever the search begins.
pub fn clusters_ignore_rows_that_weigh_nothing(engine: &dyn Engine) -> Vec<u8> {
    let rows = |far: f64| {
        let value = |row: usize, feature: usize| ((row * 7919 + feature * 104_729) % 1009) as f64 / 1009.0;
        let near = (0..600).map(|row| (value(row, 1), value(row, 2), 1.0 + (row % 3) as f64));
        let all: Vec<(f64, f64, f64)> = near.chain((0..30).map(|row| (far + f64::from(row), -far, 0.0))).collect();
        let column = |of: fn(&(f64, f64, f64)) -> f64| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values(all.iter().map(of)))
        };
        let columns = [("a", column(|row| row.0)), ("b", column(|row| row.1)), ("w", column(|row| row.2))];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let frame = source::from_batches(batch.schema(), vec![vec![batch.slice(0, 250)], vec![batch.slice(250, 380)]]);
        let (frame, encoder) = (frame.unwrap(), Encoder::new().numeric("a").numeric("b").weight("w"));
        encoder.fit(engine, &frame).unwrap().transform(&frame, engine.settings()).unwrap().persist(engine).unwrap()
    };
    let (near, far) = (rows(0.5), rows(1e6));
    let mut bytes = vec![];
    for seed in 0..5 {
        for start in [Start::Parallel { oversampling: 2.0, rounds: None }, Start::Random] {
            let fit = KMeans::new(4).seed(seed).start(start).tol(0.0);
            let (here, there) = (fit.fit(engine, &near).unwrap(), fit.fit(engine, &far).unwrap());
            assert!(here.centers().iter().all(|place| (0.0..=1.0).contains(place)), "{here:?}");
            assert!(here.centers() == there.centers(), "{here:?} {there:?}");
            bytes.extend(bits(here.centers()));
        }
    }
    bytes
}

/// The models of `oracle/models`: `python_*` are Python's, the others ours, which a test of Python reads. Those are
/// written anew where `PHALANX_WRITE_MODELS` is set.
pub fn files_are_those_of_python(engine: &dyn Engine) -> Vec<u8> {
    let (hours, classes, plain) =
        (rows(engine, Some("hour"), false), rows(engine, Some("y"), false), rows(engine, None, false));
    let scaler = MinMaxScaler::fit(engine, &plain, (-1.0, 1.0)).unwrap();
    let standard = StandardScaler::fit(engine, &plain).unwrap();
    let thirds = scaled(engine, &rows(engine, Some("third"), false));
    let net = Penalty::ElasticNet { c: 0.5, l1_ratio: 0.5 };
    let written = [
        ("LinearRegression", LinearRegression::new().fit(engine, &hours).unwrap().to_json()),
        ("Ridge", Ridge::new(2.5).fit(engine, &hours).unwrap().to_json()),
        ("Lasso", Lasso::new(0.2).fit(engine, &hours).unwrap().to_json()),
        ("ElasticNet", ElasticNet::new(0.2, 0.5).fit(engine, &hours).unwrap().to_json()),
        ("PoissonRegressor", PoissonRegressor::new(0.1).fit(engine, &hours).unwrap().to_json()),
        ("KMeans", KMeans::new(3).fit(engine, &plain).unwrap().to_json()),
        ("PCA", Pca::new(Components::Count(2)).whiten().fit(engine, &plain).unwrap().to_json()),
        ("TruncatedSVD", TruncatedSvd::new(2).fit(engine, &plain).unwrap().to_json()),
        ("GaussianNB", GaussianNb::new(2).fit(engine, &classes).unwrap().to_json()),
        ("MinMaxScaler", scaler.to_json()),
        ("StandardScaler", standard.to_json()),
        ("LogisticRegression", LogisticRegression::new().penalty(net).fit(engine, &classes).unwrap().to_json()),
        (
            "LogisticRegression_of_three",
            LogisticRegression::new().classes(3).solver(Solver::Lbfgs).fit(engine, &thirds).unwrap().to_json(),
        ),
    ];
    let path = |name: &str| format!("{FOLDER}/models/{name}.json");
    for (name, text) in &written {
        if std::env::var_os("PHALANX_WRITE_MODELS").is_some() {
            std::fs::write(path(name), text).unwrap();
        }
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap()["model"].clone();
        let (now, kept) = (read(text), read(&std::fs::read_to_string(path(name)).unwrap()));
        let python = read(&std::fs::read_to_string(path(&format!("python_{name}"))).unwrap());
        let keys = |model: &Value, of: &str| model[of].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!((&now["class"], &now["parameters"]), (&kept["class"], &kept["parameters"]), "{name}");
        assert_eq!(keys(&now, "state"), keys(&kept, "state"), "{name}");
        // Python keeps nothing that ours do not say, and takes the same parameters.
        assert_eq!(keys(&now, "parameters"), keys(&python, "parameters"), "{name}");
        for state in keys(&python, "state") {
            assert!(now["state"].get(&state).is_some(), "{name} says nothing of {state}");
        }
    }
    let of_python = |name: &str| path(&format!("python_{name}"));
    let mut bytes = vec![];
    for name in ["LinearRegression", "Ridge", "Lasso", "ElasticNet", "PoissonRegressor"] {
        let (model, mine) = (LinearModel::load(of_python(name)).unwrap(), LinearModel::load(path(name)).unwrap());
        assert_eq!((model.names(), model.estimator()), (mine.names(), name));
        near(name, model.coefficients(), mine.coefficients(), 1e-9);
        bytes.extend(bits(&columns(engine, &model.predict(&hours).unwrap())[0]));
    }
    let clusters = KMeansModel::load(of_python("KMeans")).unwrap();
    near("inertia", &[-clusters.score(engine, &plain).unwrap()], &[clusters.inertia()], 1e-6);
    for name in ["PCA", "TruncatedSVD"] {
        let (model, mine) =
            (ComponentsModel::load(of_python(name)).unwrap(), ComponentsModel::load(path(name)).unwrap());
        near(name, model.components(), mine.components(), 1e-9);
        bytes.extend(bits(&columns(engine, model.transform(&plain).unwrap().plan())[0]));
    }
    let lines = [("LogisticRegression", &classes), ("LogisticRegression_of_three", &thirds)];
    for (name, rows) in lines {
        let (model, mine) = (LogisticModel::load(of_python(name)).unwrap(), LogisticModel::load(path(name)).unwrap());
        assert_eq!((model.names(), model.penalty()), (mine.names(), mine.penalty()));
        near(name, model.coefficients(), mine.coefficients(), 1e-5);
        near(name, model.intercepts(), mine.intercepts(), 1e-5);
        near(name, &[model.score(engine, rows).unwrap()], &[mine.score(engine, rows).unwrap()], 0.01);
        bytes.extend(bits(&columns(engine, &model.predict_proba(rows).unwrap())[0]));
    }
    let bayes = GaussianNbModel::load(of_python("GaussianNB")).unwrap();
    near("accuracy", &[bayes.score(engine, &classes).unwrap()], &[number(&expected()["bayes"]["score"])], 1e-12);
    assert_eq!(MinMaxScaler::load(of_python("MinMaxScaler")).unwrap(), scaler);
    let of_python = StandardScaler::load(of_python("StandardScaler")).unwrap();
    near("mean", of_python.mean(), standard.mean(), 1e-10);
    near("scale", of_python.scale(), standard.scale(), 1e-10);
    assert_eq!(StandardScaler::from_json(&standard.to_json()).unwrap(), standard);
    bytes
}
