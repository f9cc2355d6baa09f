//! The list of importers, from which everything about the supported services is derived.

use super::entry::{History, Service};
use super::error::HistoryError;
use super::importer::{CsvFile, Decoder, Importer, JsonFile};

/// All importers, in the order used in messages.
pub(crate) static IMPORTERS: &[&Importer] = &[
    &super::letterboxd::IMPORTER,
    &super::imdb::IMPORTER,
    &super::trakt::IMPORTER,
    &super::movielens_org::IMPORTER,
    &super::tmdb::IMPORTER,
    &super::simkl::IMPORTER,
    &super::tv_time::IMPORTER,
    &super::movary::IMPORTER,
    &super::yamtrack::IMPORTER,
];

/// Returns all supported services.
pub fn services() -> impl Iterator<Item = Service> {
    IMPORTERS.iter().map(|importer| importer.service)
}

/// Returns the names of all supported services as a phrase, such as `A, B and C` if `conjunction` is
/// `and`.
pub fn service_names(conjunction: &str) -> String {
    join_with(services().map(|service| service.name().to_owned()), conjunction)
}

/// Returns all supported services and their formats, such as `Letterboxd (ZIP, CSV), IMDb (CSV) and …`.
pub fn supported_exports() -> String {
    let with_formats = |importer: &&Importer| {
        let zip = if importer.is_in_archive.is_some() { "ZIP, " } else { "" };
        let format = match importer.decoder {
            Decoder::Csv { .. } => "CSV",
            Decoder::Json { .. } => "JSON",
        };
        format!("{} ({zip}{format})", importer.service.name())
    };
    join_with(IMPORTERS.iter().map(with_formats), "and")
}

/// Returns the names of the services that have supported archives, as a phrase such as `A, B or C`.
pub fn archive_services() -> String {
    let with_archives = IMPORTERS.iter().filter(|importer| importer.is_in_archive.is_some());
    join_with(with_archives.map(|importer| importer.service.name().to_owned()), "or")
}

/// Returns true if any importer reads `path` from an archive.
pub(crate) fn is_in_archive(path: &str) -> bool {
    IMPORTERS.iter().filter_map(|importer| importer.is_in_archive).any(|is_in| is_in(path))
}

/// Decodes `file` with the importer that recognizes it. Returns `None` if none does.
pub(crate) fn decode_csv(file: &CsvFile<'_>) -> Option<Result<History, HistoryError>> {
    IMPORTERS.iter().find_map(|importer| match importer.decoder {
        Decoder::Csv { recognizes, decode } => recognizes(file).then(|| decode(file)),
        Decoder::Json { .. } => None,
    })
}

/// Decodes `file` with the importer that recognizes it. Returns `None` if none does.
pub(crate) fn decode_json(file: &JsonFile<'_>) -> Option<History> {
    IMPORTERS.iter().find_map(|importer| match importer.decoder {
        Decoder::Json { recognizes, decode } => recognizes(file).then(|| decode(file)),
        Decoder::Csv { .. } => None,
    })
}

fn join_with(names: impl Iterator<Item = String>, conjunction: &str) -> String {
    let mut names: Vec<String> = names.collect();
    let last = names.pop().unwrap_or_default();
    if names.is_empty() { last } else { format!("{} {conjunction} {last}", names.join(", ")) }
}
