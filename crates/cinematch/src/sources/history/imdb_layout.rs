//! Recognizes IMDb's columns and title types in all generations and languages of its exports.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::importer::CsvFile;
use super::values::imdb_number;

/// Columns of ratings since 2024. Those before lack the `Original Title`.
const RATINGS: [&str; 14] = [
    "Const",
    "Your Rating",
    "Date Rated",
    "Title",
    "Original Title",
    "URL",
    "Title Type",
    "IMDb Rating",
    "Runtime (mins)",
    "Year",
    "Genres",
    "Num Votes",
    "Release Date",
    "Directors",
];
/// Columns of watchlists and lists since 2024. Those from 2018 to 2023 lack the `Original Title`.
const LIST: [&str; 18] = [
    "Position",
    "Const",
    "Created",
    "Modified",
    "Description",
    "Title",
    "Original Title",
    "URL",
    "Title Type",
    "IMDb Rating",
    "Runtime (mins)",
    "Year",
    "Genres",
    "Num Votes",
    "Release Date",
    "Directors",
    "Your Rating",
    "Date Rated",
];
/// Columns of all exports until 2017.
const UNTIL_2017: [&str; 16] = [
    "Position",
    "Const",
    "Created",
    "Modified",
    "Description",
    "Title",
    "Title Type",
    "Directors",
    "Your Rating",
    "IMDb Rating",
    "Runtime (mins)",
    "Year",
    "Genres",
    "Num Votes",
    "Release Date",
    "URL",
];

/// Returns the current English names of the columns of an IMDb export; `None` if the file isn't one.
///
/// Columns with other names are recognized by their number and the values of the first row: an ID such as
/// `tt0113277` and the address of the title's page.
pub(super) fn columns(file: &CsvFile<'_>) -> Option<Vec<String>> {
    if file.has("Const") && (file.has("Title") || file.has("Your Rating")) {
        let current = |name: &String| match name.to_ascii_lowercase().as_str() {
            "you rated" => "Your Rating".to_owned(),
            _ => name.clone(),
        };
        return Some(file.columns.iter().map(current).collect());
    }
    let row = first_row(file.bytes)?;
    if row.len() != file.columns.len() {
        return None;
    }
    let layouts: [(Vec<&str>, usize); 5] = [
        (RATINGS.to_vec(), 0),
        (without_original_title(&RATINGS), 0),
        (LIST.to_vec(), 1),
        (without_original_title(&LIST), 1),
        (UNTIL_2017.to_vec(), 1),
    ];
    let fits = |(names, id): &&(Vec<&str>, usize)| {
        let is_url = |(name, value): (&&str, &String)| {
            *name == "URL" && value.contains("imdb.com/") && value.contains("/title/")
        };
        names.len() == row.len()
            && row[*id].starts_with("tt")
            && imdb_number(&row[*id]).is_some()
            && names.iter().zip(&row).any(is_url)
    };
    let (names, _) = layouts.iter().find(fits)?;
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

fn without_original_title(names: &[&'static str]) -> Vec<&'static str> {
    names.iter().copied().filter(|name| *name != "Original Title").collect()
}

/// Returns the values of the first row after the header.
fn first_row(bytes: &[u8]) -> Option<Vec<String>> {
    /// Maximum length of the row in bytes.
    const MAX_BYTES: usize = 16 << 10;
    let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let line = lines.nth(1).filter(|line| line.len() <= MAX_BYTES)?;
    let text = String::from_utf8_lossy(line);
    let (mut values, mut is_quoted) = (vec![String::new()], false);
    for character in text.trim_end().chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => values.push(String::new()),
            other => values.last_mut()?.push(other),
        }
    }
    Some(values)
}

/// The kind of work that a title type stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TitleType {
    /// A movie of any kind: feature, short, TV movie, special or video.
    Movie,
    /// A series, an episode, a game, a podcast or a music video.
    Other,
    /// Unknown, such as a type in a language that IMDb did not use before.
    Unknown,
}

