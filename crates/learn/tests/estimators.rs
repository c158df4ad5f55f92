//! Estimators against scikit-learn (`oracle/make_estimators.py` wrote the numbers), and their files.

use crate::oracle::{near, number, numbers};
use crate::suite::{bits, columns};
use phalanx_engine::Engine;
use phalanx_frame::expr::col;
use phalanx_frame::{Frame, read_csv};
use phalanx_learn::components::Components;
use phalanx_learn::kmeans::Start;
use phalanx_learn::minimise::Solver;
use phalanx_learn::{
    ComponentsModel, Data, ElasticNet, Encoder, GaussianNb, GaussianNbModel, KMeans, KMeansModel, Lasso, LinearModel,
    LinearRegression, MinMaxScaler, Pca, PoissonRegressor, Ridge, TruncatedSvd,
};
use serde_json::Value;

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
        encoder = encoder.target(target, col(target));
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
