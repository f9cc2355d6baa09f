//! `tmdb_metadata.csv`: what TMDb knows of the films, with the blanks it has.

use std::io::{self, Write};

use super::Generator;
use super::movie::Movie;
use super::stream::{Stream, Topic, exp, power};
use super::taxonomy::GENRES;

/// The columns of `tmdb_metadata.csv`.
const COLUMNS: [&str; 12] = [
    "tmdb_id",
    "title",
    "release_date",
    "runtime",
    "popularity",
    "vote_count",
    "vote_average",
    "genres",
    "overview",
    "keywords",
    "cast_top",
    "director",
];

/// Which of the ten columns from `release_date` on have a value, and how many of 33,229 real rows
/// are so; the best known films first.
pub(super) const BLANKS: [(&str, u32); 22] = [
    ("1111111111", 5759),
    ("1111111110", 1418),
    ("1111111011", 418),
    ("1111101110", 2453),
    ("1101111111", 2324),
    ("1111111100", 391),
    ("1111101010", 540),
    ("1111111010", 104),
    ("1111111000", 140),
    ("1101111011", 6022),
    ("1101101011", 99),
    ("1101111001", 328),
    ("1100111100", 183),
    ("1000111100", 1163),
    ("0100101000", 1925),
    ("1000111000", 8625),
    ("1000101000", 346),
    ("0000111000", 168),
    ("0000101000", 172),
    ("1000110000", 107),
    ("0000110000", 42),
    ("0000100000", 39),
];

/// Films TMDb has dropped since their number was noted.
const GONE: f64 = 0.01;

pub(super) fn write(generator: &Generator, out: &mut dyn Write) -> io::Result<()> {
    let movies = &generator.movies.movies;
    let mut by_number: Vec<usize> =
        (0..movies.len()).filter(|index| movies[*index].tmdb_id != 0).collect();
    by_number.sort_by_key(|index| movies[*index].tmdb_id);
    by_number.dedup_by_key(|index| movies[*index].tmdb_id);

    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(COLUMNS)?;
    for index in by_number {
        let mut stream = Stream::new(generator.params.seed, Topic::Metadata, index as u64);
        if stream.chance(GONE) {
            continue;
        }
        let movie = &movies[index];
        // Every value is drawn, wanted or not: a blank leaves the others as they are.
        let votes = votes(movie, &mut stream);
        let values = [
            release_date(movie, &mut stream),
            runtime(movie, &mut stream).to_string(),
            decimal(250.0 * power(movie.weight.into(), 0.4) * exp(0.4 * stream.normal())),
            votes.to_string(),
            average(movie, votes, &mut stream),
            genres(generator, movie, &mut stream),
            generator.author().overview(movie, &mut stream),
            generator.author().keywords(movie, &mut stream).join("|"),
            generator.people().cast(movie, &mut stream).join("|"),
            generator.directors(index).join("|"),
        ];
        let (mask, _) = BLANKS[usize::from(movie.blanks)];
        writer.write_field(movie.tmdb_id.to_string())?;
        writer.write_field(generator.title(index).plain())?;
        for (value, known) in values.iter().zip(mask.bytes()) {
            writer.write_field(if known == b'1' { value } else { "" })?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()
}

fn release_date(movie: &Movie, stream: &mut Stream) -> String {
    format!("{}-{:02}-{:02}", movie.year, 1 + stream.below(12), 1 + stream.below(28))
}

/// Minutes; 0 is TMDb's way to say it does not know.
fn runtime(movie: &Movie, stream: &mut Stream) -> u32 {
    let short = movie.year < 1920 || stream.chance(0.03);
    let minutes = if short { 4.0 + 40.0 * stream.unit() } else { 101.0 + 21.0 * stream.normal() };
    if stream.chance(0.0097) { 0 } else { minutes.max(40.0 * f64::from(!short) + 1.0) as u32 }
}

/// About as the film's popularity here: 40,000 for the best known film, single votes in the tail.
fn votes(movie: &Movie, stream: &mut Stream) -> u32 {
    let votes = 38_000.0 * power(movie.weight.into(), 0.75) * exp(0.4 * stream.normal());
    (votes as u32).saturating_sub(3)
}

/// 0 to 10, which follows the film's quality; 0 where nobody voted.
fn average(movie: &Movie, votes: u32, stream: &mut Stream) -> String {
    let mean = 6.4 + 1.3 * f64::from(movie.quality) + 0.35 * stream.normal();
    match votes {
        0 => "0".to_owned(),
        1..20 => decimal((mean.clamp(1.0, 10.0) * 10.0).round() / 10.0),
        _ => decimal(mean.clamp(1.0, 10.0)),
    }
}

/// Three decimals at most, no zeros behind.
fn decimal(value: f64) -> String {
    ((value * 1000.0).round() / 1000.0).to_string()
}

/// TMDb's own names; also of films that MovieLens lists no genres of.
fn genres(generator: &Generator, movie: &Movie, stream: &mut Stream) -> String {
    let usual = generator.taxonomy.genre_odds[usize::from(movie.cluster)][0].0;
    let bits = if movie.genres == 0 { 1 << usual } else { movie.genres };
    let mut names: Vec<&str> = (0..GENRES.len())
        .filter(|genre| bits >> genre & 1 == 1)
        .map(|genre| GENRES[genre].1)
        .filter(|name| !name.is_empty())
        .collect();
    if stream.chance(0.04) {
        names.push("history");
    } else if stream.chance(0.013) {
        names.push("tv movie");
    }
    names.join("|")
}
