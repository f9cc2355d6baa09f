//! Reader for sparse matrices written by `SciPy`.

use std::fs::File;
use std::io::{BufReader, Read};

use cinematch::features::CsrMatrix;

use crate::outcome::Outcome;

/// Reads the matrix one array at a time, to avoid holding two copies in memory. All entries are 1.
pub fn read(path: &str) -> Outcome<CsrMatrix<f32>> {
    let mut archive = zip::ZipArchive::new(BufReader::new(File::open(path)?))?;
    let mut array = |name: &str, descr: &str| -> Outcome<Vec<i32>> {
        let mut file = archive.by_name(name)?;
        // NumPy's format 1.0: magic and version, the header's length, the header, the values.
        let mut prefix = [0; 10];
        file.read_exact(&mut prefix)?;
        let mut header = vec![0; usize::from(u16::from_le_bytes([prefix[8], prefix[9]]))];
        file.read_exact(&mut header)?;
        if !String::from_utf8_lossy(&header).contains(descr) {
            return Err(format!("{name} does not contain {descr}").into());
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
        .ok_or_else(|| format!("{path} is not a matrix with ascending columns in each row").into())
}
