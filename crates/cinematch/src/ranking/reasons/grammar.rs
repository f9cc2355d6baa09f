//! Words for genres and keywords.

/// Keywords and tags that name a kind of film, a style or a mood rather than a subject, in ascending order: a film is
/// not "about" film noir.
const FORMS: [&str; 135] = [
    "absurd humour",
    "adult animation",
    "anarchic comedy",
    "animal horror",
    "anime",
    "anthology",
    "anti war",
    "anti-war",
    "atmospheric",
    "b movie",
    "b-movie",
    "biography",
    "bittersweet",
    "black and white",
    "black comedy",
    "body horror",
    "british comedy",
    "buddy comedy",
    "buddy cop",
    "buddy film",
    "buddy movie",
    "cartoon",
    "character study",
    "classic noir",
    "claustrophobic",
    "claymation",
    "coming of age",
    "computer animation",
    "costume drama",
    "courtroom drama",
    "creature feature",
    "creepy",
    "cult classic",
    "cyberpunk",
    "dark",
    "dark comedy",
    "dark fantasy",
    "dark humor",
    "depressing",
    "disaster film",
    "disaster movie",
    "disney film",
    "disturbing",
    "docudrama",
    "dreamlike",
    "dystopian",
    "emotional",
    "epic",
    "fairy tale",
    "feel good",
    "film noir",
    "folk horror",
    "found footage",
    "french noir",
    "funny",
    "futuristic",
    "gangster film",
    "giallo",
    "gothic",
    "gritty",
    "gross out comedy",
    "hallucinatory",
    "heroic fantasy",
    "humorous",
    "inspirational",
    "jukebox musical",
    "legal thriller",
    "live action and animation",
    "magic realism",
    "martial arts film",
    "melodrama",
    "mockumentary",
    "monster movie",
    "multiple storylines",
    "music movie",
    "neo noir",
    "neo-noir",
    "nonlinear",
    "nonlinear story",
    "nonlinear timeline",
    "nostalgic",
    "parody",
    "period drama",
    "philosophical",
    "pixar animation",
    "pixar film",
    "political thriller",
    "post apocalyptic",
    "post-apocalyptic",
    "psychological",
    "psychological thriller",
    "quirky",
    "road movie",
    "romantic",
    "romantic comedy",
    "sad",
    "satire",
    "screwball comedy",
    "sentimental",
    "silent film",
    "slapstick",
    "slapstick comedy",
    "slasher",
    "space opera",
    "spaghetti western",
    "spoof",
    "sports film",
    "spy film",
    "spy thriller",
    "stand-up comedy",
    "steampunk",
    "stop motion",
    "stylized",
    "supernatural",
    "supernatural horror",
    "surreal",
    "surrealism",
    "survival horror",
    "suspenseful",
    "swashbuckler",
    "sword and sorcery",
    "tech noir",
    "teen comedy",
    "teen movie",
    "tense",
    "thought-provoking",
    "touching",
    "tragicomedy",
    "twist ending",
    "urban gothic",
    "weird",
    "whimsical",
    "whodunit",
    "wisecrack humor",
    "witty",
];

/// Keywords that name where a film is set, in ascending order.
const PLACES: [&str; 44] = [
    "berlin",
    "boston",
    "chicago",
    "colorado",
    "detroit",
    "england",
    "europe",
    "florida",
    "france",
    "germany",
    "hollywood",
    "hong kong",
    "india",
    "ireland",
    "italy",
    "jamaica",
    "japan",
    "las vegas",
    "london",
    "los angeles",
    "madagascar",
    "madrid",
    "malibu",
    "manhattan",
    "mexico",
    "moscow",
    "new orleans",
    "new york",
    "new york city",
    "northern england",
    "paris",
    "philadelphia",
    "poland",
    "rome",
    "russia",
    "san francisco",
    "scotland",
    "spain",
    "tennessee",
    "texas",
    "tokyo",
    "venice",
    "vienna",
    "washington, d.c.",
];

