//! Matches names typed by users to a closed list (genres, services, languages). Ignores case and
//! punctuation, accepts well-known synonyms, and suggests similar names if nothing matches.

/// Synonyms for MovieLens genres, including TMDB's genre names: folded synonym → folded name.
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

/// Synonyms for streaming services: folded synonym → folded name.
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

/// A closed list of names and their synonyms.
#[derive(Clone, Debug)]
pub struct NameList {
    names: Vec<String>,
    folded: Vec<String>,
    synonyms: &'static [(&'static str, &'static str)],
}

impl NameList {
    /// Creates a list of genres.
    pub fn genres(names: Vec<String>) -> Self {
        Self::new(names, GENRE_SYNONYMS)
    }

    /// Creates a list of streaming services.
    pub fn services(names: Vec<String>) -> Self {
        Self::new(names, SERVICE_SYNONYMS)
    }

    /// Creates a list of language codes.
    pub(crate) fn languages(names: Vec<String>) -> Self {
        Self::new(names, &[])
    }

    /// Creates a list. If several names are equivalent, only the first is included.
    fn new(names: Vec<String>, synonyms: &'static [(&'static str, &'static str)]) -> Self {
        let folded = names.iter().map(|name| fold(name)).collect();
        let unmerged = Self { names, folded, synonyms };
        let is_first = |(index, name): &(usize, &String)| unmerged.find(name) == Some(*index);
        let names: Vec<String> = unmerged
            .names
            .iter()
            .enumerate()
            .filter(is_first)
            .map(|(_, name)| name.clone())
            .collect();
        let folded = names.iter().map(|name| fold(name)).collect();
        Self { names, folded, synonyms }
    }

    /// Returns the names in their original order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the index of the name that matches `typed` or has it as a synonym.
    pub fn find(&self, typed: &str) -> Option<usize> {
        let folded_name = fold(typed);
        let position = |folded_name: &str| self.folded.iter().position(|name| name == folded_name);
        let synonym = self.synonyms.iter().find(|(synonym, _)| *synonym == folded_name);
        synonym.and_then(|(_, name)| position(name)).or_else(|| position(&folded_name))
    }

    /// Returns `typed` as spelled in the list, or unchanged if the list does not contain it.
    pub fn canonical<'a>(&'a self, typed: &'a str) -> &'a str {
        self.find(typed).map_or(typed, |index| self.names[index].as_str())
    }

    /// Returns up to three names whose Jaro–Winkler similarity to `typed` exceeds 0.7, most similar
    /// first.
    pub(crate) fn similar(&self, typed: &str) -> Vec<&str> {
        let folded_name = fold(typed);
        let mut scored: Vec<(f64, &str)> = self
            .names
            .iter()
            .zip(&self.folded)
            .map(|(name, folded)| (strsim::jaro_winkler(&folded_name, folded), name.as_str()))
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        let n_similar =
            scored.iter().take_while(|(similarity, _)| *similarity > 0.7).count().min(3);
        scored.into_iter().take(n_similar).map(|(_, name)| name).collect()
    }
}

/// Lowercases `name`, replaces each run of `-`, `_` and whitespace with a single space, and removes
/// apostrophes and periods.
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
    fn find_ignores_case_and_punctuation_and_resolves_synonyms() {
        let genres = NameList::genres(["drama", "sci-fi", "children"].map(String::from).into());
        for typed in ["Sci-Fi", "sci fi", "SCIENCE FICTION", " science-fiction "] {
            assert_eq!(genres.find(typed), Some(1), "{typed}");
        }
        assert_eq!(genres.find("Family"), Some(2));
        assert_eq!(genres.find("noir"), None);
        assert_eq!(genres.similar("dramma")[0], "drama");
        let services = NameList::services(["Prime Video", "Disney+"].map(String::from).into());
        assert_eq!(services.find("amazon_prime"), Some(0));
        assert_eq!(services.find("disney plus"), Some(1));
    }

    #[test]
    fn equivalent_spellings_are_merged_into_the_first() {
        let names = ["sci fi", "sci-fi", "science fiction", "war"].map(str::to_owned);
        let genres = NameList::genres(names.clone().into());
        assert_eq!(genres.names(), ["sci fi", "war"]);
        assert_eq!(names.map(|name| genres.find(&name)), [Some(0), Some(0), Some(0), Some(1)]);
    }
}
