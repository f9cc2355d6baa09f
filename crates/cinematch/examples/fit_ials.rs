//! Trains iALS on a matrix of who liked what, and prints a JSON line with the time of each iteration.
//!
//! `fit_ials liked.npz [--factors 64] [--iterations 4] [--threads 2] [--solver cholesky|cg]`
//!
//! The matrix is users × films in scipy's CSR form, not compressed, as `benches/peers/ials.py prepare`
//! writes it; every entry counts 1. The program of `cargo xtask bench ials` for our side.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::time::Instant;

use cinematch::features::CsrMatrix;
use cinematch::models::ials::{IalsParams, Solver};
use cinematch::models::{Confidence, Implicit};

const STEPS: usize = 3;

struct Options {
    matrix: String,
    params: IalsParams,
    threads: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Options { matrix, params, threads } = options(std::env::args().skip(1))?;
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;

    let start = Instant::now();
    let implicit = Implicit::from_weights(read(&matrix)?, Confidence::default());
    let load_seconds = start.elapsed().as_secs_f64();
    let interactions = implicit.user_movies().n_entries();

    let mut training = params.check()?.start(&implicit);
    let (mut wall, mut cpu) = (Vec::new(), Vec::new());
    for _ in 0..params.iterations {
        let (start, cpu_start) = (Instant::now(), cpu_seconds()?);
        training.solve_users();
        training.solve_movies();
        wall.push(start.elapsed().as_secs_f64());
        cpu.push(cpu_seconds()? - cpu_start);
    }
    let summary = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "interactions": interactions,
        "load_seconds": load_seconds,
        "seconds_per_iteration": wall,
        "cpu_seconds_per_iteration": cpu,
        "loss": training.error() / interactions as f64,
    });
    println!("{summary}");
    Ok(())
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Options, Box<dyn Error>> {
    let matrix = args.next().ok_or("the first argument is the matrix's file")?;
    let mut options = Options { matrix, params: IalsParams::default(), threads: 0 };
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--factors" => options.params.factors = value.parse()?,
            "--iterations" => options.params.iterations = value.parse()?,
            "--threads" => options.threads = value.parse()?,
            "--solver" => {
                options.params.solver = match value.as_str() {
                    "cholesky" => Solver::Cholesky,
                    "cg" => Solver::ConjugateGradients { steps: STEPS },
                    other => return Err(format!("--solver is cholesky or cg, not {other}").into()),
                }
            }
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    Ok(options)
}

/// Reads the matrix array by array, so that nothing is in memory twice.
fn read(path: &str) -> Result<CsrMatrix<f32>, Box<dyn Error>> {
    let mut archive = zip::ZipArchive::new(BufReader::new(File::open(path)?))?;
    let mut array = |name: &str, descr: &str| -> Result<Vec<i32>, Box<dyn Error>> {
        let mut file = archive.by_name(name)?;
        // NumPy's format 1.0: magic and version, the header's length, the header, the values.
        let mut prefix = [0; 10];
        file.read_exact(&mut prefix)?;
        let mut header = vec![0; usize::from(u16::from_le_bytes([prefix[8], prefix[9]]))];
        file.read_exact(&mut header)?;
        if !String::from_utf8_lossy(&header).contains(descr) {
            return Err(format!("{name} does not hold {descr}").into());
        }
        let n_bytes = file.size() as usize - prefix.len() - header.len();
        let mut values = vec![0_i32; n_bytes / 4];
        file.read_exact(bytemuck::cast_slice_mut(&mut values))?;
        Ok(values)
    };
    let n_columns = array("shape.npy", "<i8")?[2];
    let starts = array("indptr.npy", "<i4")?.into_iter().map(usize::try_from);
    let starts = starts.collect::<Result<_, _>>()?;
    let columns = array("indices.npy", "<i4")?.into_iter().map(u32::try_from);
    let columns: Vec<u32> = columns.collect::<Result<_, _>>()?;
    let ones = vec![1.0; columns.len()];
    CsrMatrix::from_parts(n_columns.try_into()?, starts, columns, ones)
        .ok_or_else(|| format!("{path} is not a matrix whose columns ascend in each row").into())
}

/// User and system time of the process, to a hundredth of a second.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // After the name, which may hold anything: fields 3 and on; 14 and 15 are in ticks.
    let fields = stat.rsplit_once(") ").ok_or("/proc/self/stat has no name")?.1;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / 100.0)
}
