//! NumPy `.npz` files, which are ZIP archives of uncompressed `.npy` arrays. A CSR matrix is stored as
//! the arrays `indices`, `indptr`, `format`, `shape` and `data`, as in
//! `scipy.sparse.save_npz(compressed=False)`. Dense arrays have names chosen by the caller.
//!
//! Entries are stored uncompressed and with a constant timestamp, so equal matrices have equal bytes.
//!
//! Formats: NumPy enhancement proposal 1; `scipy/sparse/_matrix_io.py`.

use std::io::{self, Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::features::CsrMatrix;

/// The element type of an array.
pub(super) trait Element: Copy + Default {
    /// NumPy type descriptor.
    const DESCR: &'static str;
    /// Size in bytes.
    const SIZE: usize;
    /// Appends the value to `out` in little-endian byte order.
    fn put(self, out: &mut Vec<u8>);
    /// Decodes a value from [`Self::SIZE`] little-endian bytes.
    fn get(bytes: &[u8]) -> Self;
}

macro_rules! element {
    ($type:ty, $descr:literal) => {
        impl Element for $type {
            const DESCR: &'static str = $descr;
            const SIZE: usize = size_of::<$type>();

            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn get(bytes: &[u8]) -> Self {
                let mut own = [0; size_of::<$type>()];
                own.copy_from_slice(bytes);
                <$type>::from_le_bytes(own)
            }
        }
    };
}

element!(f32, "<f4");
element!(f64, "<f8");
element!(i32, "<i4");
element!(i64, "<i8");

/// Serializes a CSR matrix. Equal matrices have equal bytes.
pub(crate) fn csr_bytes<T: Element>(matrix: &CsrMatrix<T>) -> io::Result<Vec<u8>> {
    let (indptr, indices, values) = matrix.parts();
    let n_entries = i32::try_from(indices.len()).map_err(io::Error::other)?;
    // Leave room for the arrays, the ZIP entries and the `.npy` headers.
    let capacity = indices.len() * (4 + T::SIZE) + indptr.len() * 4 + 4096;
    let mut archive = Writer::new(capacity);
    let mut add = |name, shape: &str, descr, data: &[u8]| archive.add(name, shape, descr, data);
    let vector = |length: usize| format!("({length},)");
    let columns = indices.iter().map(|column| *column as i32);
    add("indices", &vector(indices.len()), i32::DESCR, &bytes_of(columns))?;
    // Row starts can't exceed the number of entries, which fits in an `i32`.
    let starts = indptr.iter().map(|start| *start as i32);
    add("indptr", &vector(indptr.len()), i32::DESCR, &bytes_of(starts))?;
    add("format", "()", "|S3", b"csr")?;
    let shape = [matrix.n_rows() as i64, matrix.n_columns() as i64];
    add("shape", &vector(2), i64::DESCR, &bytes_of(shape.into_iter()))?;
    add("data", &vector(n_entries as usize), T::DESCR, &bytes_of(values.iter().copied()))?;
    archive.finish()
}

/// Serializes dense arrays, given as a name, the number of rows, and the values in row-major order.
pub(crate) fn dense_bytes<T: Element>(arrays: &[(&str, usize, &[T])]) -> io::Result<Vec<u8>> {
    let n_values: usize = arrays.iter().map(|(_, _, values)| values.len()).sum();
    let mut archive = Writer::new((n_values * T::SIZE) + 1024 * arrays.len());
    for (name, n_rows, values) in arrays {
        let shape = format!("({n_rows}, {})", values.len().checked_div(*n_rows).unwrap_or(0));
        archive.add(name, &shape, T::DESCR, &bytes_of(values.iter().copied()))?;
    }
    archive.finish()
}

/// Reads the array `name` from an archive written by [`dense_bytes`].
pub(crate) fn dense_from_bytes<T: Element>(bytes: &[u8], name: &str) -> io::Result<Vec<T>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(io::Error::other)?;
    array(&mut archive, name)?.numbers()
}

/// Reads a CSR matrix that was written by [`csr_bytes`], or by `SciPy` without compression.
pub(crate) fn csr_from_bytes<T: Element>(bytes: &[u8]) -> io::Result<CsrMatrix<T>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(io::Error::other)?;
    let mut array = |name| array(&mut archive, name);
    if array("format")?.data() != b"csr" {
        return Err(invalid("the matrix is not in CSR format"));
    }
    let shape: Vec<i64> = array("shape")?.numbers()?;
    let [n_rows, n_columns] = shape[..] else {
        return Err(invalid("the shape is not two-dimensional"));
    };
    let indptr: Vec<i32> = array("indptr")?.numbers()?;
    let indices: Vec<i32> = array("indices")?.numbers()?;
    let values: Vec<T> = array("data")?.numbers()?;
    let starts = indptr.into_iter().map(|start| usize::try_from(start).unwrap_or(usize::MAX));
    // Negative columns are turned into out-of-range ones, which `from_parts` rejects.
    let columns = indices.into_iter().map(|column| u32::try_from(column).unwrap_or(u32::MAX));
    let n_columns = usize::try_from(n_columns).map_err(io::Error::other)?;
    CsrMatrix::from_parts(n_columns, starts.collect(), columns.collect(), values)
        .filter(|matrix| matrix.n_rows() as i64 == n_rows)
        .ok_or_else(|| invalid("its arrays are inconsistent"))
}

