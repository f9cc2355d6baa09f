//! Movies, with their clusters, popularity, quality, IDs and irregularities.

use rustc_hash::FxHashSet;

use crate::sampling::AliasTable;
use crate::stream::{Stream, Topic, exp, ln, power};
use crate::taxonomy::{CLUSTERS, Factors, N_CLUSTERS, Taxonomy, add, direction, scaled};

/// Number of themes per movie.
pub(crate) const N_THEMES: usize = 5;

/// Number of movies in MovieLens 32M, the basis for the counts below.
const REAL_MOVIES: u64 = 87_585;

/// An irregularity in a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Oddity {
    None,
    NoYear,
    TrailingSpace,
    DoubleSpace,
    OtherScript,
    Quoted,
    NoBreakSpace,
    YearRange,
    StrayParenthesis,
    CombiningAccent,
    OnlyYear,
}

/// Number of titles with each irregularity in MovieLens 32M.
const ODDITIES: [(Oddity, u64); 10] = [
    (Oddity::NoYear, 617),
    (Oddity::TrailingSpace, 155),
    (Oddity::DoubleSpace, 57),
    (Oddity::OtherScript, 190),
    (Oddity::Quoted, 26),
    (Oddity::NoBreakSpace, 8),
    (Oddity::YearRange, 2),
    (Oddity::StrayParenthesis, 1),
    (Oddity::CombiningAccent, 1),
    (Oddity::OnlyYear, 1),
];

const NO_GENRES: u64 = 7_080;
const WITHOUT_TMDB: u64 = 124;
const REPEATED_TMDB: u64 = 35;
const BROKEN_OVERVIEWS: u64 = 450;

/// First and last year of a period, and the number of its movies in the whole catalog and in the popular
/// head.
const SPANS: [(u16, u16, [u32; 2]); 12] = [
    (1890, 1919, [900, 5]),
    (1920, 1929, [730, 5]),
    (1930, 1939, [2592, 12]),
    (1940, 1949, [2760, 30]),
    (1950, 1959, [3616, 45]),
    (1960, 1969, [4352, 60]),
    (1970, 1979, [5990, 130]),
    (1980, 1989, [6362, 300]),
    (1990, 1999, [8215, 800]),
    (2000, 2009, [15_489, 720]),
    (2010, 2019, [27_972, 420]),
    (2020, 2023, [7986, 60]),
];

/// Weight of each genre when drawing genres from outside a movie's cluster.
const STRAY_GENRES: [u32; 19] =
    [50, 42, 18, 36, 190, 40, 65, 150, 35, 0, 90, 1, 4, 75, 50, 30, 125, 14, 6];

/// First year of each era. A movie's recency is computed from its era.
pub(crate) const ERAS: [u16; 10] = [1890, 1960, 1980, 1990, 1995, 2000, 2005, 2010, 2015, 2020];

/// Number of shelves. A shelf holds the movies of one cluster and one era.
pub(crate) const N_SHELVES: usize = N_CLUSTERS * ERAS.len();

/// Points (share of movies, movieId) taken from MovieLens 32M. IDs are dense up to 4,483, with wide
/// gaps after that.
const ID_CURVE: [(f64, f64); 7] = [
    (0.0, 0.0),
    (0.05, 4_483.0),
    (0.1, 26_349.0),
    (0.2, 91_673.0),
    (0.4, 146_188.0),
    (0.8, 225_561.0),
    (1.0, 292_757.0),
];

/// A movie without its text, which is composed when the files are written.
pub(crate) struct Movie {
    pub movie_id: u32,
    pub imdb_id: u32,
    /// TMDB ID; 0 if the movie doesn't have one.
    pub tmdb_id: u32,
    pub year: u16,
    pub cluster: u8,
    pub oddity: Oddity,
    /// Bit set of genres; 0 means `(no genres listed)`.
    pub genres: u32,
    /// Indices into the cluster's words, most relevant first.
    pub themes: [u8; N_THEMES],
    /// Index of the pattern that determines which values are missing from the movie's TMDB row.
    pub blanks: u8,
    /// True if the overview contains a line break.
    pub overview_breaks: bool,
    /// Popularity as the odds of being watched next; about 1 for the most popular movie.
    pub weight: f32,
    /// Quality, in stars above or below the average movie.
    pub quality: f32,
    /// The movie's vector in taste space.
    pub factors: Factors,
}

impl Movie {
    /// Returns the index of the movie's era.
    pub fn era(&self) -> usize {
        ERAS.partition_point(|first| *first <= self.year) - 1
    }
}

/// All movies, in ascending order of `movie_id`.
pub(crate) struct Movies {
    pub movies: Vec<Movie>,
    /// Tables for drawing a movie from a shelf by popularity. The shelf number is cluster · eras + era.
    pub shelves: Vec<AliasTable>,
}