/// Parts of words in titles types that aren't movies, without accents: English, German, French, Italian, Spanish,
/// Portuguese, Dutch, Polish, Turkish, Swedish, Russian and Hindi.
const OTHER: [&str; 42] = [
    "seri",
    "serial",
    "episod",
    "folge",
    "aflevering",
    "odcinek",
    "avsnitt",
    "afsnit",
    "bolum",
    "dizi",
    "сериал",
    "эпизод",
    "सीरीज",
    "सीरियल",
    "शृंखला",
    "श्रृंखला",
    "धारावाहिक",
    "एपिसोड",
    "कड़ी",
    "game",
    "spiel",
    "jeu",
    "juego",
    "gioco",
    "jogo",
    "spel",
    "oyun",
    "игра",
    "गेम",
    "खेल",
    "podcast",
    "подкаст",
    "पॉडकास्ट",
    "music",
    "musik",
    "musiq",
    "muzik",
    "muzyczn",
    "clip",
    "клип",
    "संगीत",
    "म्यूज़िक",
];

/// Parts of words in title types of movies, without accents, in the same languages.
const MOVIE: [&str; 27] = [
    "movie",
    "film",
    "feature",
    "pelicula",
    "short",
    "kurz",
    "corto",
    "cortometra",
    "court",
    "curta",
    "krotk",
    "kortfilm",
    "video",
    "special",
    "especial",
    "speciale",
    "spezial",
    "telefilm",
    "telefilme",
    "documentar",
    "dokument",
    "фильм",
    "видео",
    "फिल्म",
    "फ़िल्म",
    "मूवी",
    "वीडियो",
];

/// Classifies the title type `name` of an export in any language. Movies and other items share words, such as
/// “video” in “video game”, so that the words of other items take precedence.
pub(super) fn title_type(name: &str) -> TitleType {
    let name = folded(name);
    let has_any = |words: &[&str]| words.iter().any(|word| name.contains(&folded(word)));
    if has_any(&OTHER) {
        TitleType::Other
    } else if name.is_empty() || has_any(&MOVIE) {
        TitleType::Movie
    } else {
        TitleType::Unknown
    }
}

/// Returns `text` in lowercase, without accents.
fn folded(text: &str) -> String {
    let base = text.trim().nfkd().filter(|character| !is_combining_mark(*character));
    base.flat_map(char::to_lowercase)
        .map(|character| if character == 'ı' { 'i' } else { character })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types of items that are not movies, in English, German, French, Italian, Spanish, Portuguese, Hindi and more.
    const OTHER_TYPES: &str = "tvSeries, TV Series, TV Mini Series, tvMiniSeries, TV Episode, tvEpisode, Video Game, \
        videoGame, Podcast Series, Podcast Episode, Music Video, musicVideo, Mini-Series, \
        Fernsehserie, TV-Serie, Miniserie, TV-Miniserie, Fernsehepisode, TV-Folge, Videospiel, \
        Musikvideo, Podcast-Folge, Série télévisée, Mini-série télévisée, Épisode télévisé, \
        Jeu vidéo, Clip musical, Vidéo musicale, Série de podcasts, Serie TV, Miniserie TV, \
        Episodio TV, Videogioco, Video musicale, Serie podcast, Serie de TV, \
        Miniserie de televisión, Episodio de TV, Videojuego, Vídeo musical, Série de TV, \
        Minissérie de TV, Episódio de TV, Videogame, Jogo de videogame, Videoclipe, टीवी सीरीज़, \
        टीवी मिनी सीरीज़, टीवी एपिसोड, वीडियो गेम, संगीत वीडियो, पॉडकास्ट सीरीज़, TV-aflevering, \
        Odcinek serialu, TV dizisi";
    /// Types of movies, in the same languages.
    const MOVIE_TYPES: &str = "Movie, movie, Feature Film, tvMovie, TV Movie, TV Special, TV Short, Short, Video, \
        Documentary, Film, Fernsehfilm, Kurzfilm, Téléfilm, Court-métrage, Vidéo, Film TV, \
        Cortometraggio, Speciale TV, Película, Película de TV, Cortometraje, Filme, \
        Filme para TV, Curta-metragem, Especial de TV, फ़िल्म, टीवी मूवी, वीडियो";

    #[test]
    fn title_types_are_classified_in_every_language_of_imdb() {
        for name in OTHER_TYPES.split(", ") {
            assert_eq!(title_type(name), TitleType::Other, "{name}");
        }
        for name in MOVIE_TYPES.split(", ").chain([""]) {
            assert_eq!(title_type(name), TitleType::Movie, "{name}");
        }
        assert_eq!(title_type("シリーズ"), TitleType::Unknown);
    }
}
