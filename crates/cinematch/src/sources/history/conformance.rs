//! Conformance tests that every registered importer must pass.

use super::importer::{CsvFile, Decoder, Importer, JsonFile};
use super::registry::IMPORTERS;
use super::tests::zipped;
use super::*;

/// Returns the IDs of the importers that recognize `importer`'s sample.
fn recognized_by(importer: &Importer) -> Vec<&'static str> {
    let (name, content) = importer.sample;
    let recognizes = |other: &&&Importer| match (&importer.decoder, &other.decoder) {
        (Decoder::Csv { .. }, Decoder::Csv { recognizes, .. }) => {
            let header = content.lines().next().unwrap_or_default();
            let columns = header.split(',').map(str::to_owned).collect();
            recognizes(&CsvFile { name, columns, bytes: content.as_bytes(), list_name: None })
        }
        (Decoder::Json { .. }, Decoder::Json { recognizes, .. }) => {
            recognizes(&JsonFile { name, elements: serde_json::from_str(content).unwrap() })
        }
        _ => false,
    };
    IMPORTERS.iter().filter(recognizes).map(|other| other.service.id()).collect()
}

#[test]
fn services_have_distinct_ids_and_names() {
    for (at, service) in services().enumerate() {
        for other in services().skip(at + 1) {
            assert!(service.id() != other.id() && service.name() != other.name(), "{service:?}");
        }
    }
}

#[test]
fn every_importer_recognizes_its_own_sample_and_no_other() {
    for importer in IMPORTERS {
        assert_eq!(recognized_by(importer), [importer.service.id()]);
    }
}

#[test]
fn every_importer_decodes_its_sample_into_entries_with_file_and_line() {
    for importer in IMPORTERS {
        let (name, content) = importer.sample;
        let history = read(name, content.as_bytes()).unwrap();
        assert_eq!(history.service, importer.service);
        assert_eq!(history.problems, []);
        assert!(!history.entries.is_empty() && history.rows >= history.entries.len() as u64);
        for entry in &history.entries {
            assert!(entry.file == name && entry.line > 0, "{entry:?}");
            let has_id =
                entry.imdb_id.is_some() || entry.tmdb_id.is_some() || entry.movie_id.is_some();
            assert!(has_id || !entry.title.is_empty(), "{entry:?}");
        }
    }
}

#[test]
fn every_importer_with_archives_reads_its_sample_from_an_archive() {
    for importer in IMPORTERS.iter().filter(|importer| importer.is_in_archive.is_some()) {
        let (name, content) = importer.sample;
        let history = read("export.zip", &zipped(&[(name, content.as_bytes())])).unwrap();
        assert_eq!(history, read(name, content.as_bytes()).unwrap());
    }
}

#[test]
fn no_importer_panics_on_a_truncated_or_corrupt_sample() {
    for importer in IMPORTERS {
        let (name, content) = importer.sample;
        for at in 0..content.len() {
            let _ = read(name, &content.as_bytes()[..at]);
            for byte in [0, b'"', b',', b'\n', b'[', 0xff] {
                let mut changed = content.as_bytes().to_vec();
                changed[at] = byte;
                let _ = read(name, &changed);
            }
        }
    }
}

#[test]
fn unknown_files_are_rejected_with_every_service_and_its_formats() {
    let error = read("x.csv", b"a,b\n1,2\n").unwrap_err().to_string();
    assert_eq!(
        error,
        "x.csv is not a supported export: it is a table with the columns a, b. CineMatch reads exports of \
         Letterboxd (ZIP, CSV), IMDb (CSV), Trakt (ZIP, JSON), MovieLens.org (CSV), TMDB (CSV), Simkl (CSV), \
         TV Time (ZIP, CSV), Movary (CSV) and Yamtrack (CSV)"
    );
    assert!(services().all(|service| error.contains(service.name())));
}