impl Movies {
    /// Draws the movies. O(movies log movies).
    pub fn new(seed: u64, n_movies: u32, taxonomy: &Taxonomy, blank_odds: &[u32]) -> Self {
        let mut stream = Stream::new(seed, Topic::Movies, 0);
        // MovieLens numbers movies in the order they were added, and obscure movies were added late.
        let mut drawn: Vec<(f64, Movie)> = (0..n_movies)
            .map(|rank| {
                let movie = draw(rank, taxonomy, &mut stream);
                let obscurity = f64::from(rank) / (f64::from(rank) + 8_000.0);
                let delay = 24.0 * obscurity * stream.unit();
                let added = f64::from(movie.year.max(1995)) + stream.unit() + delay;
                (added, movie)
            })
            .collect();
        drawn.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut movies: Vec<Movie> = drawn.into_iter().map(|(_, movie)| movie).collect();
        assign_ids(&mut movies, &mut stream);
        assign_irregularities(&mut movies, seed, blank_odds);
        let mut members: Vec<Vec<(u32, f64)>> = vec![Vec::new(); N_SHELVES];
        for (index, movie) in (0..).zip(&movies) {
            let shelf = usize::from(movie.cluster) * ERAS.len() + movie.era();
            members[shelf].push((index, f64::from(movie.weight)));
        }
        let shelves = members.iter().map(|members| AliasTable::new(members)).collect();
        Self { movies, shelves }
    }
}

/// Returns the relative weight with which the movie of this popularity rank (from 0) is watched next,
/// before taste is taken into account. Follows a Zipf–Mandelbrot law that gets steeper after the head.
/// The weight does not depend on the number of movies, so a smaller catalog is the head of a larger one.
pub(crate) fn popularity(rank: u32) -> f64 {
    let rank = f64::from(rank);
    let head = power(1.0 + rank / 30.0, -0.85);
    head / (1.0 + power(rank / 1_500.0, 1.72)) + 4.5e-6
}

fn draw(rank: u32, taxonomy: &Taxonomy, stream: &mut Stream) -> Movie {
    // Blends from the weights of the head for popular movies to those of the whole catalog for obscure ones.
    let obscurity = f64::from(rank) / (f64::from(rank) + 5_000.0);
    let column = usize::from(!stream.chance(obscurity));
    let cluster = stream.weighted(&CLUSTERS.map(|cluster| cluster.share[column]));
    let spans = SPANS.map(|(first, _, movies)| {
        // Most film noirs, westerns and musicals were made before 1970.
        if CLUSTERS[cluster].classic && first >= 1970 {
            movies[column] / 12
        } else {
            movies[column]
        }
    });
    let (first, last, _) = SPANS[stream.weighted(&spans)];
    let year = first + stream.below(u32::from(last - first) + 1) as u16;

    let mut genres = 0;
    for (genre, probability) in &taxonomy.genre_odds[cluster] {
        // Popular movies have more genres.
        let probability =
            if *probability < 1.0 { probability * (1.25 - 0.5 * obscurity) } else { *probability };
        if stream.chance(probability) {
            genres |= 1 << genre;
        }
    }
    for probability in [0.42, 0.16] {
        if stream.chance(probability) {
            genres |= 1 << stream.weighted(&STRAY_GENRES);
        }
    }
    if genres == 0 {
        genres = 1 << taxonomy.genre_odds[cluster][0].0;
    }

    let mut factors = scaled(taxonomy.centers[cluster], 0.7);
    let n_words = taxonomy.words[cluster].len();
    let mut themes = [0; N_THEMES];
    for position in 0..N_THEMES {
        let theme = loop {
            let word = stream.zipf(n_words + 6) as u8;
            if usize::from(word) < n_words && !themes[..position].contains(&word) {
                break word;
            }
        };
        themes[position] = theme;
        add(&mut factors, &taxonomy.word_factors[cluster][usize::from(theme)], 0.22);
    }
    add(&mut factors, &direction(stream), 0.5);

    // Popular movies have higher quality.
    let fame = 1.0 - ln(f64::from(rank) + 2.0) / ln(90_000.0);
    let quality = -0.85 + 1.7 * fame + (0.38 + 0.05 * obscurity) * stream.normal();
    Movie {
        movie_id: 0,
        imdb_id: 0,
        tmdb_id: 0,
        year,
        cluster: cluster as u8,
        oddity: Oddity::None,
        genres,
        themes,
        blanks: 0,
        overview_breaks: false,
        weight: (popularity(rank) * exp(0.1 * stream.normal())) as f32,
        quality: quality.clamp(-2.6, 1.1) as f32,
        factors,
    }
}

