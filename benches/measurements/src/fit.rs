//! Fits a model on a matrix of likes and prints a JSON line with the elapsed time. `cargo xtask bench ials`
//! and `cargo xtask bench ease` run it for CineMatch's side of the comparison.
//!
//! `fit ials liked.npz [--factors 64] [--iterations 4] [--threads 2] [--solver cholesky|cg] [--out DIR]`
//! `fit ease liked.npz [--films 20000] [--regularization 100] [--threads 2]`
//!
//! The matrix is users × movies in `SciPy`'s uncompressed CSR format, as written by
//! `benches/peers/ials.py prepare`; every entry has the weight 1.

mod matrix;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use cinematch::models::ease::EaseParams;
use cinematch::models::ials::{Factors, IalsParams, Solver};
use cinematch::models::{Confidence, Implicit};

use crate::outcome::Outcome;

const CG_STEPS: usize = 3;
/// Numbers of movies, and of weights per movie, to average when comparing EASE implementations.
const SAMPLE_SIZE: (usize, usize) = (100, 10);

struct Options {
    matrix: String,
    ials: IalsParams,
    ease: EaseParams,
    threads: usize,
    out: Option<PathBuf>,
}

/// Runs the measurement.
pub fn run(args: &[&str]) -> Outcome<()> {
    let (model, args) = args.split_first().ok_or("the first argument is ials or ease")?;
    let options = options(args)?;
    rayon::ThreadPoolBuilder::new().num_threads(options.threads).build_global()?;
    let start = Instant::now();
    let implicit = Implicit::from_weights(matrix::read(&options.matrix)?, Confidence::default());
    let mut summary = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "interactions": implicit.user_movies().n_entries(),
        "load_seconds": start.elapsed().as_secs_f64(),
    });
    let fitted = match *model {
        "ials" => ials(&options, &implicit)?,
        "ease" => ease(options.ease, &implicit)?,
        other => return Err(format!("the first argument is ials or ease, not {other}").into()),
    };
    for (name, value) in fitted {
        summary[name] = value;
    }
    println!("{summary}");
    Ok(())
}

type Fields = [(&'static str, serde_json::Value); 3];

fn ials(options: &Options, implicit: &Implicit) -> Outcome<Fields> {
    let mut training = options.ials.check()?.start(implicit);
    let (mut wall, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..options.ials.iterations {
        let (start, cpu_start) = (Instant::now(), cpu_seconds()?);
        training.solve_users();
        training.solve_movies();
        wall.push(start.elapsed().as_secs_f64());
        cpu.push(cpu_seconds()? - cpu_start);
    }
    if let Some(out) = &options.out {
        fs::create_dir_all(out)?;
        write(&training.users, &out.join("users.f32"))?;
        write(&training.movies, &out.join("films.f32"))?;
    }
    let loss = training.error() / implicit.user_movies().n_entries() as f64;
    Ok([
        ("seconds_per_iteration", wall.into()),
        ("cpu_seconds_per_iteration", cpu.into()),
        ("loss", loss.into()),
    ])
}

/// Writes the factors row by row as little-endian f32.
fn write(factors: &Factors, path: &Path) -> Outcome<()> {
    let rows = (0..factors.n_rows()).flat_map(|row| factors.values(row));
    let bytes: Vec<u8> = rows.flat_map(|value| value.to_le_bytes()).collect();
    Ok(fs::write(path, bytes)?)
}

fn ease(params: EaseParams, implicit: &Implicit) -> Outcome<Fields> {
    let (start, cpu_start) = (Instant::now(), cpu_seconds()?);
    let model = params.check()?.fit(implicit, None, &mut |_| ())?;
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds()? - cpu_start);

    let (movies, neighbors) = SAMPLE_SIZE;
    let n_users = |movie: &usize| implicit.movie_users().row(*movie).0.len();
    let mut liked: Vec<usize> = (0..implicit.n_movies()).collect();
    liked.sort_by_key(|movie| std::cmp::Reverse(n_users(movie)));
    let mut weights_by_movie: Vec<Vec<f32>> = vec![Vec::new(); implicit.n_movies()];
    for source in 0..implicit.n_movies() {
        for (target, weight) in model.weights().entries(source) {
            weights_by_movie[target as usize].push(weight.abs());
        }
    }
    let largest = liked.into_iter().take(movies).flat_map(|movie| {
        let mut weights = std::mem::take(&mut weights_by_movie[movie]);
        weights.sort_unstable_by(|a, b| b.total_cmp(a));
        weights.into_iter().take(neighbors)
    });
    let largest: Vec<f64> = largest.map(f64::from).collect();
    let mean = largest.iter().sum::<f64>() / largest.len() as f64;
    Ok([("seconds", seconds.into()), ("cpu_seconds", cpu.into()), ("mean_weight", mean.into())])
}

fn options(args: &[&str]) -> Outcome<Options> {
    let (matrix, flags) =
        args.split_first().ok_or("the second argument is the file of the matrix")?;
    let matrix = (*matrix).to_owned();
    let ease = EaseParams { dropout: 0.0, ..EaseParams::default() };
    let mut options = Options { matrix, ials: IalsParams::default(), ease, threads: 0, out: None };
    for flag in flags.chunks(2) {
        let [name, value] = flag else { return Err(format!("{} needs a value", flag[0]).into()) };
        match *name {
            "--factors" => options.ials.factors = value.parse()?,
            "--iterations" => options.ials.iterations = value.parse()?,
            "--films" => options.ease.max_movies = value.parse()?,
            "--regularization" => options.ease.regularization = value.parse()?,
            "--threads" => options.threads = value.parse()?,
            "--out" => options.out = Some((*value).into()),
            "--solver" => {
                options.ials.solver = match *value {
                    "cholesky" => Solver::Cholesky,
                    "cg" => Solver::ConjugateGradients { steps: CG_STEPS },
                    other => return Err(format!("--solver is cholesky or cg, not {other}").into()),
                }
            }
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    Ok(options)
}

/// Returns the user and system time of the process in seconds, with a resolution of 0.01 s.
fn cpu_seconds() -> Outcome<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // Fields from 3 on follow the process name, which may contain any character; 14 and 15 are in ticks.
    let fields = stat.rsplit_once(") ").ok_or("/proc/self/stat has no name")?.1;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / 100.0)
}
