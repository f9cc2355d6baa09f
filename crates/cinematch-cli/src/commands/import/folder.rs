//! Exports in a folder, as browsers that unpack archives leave them.

use std::path::Path;

use anyhow::{Context, Result};
use cinematch::sources::history::{archive_services, is_in_archive};

use crate::input_error::InputError;
use crate::paths::{display_path, read_file};

/// Maximum number of nested folders. Exports have at most two.
const MAX_DEPTH: usize = 4;

/// Reads the files of the folder that are read from archives. Returns their paths below the folder and their contents,
/// sorted by path.
pub fn read_folder(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let mut names = Vec::new();
    find_files(folder, "", 0, &mut names)?;
    names.sort();
    if names.is_empty() {
        let (folder, services) = (display_path(folder), archive_services());
        return Err(InputError::error(format_args!(
            "{folder} has none of the files that CineMatch reads from exports of {services}; name the \
             files instead of the folder"
        )));
    }
    let read = |name: String| {
        let bytes = read_file(&folder.join(&name), "check the path")?;
        Ok((name, bytes))
    };
    names.into_iter().map(read).collect()
}

fn find_files(folder: &Path, prefix: &str, depth: usize, names: &mut Vec<String>) -> Result<()> {
    let context = || format!("cannot read {}", display_path(folder));
    for entry in std::fs::read_dir(folder).with_context(context)? {
        let entry = entry.with_context(context)?;
        let file_type = entry.file_type().with_context(context)?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        // Links are not followed: they may form a cycle.
        if file_type.is_dir() && depth < MAX_DEPTH {
            find_files(&entry.path(), &format!("{name}/"), depth + 1, names)?;
        } else if file_type.is_file() && is_in_archive(&name) {
            names.push(name);
        }
    }
    Ok(())
}
