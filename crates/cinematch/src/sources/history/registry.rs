//! The list of importers. Everything that depends on the supported services is derived from it.

use super::entry::{History, Service};
use super::error::HistoryError;
use super::importer::{CsvFile, Decoder, Importer, JsonFile};

/// All importers, in the order in which messages list them.
pub(crate) static IMPORTERS: &[&Importer] = &[
    &super::letterboxd::IMPORTER,
    &super::imdb::IMPORTER,
    &super::trakt::IMPORTER,
    &super::movielens_org::IMPORTER,
];

/// Returns the supported services.
pub fn services() -> impl Iterator<Item = Service> {
    IMPORTERS.iter().map(|importer| importer.service)
}

/// Returns the names of the supported services for a sentence: `A, B and C` if `conjunction` is `and`.
pub fn service_names(conjunction: &str) -> String {
    join_with(services().map(|service| service.name().to_owned()), conjunction)
}

/// Returns the supported services with their formats, such as `Letterboxd (ZIP, CSV), IMDb (CSV) and …`.
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

/// Returns the names of the services whose archives are supported: `A, B or C`.
pub(crate) fn archive_names() -> String {
    let with_archives = IMPORTERS.iter().filter(|importer| importer.is_in_archive.is_some());
    join_with(with_archives.map(|importer| importer.service.name().to_owned()), "or")
}

/// Returns true if an importer reads files with this path from archives.
pub(crate) fn is_in_archive(path: &str) -> bool {
    IMPORTERS.iter().filter_map(|importer| importer.is_in_archive).any(|is_in| is_in(path))
}

/// Decodes a CSV file with the importer that recognizes it. Returns `None` if none does.
pub(crate) fn decode_csv(file: &CsvFile<'_>) -> Option<Result<History, HistoryError>> {
    IMPORTERS.iter().find_map(|importer| match importer.decoder {
        Decoder::Csv { recognizes, decode } => recognizes(file).then(|| decode(file)),
        Decoder::Json { .. } => None,
    })
}

/// Decodes a JSON file with the importer that recognizes it. Returns `None` if none does.
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