/// Assigns IDs. MovieLens IDs ascend with gaps, and IMDb and TMDB IDs are distinct.
fn assign_ids(movies: &mut [Movie], stream: &mut Stream) {
    let n = movies.len() as f64;
    let scale = n / REAL_MOVIES as f64;
    let mut last = 0;
    let mut used_ids: [FxHashSet<u32>; 2] = Default::default();
    let largest_tmdb = (1_450_000.0 * scale) as u32 + 1_000;
    for (index, movie) in movies.iter_mut().enumerate() {
        let target = id_at((index as f64 + stream.unit()) / n) * scale;
        last = (target as u32).max(last + 1);
        movie.movie_id = last;
        // IMDb IDs roughly increase with the year and have had eight digits since about 2016.
        let (oldest, newest) = match movie.year {
            ..1960 => (1, 900_000),
            1960..2016 => (50_000, 6_500_000),
            _ => (1_500_000, 29_000_000),
        };
        movie.imdb_id = distinct(&mut used_ids[0], stream, oldest, newest);
        movie.tmdb_id = distinct(&mut used_ids[1], stream, 2, largest_tmdb);
    }
}

/// Interpolates [`ID_CURVE`] linearly.
fn id_at(share: f64) -> f64 {
    let upper = ID_CURVE.iter().position(|(x, _)| *x >= share).unwrap_or(ID_CURVE.len() - 1).max(1);
    let ((x0, y0), (x1, y1)) = (ID_CURVE[upper - 1], ID_CURVE[upper]);
    y0 + (share - x0) / (x1 - x0) * (y1 - y0)
}

/// Draws an ID between `first` and `last` that is not in `taken`, and adds it to `taken`.
fn distinct(taken: &mut FxHashSet<u32>, stream: &mut Stream, first: u32, last: u32) -> u32 {
    loop {
        // Low IDs are denser, because well-known movies were numbered first.
        let share = stream.unit();
        let id = first + (share * share * f64::from(last - first)) as u32;
        if taken.insert(id) {
            return id;
        }
    }
}

/// Assigns irregularities in exactly the same proportions as in MovieLens. Each occurs at least once, as
/// long as there are enough movies.
fn assign_irregularities(movies: &mut [Movie], seed: u64, blank_odds: &[u32]) {
    let mut stream = Stream::new(seed, Topic::Deck, 0);
    let n = movies.len() as u64;
    let count = |real: u64| ((real * n + REAL_MOVIES / 2) / REAL_MOVIES).max(1) as usize;

    let mut deck = shuffled(movies.len(), &mut stream).into_iter();
    for (oddity, real) in ODDITIES {
        for index in deck.by_ref().take(count(real)) {
            movies[index].oddity = oddity;
        }
    }
    let mut deck = shuffled(movies.len(), &mut stream).into_iter();
    for index in deck.by_ref().take(count(WITHOUT_TMDB)) {
        movies[index].tmdb_id = 0;
    }
    let owners: Vec<usize> = deck.collect();
    for pair in owners.chunks_exact(2).take(count(REPEATED_TMDB)) {
        movies[pair[0]].tmdb_id = movies[pair[1]].tmdb_id;
    }
    for index in shuffled(movies.len(), &mut stream).into_iter().take(count(BROKEN_OVERVIEWS)) {
        movies[index].overview_breaks = true;
    }

    // Obscure movies have more missing values, so sort by popularity plus noise.
    let mut by_popularity = |noise: f64| {
        let mut keyed: Vec<(f64, usize)> = movies
            .iter()
            .enumerate()
            .map(|(index, movie)| (-ln(f64::from(movie.weight)) + noise * stream.unit(), index))
            .collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
        keyed.into_iter().map(|(_, index)| index).collect::<Vec<usize>>()
    };
    let (for_genres, for_blanks) = (by_popularity(8.0), by_popularity(5.0));
    for index in for_genres.into_iter().rev().take(count(NO_GENRES)) {
        movies[index].genres = 0;
    }
    let total: u64 = blank_odds.iter().map(|odds| u64::from(*odds)).sum();
    let (mut row, mut below) = (0, u64::from(blank_odds[0]));
    for (position, index) in (0..).zip(for_blanks) {
        while position * total >= below * n && row + 1 < blank_odds.len() {
            row += 1;
            below += u64::from(blank_odds[row]);
        }
        movies[index].blanks = row as u8;
    }
}

/// Returns 0..n in random order (Fisher–Yates).
pub(crate) fn shuffled(n: usize, stream: &mut Stream) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    for last in (1..n).rev() {
        order.swap(last, stream.below(last as u32 + 1) as usize);
    }
    order
}
