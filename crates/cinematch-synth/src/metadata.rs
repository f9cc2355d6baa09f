//! `tmdb_metadata.csv`: TMDB metadata for the movies, including missing values.

use std::io::{self, Write};

use crate::blanks::BLANKS;
use crate::movie::Movie;
use crate::stream::{Stream, Topic, exp, power};
use crate::taxonomy::GENRES;
use crate::world::World;

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

/// Share of linked movies that have since been deleted from TMDB.
const MISSING_SHARE: f64 = 0.01;

pub(crate) fn write(world: &World, out: &mut dyn Write) -> io::Result<()> {
    let movies = &world.movies.movies;
    let mut by_tmdb_id: Vec<usize> =
        (0..movies.len()).filter(|index| movies[*index].tmdb_id != 0).collect();
    by_tmdb_id.sort_by_key(|index| movies[*index].tmdb_id);
    by_tmdb_id.dedup_by_key(|index| movies[*index].tmdb_id);

    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(COLUMNS)?;
    for index in by_tmdb_id {
        let mut stream = Stream::new(world.params.seed, Topic::Metadata, index as u64);
        if stream.chance(MISSING_SHARE) {
            continue;
        }
        let movie = &movies[index];
        // Draw values even if they are left blank, so that a blank doesn't change the other values.
        let votes = votes(movie, &mut stream);
        let values = [
            release_date(movie, &mut stream),
            runtime(movie, &mut stream).to_string(),
            decimal(250.0 * power(movie.weight.into(), 0.4) * exp(0.4 * stream.normal())),
            votes.to_string(),
            average(movie, votes, &mut stream),
            genres(world, movie, &mut stream),
            world.author().overview(movie, &mut stream),
            world.author().keywords(movie, &mut stream).join("|"),
            world.people().cast(movie, &mut stream).join("|"),
            world.directors(index).join("|"),
        ];
        let (mask, _) = BLANKS[usize::from(movie.blanks)];
        writer.write_field(movie.tmdb_id.to_string())?;
        writer.write_field(world.title(index).plain())?;
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

/// Draws a runtime in minutes. TMDB writes 0 for an unknown runtime.
fn runtime(movie: &Movie, stream: &mut Stream) -> u32 {
    let is_short = movie.year < 1920 || stream.chance(0.03);
    let minutes =
        if is_short { 4.0 + 40.0 * stream.unit() } else { 101.0 + 21.0 * stream.normal() };
    if stream.chance(0.0097) { 0 } else { minutes.max(40.0 * f64::from(!is_short) + 1.0) as u32 }
}

/// Draws a vote count that reflects the movie's popularity: about 40,000 for the most popular movie, and
/// just a few in the tail.
fn votes(movie: &Movie, stream: &mut Stream) -> u32 {
    let votes = 38_000.0 * power(movie.weight.into(), 0.75) * exp(0.4 * stream.normal());
    (votes as u32).saturating_sub(3)
}

/// Draws an average vote from 1 to 10 that reflects the movie's quality. Returns 0 if there are no votes.
fn average(movie: &Movie, votes: u32, stream: &mut Stream) -> String {
    let mean = 6.4 + 1.3 * f64::from(movie.quality) + 0.35 * stream.normal();
    match votes {
        0 => "0".to_owned(),
        1..20 => decimal((mean.clamp(1.0, 10.0) * 10.0).round() / 10.0),
        _ => decimal(mean.clamp(1.0, 10.0)),
    }
}

/// Formats a number with up to three decimals and no trailing zeros.
fn decimal(value: f64) -> String {
    ((value * 1000.0).round() / 1000.0).to_string()
}

/// Returns TMDB's genre names, even for movies that have no genres in MovieLens.
fn genres(world: &World, movie: &Movie, stream: &mut Stream) -> String {
    let main_genre = world.taxonomy.genre_odds[usize::from(movie.cluster)][0].0;
    let bits = if movie.genres == 0 { 1 << main_genre } else { movie.genres };
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
