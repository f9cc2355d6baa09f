//! Evaluates recommendation lists from other systems and tests whether they differ significantly.
//!
//! `evaluate_lists FOLDER LISTS.csv OTHER_LISTS.csv`
//!
//! The files have the columns `userId,rank,movieId` and contain lists for the test users of the strong
//! generalization split. `cinematch evaluate --export-split FOLDER` writes these users' histories, and
//! `cinematch evaluate --score` does the same as this example.

use std::error::Error;
use std::fs;
use std::path::Path;

use cinematch::evaluation::{
    Bootstrap, EvaluatedModel, Evaluation, ModelMetrics, MovieAttributes, Part, Protocol,
    SplitReport, StrongGeneralization, external_lists,
};
use cinematch::{Catalog, MergeSettings};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, files @ ..] = args.as_slice() else {
        return Err("expected FOLDER LISTS.csv OTHER_LISTS.csv".into());
    };
    let Catalog { movies, ratings, .. } =
        Catalog::read(Path::new(folder), None, &MergeSettings::default())?;
    let ratings = ratings.ok_or("the folder has no ratings.csv")?;
    let protocol = Protocol::StrongGeneralization(StrongGeneralization::default());
    let split = protocol.split(&ratings, Part::Test)?;
    let attributes = MovieAttributes::new(&movies);

    let mut models = Vec::new();
    for file in files {
        let external = external_lists(file, &fs::read(file)?, &split)?;
        eprintln!(
            "{file}: {} invalid rows, {} users without a list",
            external.problems.len(),
            external.missing_users.len()
        );
        let metrics = vec![ModelMetrics::from_lists(&external.lists, &split, &attributes)];
        models.push(EvaluatedModel { name: file.clone(), spec: None, splits: metrics });
    }
    let splits = vec![SplitReport::new(&split, 42)];
    let baseline = files.first().map(String::as_str);
    let report =
        Evaluation::new((protocol, Part::Test), splits, models, baseline, Bootstrap::default())?;
    for model in report.models {
        println!("{}  NDCG@100 {:.4}", model.name, model.metrics["ndcg@100"].mean);
        if let Some(difference) = model.against_baseline.get("ndcg@100") {
            let (low, high) = (difference.low, difference.high);
            println!("  {:+.4} (95 % interval {low:+.4} to {high:+.4})", difference.difference);
        }
    }
    Ok(())
}