/// Genres as they modify a noun and as a noun. A genre without a noun is a "… film".
const GENRES: [(&str, Option<&str>, Option<&str>); 15] = [
    ("adventure", Some("adventure"), None),
    ("animation", Some("animated"), None),
    ("children", Some("children's"), None),
    ("comedy", None, Some("comedy")),
    ("documentary", None, Some("documentary")),
    ("drama", None, Some("drama")),
    ("family", Some("family"), None),
    ("film-noir", None, Some("film noir")),
    ("history", Some("historical"), None),
    ("musical", None, Some("musical")),
    ("romance", Some("romantic"), Some("romance")),
    ("science fiction", Some("sci-fi"), None),
    ("sci-fi", Some("sci-fi"), None),
    ("thriller", None, Some("thriller")),
    ("western", None, Some("western")),
];

/// Returns the singular of a keyword that names a kind of film or a style, or `None` for others.
pub(super) fn form(name: &str) -> Option<&'static str> {
    let lowercase = name.to_lowercase();
    let of_y = lowercase.strip_suffix("ies").map(|stem| format!("{stem}y"));
    let of_s = lowercase.strip_suffix('s').map(str::to_owned);
    let mut singulars = [Some(lowercase), of_y, of_s].into_iter().flatten();
    singulars.find_map(|name| FORMS.binary_search(&name.as_str()).ok()).map(|at| FORMS[at])
}

/// Returns true if the keyword names where a film is set.
pub(super) fn is_place(name: &str) -> bool {
    PLACES.binary_search(&name.to_lowercase().as_str()).is_ok()
}

/// Returns a noun phrase for a film of `genre`, and of `second` too if the two combine: "crime film", "drama",
/// "romantic comedy", "sci-fi horror film".
pub(super) fn film_of_genres(genre: &str, second: Option<&str>) -> String {
    let (modifier, noun) = forms_of(genre);
    let (second_modifier, second_noun) = second.map_or((None, None), forms_of);
    match (modifier, noun, second_modifier, second_noun) {
        (Some(modifier), _, _, Some(noun)) | (_, Some(noun), Some(modifier), _) => {
            format!("{modifier} {noun}")
        }
        (_, Some(noun), ..) => noun.to_owned(),
        (Some(first), None, Some(second), None) => format!("{first} {second} film"),
        (modifier, None, ..) => format!("{} film", modifier.unwrap_or(genre)),
    }
}

/// Returns the genre as a modifier and as a noun.
fn forms_of(genre: &str) -> (Option<&str>, Option<&str>) {
    match GENRES.iter().find(|(name, ..)| *name == genre) {
        Some((_, modifier, noun)) => (*modifier, *noun),
        None => (Some(genre), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combines_genres_to_noun_phrases() {
        for (genre, second, expected) in [
            ("crime", None, "crime film"),
            ("drama", None, "drama"),
            ("drama", Some("comedy"), "drama"),
            ("comedy", Some("romance"), "romantic comedy"),
            ("romance", Some("comedy"), "romantic comedy"),
            ("romance", Some("sci-fi"), "sci-fi romance"),
            ("thriller", Some("crime"), "crime thriller"),
            ("sci-fi", Some("horror"), "sci-fi horror film"),
            ("animation", Some("children"), "animated children's film"),
        ] {
            assert_eq!(film_of_genres(genre, second), expected);
        }
    }

    #[test]
    fn tells_forms_and_places_from_subjects() {
        assert!(FORMS.is_sorted() && PLACES.is_sorted());
        assert_eq!(form("Spaghetti Westerns"), Some("spaghetti western"));
        assert_eq!(form("romantic comedies"), Some("romantic comedy"));
        assert_eq!(form("samurai"), None);
        assert!(is_place("New York") && !is_place("space"));
    }
}
