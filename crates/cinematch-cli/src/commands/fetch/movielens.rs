//! `cinematch fetch movielens`: downloads, verifies and installs a MovieLens release.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cinematch_fetch::clock::Clock;
use cinematch_fetch::movielens::{
    Download, GROUPLENS, Installed, RELEASES, Release, install, installed_md5, md5_of_file,
};
use clap::Args;
use serde::Serialize;

use crate::options::Global;
use crate::output::{DIM, Output, STRONG, counted, thousands};
use crate::paths::display_path;
use crate::runtime::block_on;

/// Flags for `cinematch fetch movielens`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  cinematch fetch movielens                    MovieLens 32M (239 MB), into raw/ml-32m/\n  \
                  cinematch fetch movielens latest-small       100,000 ratings, to try it out\n  \
                  cinematch fetch movielens --from ml-32m.zip  unpack an archive you have"
)]
pub struct Movielens {
    /// Release to download: 32m, 25m, 20m, latest or latest-small
    #[arg(default_value = "32m", value_parser = release, value_name = "RELEASE")]
    release: Release,
    /// Unpack this archive instead of downloading one
    #[arg(long, value_name = "FILE.zip")]
    from: Option<PathBuf>,
    /// Download and unpack even if the folder is up to date
    #[arg(long)]
    force: bool,
    /// Base URL of the archives
    #[arg(long, env = "CINEMATCH_GROUPLENS_URL", default_value = GROUPLENS, hide = true,
          value_name = "URL")]
    url: String,
}

fn release(name: &str) -> Result<Release, String> {
    Release::named(name).ok_or_else(|| {
        let names = RELEASES.map(|release| release.name).join(", ");
        format!("expected one of {names}; older releases have a different format")
    })
}

/// JSON output of `cinematch fetch movielens`.
#[derive(Serialize)]
struct Report {
    release: &'static str,
    folder: String,
    archive_md5: String,
    /// True if GroupLens publishes this MD5.
    md5_published: bool,
    /// True if the folder was already up to date.
    unchanged: bool,
    replaced: bool,
    #[serde(rename = "new_films")]
    new_movies: u64,
    #[serde(rename = "gone_films")]
    gone_movies: u64,
    verified_files: usize,
    files: Vec<FileReport>,
}

#[derive(Serialize)]
struct FileReport {
    file: String,
    rows_before: Option<u64>,
    rows: u64,
}

impl Movielens {
    /// Downloads, verifies and unpacks the release.
    pub fn run(&self, global: &Global, output: &Output) -> Result<()> {
        let raw = global.root.join("raw");
        if let Some(archive) = &self.from {
            let md5 = md5_of_file(archive)
                .with_context(|| format!("cannot read {}; check --from", display_path(archive)))?;
            return unpack(archive, &md5, false, &raw, output);
        }
        let folder = raw.join(self.release.folder);
        let part = raw.join(format!(".{}.part", self.release.archive()));
        let (md5, published) = block_on(Some(2), self.download(&folder, &part, output))?;
        let Some(md5) = md5 else {
            return self.unchanged(&folder, output);
        };
        unpack(&part, &md5, published, &raw, output)?;
        // The archive is no longer needed.
        for suffix in ["", ".version", ".lock"] {
            let mut name = part.clone().into_os_string();
            name.push(suffix);
            let _ = fs::remove_file(name);
        }
        Ok(())
    }

    /// Downloads the archive. Returns its MD5, and whether GroupLens publishes that MD5. The MD5 is `None` if
    /// the folder already contains the current release.
    async fn download(
        &self,
        folder: &Path,
        part: &Path,
        output: &Output,
    ) -> Result<(Option<String>, bool)> {
        let archive = self.release.archive();
        let download = Download::new(&self.url, Clock::system(1))?;
        let published = download.published_md5(&archive).await?;
        if !self.force && published.is_some() && installed_md5(folder) == published {
            return Ok((None, true));
        }
        let step = output.bytes(&format!("downloading {archive}"));
        let md5 = download
            .file(&archive, part, published.as_deref(), |progress| {
                step.set_length(progress.total.unwrap_or(progress.received));
                step.set_position(progress.received);
            })
            .await?;
        drop(step);
        if published.is_none() {
            output.warn(format_args!(
                "GroupLens publishes no MD5 for {archive}; its files were verified with the checksums inside \
                 the archive"
            ));
        }
        Ok((Some(md5), published.is_some()))
    }

    fn unchanged(&self, folder: &Path, output: &Output) -> Result<()> {
        let md5 = installed_md5(folder).unwrap_or_default();
        output.json(&Report {
            release: self.release.name,
            folder: display_path(folder),
            archive_md5: md5,
            md5_published: true,
            unchanged: true,
            replaced: false,
            new_movies: 0,
            gone_movies: 0,
            verified_files: 0,
            files: Vec::new(),
        })?;
        output.line(format_args!(
            "{STRONG}{}{STRONG:#} is up to date; nothing was downloaded {DIM}(--force downloads it \
             again){DIM:#}",
            display_path(folder)
        ));
        Ok(())
    }
}

fn unpack(archive: &Path, md5: &str, published: bool, raw: &Path, output: &Output) -> Result<()> {
    let step = output.step("unpacking");
    let installed = install(archive, md5, raw, |_, _| {})?;
    drop(step);
    let Installed { release, folder, rows, replaced, new_movies, removed_movies, verified } =
        &installed;
    let files = rows.iter().map(|rows| FileReport {
        file: rows.file.clone(),
        rows_before: rows.before,
        rows: rows.now,
    });
    output.json(&Report {
        release: release.name,
        folder: display_path(folder),
        archive_md5: md5.to_owned(),
        md5_published: published,
        unchanged: false,
        replaced: *replaced,
        new_movies: *new_movies,
        gone_movies: *removed_movies,
        verified_files: *verified,
        files: files.collect(),
    })?;
    for rows in rows {
        let before = match rows.before {
            Some(before) if before != rows.now => format!(", {} before", thousands(before)),
            _ => String::new(),
        };
        output.note(format_args!("{:>10} rows  {}{before}", thousands(rows.now), rows.file));
    }
    if *replaced {
        output.note(format_args!(
            "{} added, {} removed",
            counted(*new_movies, "movie"),
            thousands(*removed_movies)
        ));
    }
    if *verified > 0 {
        output.note(format_args!("{verified} files match the release's checksums.txt"));
    }
    output.line(format_args!(
        "{STRONG}{}{STRONG:#}: MovieLens {}",
        display_path(folder),
        release.name
    ));
    output.note(format_args!(
        "GroupLens does not allow commercial use of MovieLens without permission; cite Harper and Konstan \
         (2015). The terms are in {}",
        display_path(&folder.join("README.txt"))
    ));
    output.note(format_args!("{DIM}next: cinematch preprocess, or cinematch fetch tmdb{DIM:#}"));
    Ok(())
}