fn bytes_of<T: Element>(values: impl ExactSizeIterator<Item = T>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len() * T::SIZE);
    values.for_each(|value| value.put(&mut bytes));
    bytes
}

/// Builds the `.npy` header for format version 1.0, padded to a multiple of 64 bytes.
fn header(descr: &str, shape: &str) -> Vec<u8> {
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let padding = 64 - (10 + text.len() + 1) % 64;
    text.push_str(&" ".repeat(padding % 64));
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&(text.len() as u16).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// Writes an archive in memory.
struct Writer(ZipWriter<Cursor<Vec<u8>>>);

impl Writer {
    /// Creates a writer with the given capacity in bytes.
    fn new(capacity: usize) -> Self {
        Self(ZipWriter::new(Cursor::new(Vec::with_capacity(capacity))))
    }

    fn add(&mut self, name: &str, shape: &str, descr: &str, data: &[u8]) -> io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(zip::DateTime::default())
            .large_file(data.len() > u32::MAX as usize);
        self.0.start_file(format!("{name}.npy"), options)?;
        self.0.write_all(&header(descr, shape))?;
        self.0.write_all(data)
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        self.0.finish().map(Cursor::into_inner).map_err(io::Error::other)
    }
}

/// Reads the array `name` from `archive`.
fn array(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> io::Result<Npy> {
    let mut file = archive.by_name(&format!("{name}.npy")).map_err(io::Error::other)?;
    let mut content = Vec::with_capacity(file.size() as usize);
    file.read_to_end(&mut content)?;
    Npy::parse(name, content)
}

/// An array read from an archive.
struct Npy {
    name: String,
    descr: String,
    content: Vec<u8>,
    start: usize,
}

impl Npy {
    fn parse(name: &str, content: Vec<u8>) -> io::Result<Self> {
        let not_numpy =
            || invalid(&format!("{name}.npy is not a NumPy array of format version 1.0"));
        let length = match content.get(..10) {
            Some([0x93, b'N', b'U', b'M', b'P', b'Y', 1, 0, low, high]) => {
                usize::from(u16::from_le_bytes([*low, *high]))
            }
            _ => return Err(not_numpy()),
        };
        let start = 10 + length;
        let text = content.get(10..start).and_then(|text| std::str::from_utf8(text).ok());
        let descr = text
            .and_then(|text| text.split_once("'descr': '")?.1.split_once('\''))
            .map(|(descr, _)| descr.to_owned())
            .ok_or_else(not_numpy)?;
        Ok(Self { name: name.to_owned(), descr, content, start })
    }

    fn data(&self) -> &[u8] {
        &self.content[self.start..]
    }

    fn numbers<T: Element>(&self) -> io::Result<Vec<T>> {
        if self.descr != T::DESCR || !self.data().len().is_multiple_of(T::SIZE) {
            let Self { name, descr, .. } = self;
            return Err(invalid(&format!("{name}.npy has type {descr}, expected {}", T::DESCR)));
        }
        Ok(self.data().chunks_exact(T::SIZE).map(T::get).collect())
    }
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matrices() -> impl Strategy<Value = CsrMatrix<f64>> {
        let row = proptest::collection::btree_map(0_u32..7, -1e3_f64..1e3, 0..7);
        proptest::collection::vec(row, 0..9).prop_map(|rows| {
            let mut matrix = CsrMatrix::new(7);
            for row in rows {
                matrix.push_row(row);
            }
            matrix
        })
    }

    proptest! {
        #[test]
        fn written_csr_matrices_read_back_equal(matrix in matrices()) {
            let bytes = csr_bytes(&matrix).unwrap();
            prop_assert_eq!(&csr_bytes(&matrix).unwrap(), &bytes);
            prop_assert_eq!(csr_from_bytes::<f64>(&bytes).unwrap(), matrix);
        }

        #[test]
        fn damaged_archives_do_not_panic(matrix in matrices(), at in 0.0..1.0, bit in 0_u8..8) {
            let mut bytes = csr_bytes(&matrix).unwrap();
            let at = (at * bytes.len() as f64) as usize;
            bytes[at] ^= 1 << bit;
            let _ = csr_from_bytes::<f64>(&bytes);
            let _ = csr_from_bytes::<f64>(&bytes[..at]);
        }
    }

    #[test]
    fn written_dense_arrays_read_back_equal() {
        let values = [1.0_f32, -2.5, 0.0, 4.0, f32::MIN_POSITIVE, 6.0];
        let bytes = dense_bytes(&[("a", 3, &values[..]), ("none", 0, &[])]).unwrap();
        assert_eq!(dense_from_bytes::<f32>(&bytes, "a").unwrap(), values);
        assert!(dense_from_bytes::<f32>(&bytes, "none").unwrap().is_empty());
        assert!(dense_from_bytes::<f32>(&bytes, "b").is_err());
        assert!(dense_from_bytes::<f64>(&bytes, "a").is_err());
    }

    #[test]
    fn headers_are_aligned_to_64_bytes_and_a_wrong_type_is_an_error() {
        assert_eq!(header("<f8", "(3,)").len() % 64, 0);
        let mut matrix = CsrMatrix::new(2);
        matrix.push_row([(1, 1.0_f32)]);
        let error = csr_from_bytes::<f64>(&csr_bytes(&matrix).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "data.npy has type <f4, expected <f8");
    }
}
