//! Names people type for a closed list (genres, services): matched without regard to case,
//! punctuation and well-known synonyms, and answered with near ones where nothing matches.

/// Synonyms of MovieLens genres: what people and TMDb say → the folded name here.
const GENRE_SYNONYMS: &[(&str, &str)] = &[
    ("science fiction", "sci fi"),
    ("scifi", "sci fi"),
    ("sf", "sci fi"),
    ("family", "children"),
    ("kids", "children"),
    ("childrens", "children"),
    ("animated", "animation"),
    ("cartoon", "animation"),
    ("noir", "film noir"),
    ("music", "musical"),
    ("romantic", "romance"),
    ("romcom", "romance"),
    ("suspense", "thriller"),
    ("documentaries", "documentary"),
];

/// Synonyms of streaming services: what people say → the folded name here.
const SERVICE_SYNONYMS: &[(&str, &str)] = &[
    ("amazon prime", "prime video"),
    ("amazon prime video", "prime video"),
    ("prime", "prime video"),
    ("disney", "disney+"),
    ("disney plus", "disney+"),
    ("hbo max", "max"),
    ("hbo", "max"),
    ("apple tv", "apple tv+"),
    ("apple tv plus", "apple tv+"),
    ("paramount", "paramount+"),
    ("paramount plus", "paramount+"),
    ("criterion", "criterion channel"),
];

/// A closed list of names and the ways people write them.
#[derive(Clone, Debug)]
pub struct NameList {
    names: Vec<String>,
    folded: Vec<String>,
    synonyms: &'static [(&'static str, &'static str)],
}

impl NameList {
    /// A list of genres.
    pub fn genres(names: Vec<String>) -> Self {
        Self::new(names, GENRE_SYNONYMS)
    }

    /// A list of streaming services.
    pub fn services(names: Vec<String>) -> Self {
        Self::new(names, SERVICE_SYNONYMS)
    }

    /// A list of language codes.
    pub fn languages(names: Vec<String>) -> Self {
        Self::new(names, &[])
    }

    /// Of names that mean the same, the first stands for all.
    fn new(names: Vec<String>, synonyms: &'static [(&'static str, &'static str)]) -> Self {
        let folded = names.iter().map(|name| fold(name)).collect();
        let all = Self { names, folded, synonyms };
        let first = |(at, name): &(usize, &String)| all.find(name) == Some(*at);
        let names: Vec<String> =
            all.names.iter().enumerate().filter(first).map(|(_, name)| name.clone()).collect();
        let folded = names.iter().map(|name| fold(name)).collect();
        Self { names, folded, synonyms }
    }

    /// The names, in their order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The position of the name a person meant.
    pub fn find(&self, typed: &str) -> Option<usize> {
        let wanted = fold(typed);
        let position = |wanted: &str| self.folded.iter().position(|name| name == wanted);
        let synonym = self.synonyms.iter().find(|(synonym, _)| *synonym == wanted);
        synonym.and_then(|(_, name)| position(name)).or_else(|| position(&wanted))
    }

    /// Up to three names like what was typed, the nearest first.
    pub fn near(&self, typed: &str) -> Vec<&str> {
        let wanted = fold(typed);
        let mut scored: Vec<(f64, &str)> = self
            .names
            .iter()
            .zip(&self.folded)
            .map(|(name, folded)| (strsim::jaro_winkler(&wanted, folded), name.as_str()))
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        let near = scored.iter().take_while(|(likeness, _)| *likeness > 0.7).count().min(3);
        scored.into_iter().take(near).map(|(_, name)| name).collect()
    }
}

/// Lower case, `-`, `_` and spaces as one space, apostrophes gone.
fn fold(name: &str) -> String {
    let spaced: String = name
        .to_lowercase()
        .chars()
        .filter(|character| !matches!(character, '\'' | '’' | '.'))
        .map(|character| if matches!(character, '-' | '_') { ' ' } else { character })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_punctuation_and_synonyms_do_not_matter() {
        let genres = NameList::genres(["drama", "sci-fi", "children"].map(String::from).into());
        for typed in ["Sci-Fi", "sci fi", "SCIENCE FICTION", " science-fiction "] {
            assert_eq!(genres.find(typed), Some(1), "{typed}");
        }
        assert_eq!(genres.find("Family"), Some(2));
        assert_eq!(genres.find("noir"), None);
        assert_eq!(genres.near("dramma")[0], "drama");
        let services = NameList::services(["Prime Video", "Disney+"].map(String::from).into());
        assert_eq!(services.find("amazon_prime"), Some(0));
        assert_eq!(services.find("disney plus"), Some(1));
    }

    #[test]
    fn spellings_of_one_name_are_one_name() {
        let names = ["sci fi", "sci-fi", "science fiction", "war"].map(str::to_owned);
        let genres = NameList::genres(names.clone().into());
        assert_eq!(genres.names(), ["sci fi", "war"]);
        assert_eq!(names.map(|name| genres.find(&name)), [Some(0), Some(0), Some(0), Some(1)]);
    }
}
