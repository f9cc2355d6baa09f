//! Minimum ages of movies, from the certificates of film classification boards.
//!
//! The certificates and their meanings are those of
//! [TMDB's list](https://developer.themoviedb.org/reference/certification-movie-list).

use super::Movie;

/// Minimum age of movies that are suitable with parental guidance. The boards leave the age to the parents, except that
/// the [BBFC](https://www.bbfc.co.uk/rating/pg) names about eight.
const PARENTAL_GUIDANCE: u8 = 8;
/// Minimum age of children's movies without a certificate.
const CHILDRENS_MOVIE: u8 = 6;
/// Minimum age of movies that TMDB marks as adult.
const ADULT: u8 = 18;
/// Highest minimum age of any board (R21 in Singapore).
const MAX_AGE: u8 = 21;
/// Country whose certificate is used if the user's country has none, since its board has rated the most movies.
const FALLBACK_COUNTRY: &str = "US";
/// Genres of movies for children, and genres that contradict them.
const CHILDRENS_GENRES: [&str; 2] = ["children", "family"];
const OTHER_GENRES: [&str; 5] = ["adult", "crime", "horror", "thriller", "war"];

impl Movie {
    /// Returns the minimum age by the certificate in `country` (ISO 3166-1), or else in the United States, or else by
    /// the strictest known certificate. Movies without any certificate have one only if their genres are those of
    /// children's movies. Movies that TMDB marks as adult are for adults whatever their certificates.
    pub fn minimum_age(&self, country: Option<&str>) -> Option<u8> {
        if self.is_adult {
            return Some(ADULT);
        }
        let in_country = |country| {
            let ages = self.certified_ages().filter(|(other, _)| *other == country);
            ages.map(|(_, age)| age).next()
        };
        let strictest = || self.certified_ages().map(|(_, age)| age).max();
        let certified = country.and_then(in_country).or_else(|| in_country(FALLBACK_COUNTRY));
        certified
            .or_else(strictest)
            .or_else(|| self.is_childrens_movie().then_some(CHILDRENS_MOVIE))
    }

    /// Returns the countries whose certificates name a minimum age, and the ages.
    pub(crate) fn certified_ages(&self) -> impl Iterator<Item = (&str, u8)> {
        let certificates =
            self.certifications.iter().filter_map(|certificate| certificate.split_once(':'));
        certificates.filter_map(|(country, name)| Some((country, certified_age(country, name)?)))
    }

    /// Returns true if the genres are those of a children's movie.
    fn is_childrens_movie(&self) -> bool {
        let has = |names: &[&str]| self.genres.iter().any(|genre| names.contains(&&**genre));
        has(&CHILDRENS_GENRES) && !has(&OTHER_GENRES)
    }
}

/// Returns the minimum age that a certificate of a country names, such as 13 for `PG-13`. `None` if the certificate is
/// unknown, or says that the movie is not rated.
fn certified_age(country: &str, certificate: &str) -> Option<u8> {
    match (country, certificate.to_uppercase().as_str()) {
        ("AU" | "CA" | "IE" | "JP" | "NZ" | "PH" | "SG" | "US", "G")
        | ("FR" | "GB" | "IN" | "MY", "U")
        | ("BG" | "DK" | "ES" | "MX" | "NO", "A")
        | ("ES" | "FR", "TP")
        | ("AR", "ATP")
        | ("BE", "KT/EA")
        | ("BG", "B")
        | ("BR", "L")
        | ("ES", "APTA")
        | ("FI", "S")
        | ("HU", "KN")
        | ("IT", "T")
        | ("KR", "ALL")
        | ("LT", "V")
        | ("MX", "AA")
        | ("NL", "AL")
        | ("PT", "PÚBLICOS")
        | ("SE", "BTL")
        | ("US", "TV-G" | "TV-Y") => Some(0),
        ("AU" | "CA" | "GB" | "IE" | "NZ" | "SG" | "US", "PG") | ("US", "TV-PG") => {
            Some(PARENTAL_GUIDANCE)
        }
        ("BG", "C") | ("IN", "UA" | "U/A") | ("MX", "B") => Some(12),
        ("PH", "PG") => Some(13),
        ("AU", "M") => Some(15),
        ("BE", "KNT/ENA") | ("BG", "D") | ("NZ", "M") => Some(16),
        ("US", "R" | "TV-MA") => Some(17),
        ("AU", "RC")
        | ("BG" | "ES" | "HU" | "PH", "X")
        | ("CA", "A" | "R")
        | ("FI", "KK")
        | ("IN", "A")
        | ("MX", "C" | "D")
        | ("NZ", "R")
        | ("PT", "P")
        | ("US", "NC-17") => Some(18),
        _ => numeric_age(certificate),
    }
}

/// Returns the first number in a certificate such as `12A`, `VM14` or `M/16`.
fn numeric_age(certificate: &str) -> Option<u8> {
    let digits = certificate.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    let end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok().filter(|age| *age <= MAX_AGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::movie;

    #[test]
    fn certificates_name_minimum_ages() {
        for (country, certificates) in [
            ("US", "G=0 PG=8 PG-13=13 R=17 NC-17=18 NR=? TV-Y7=7 TV-14=14 TV-MA=17"),
            ("GB", "U=0 PG=8 12A=12 12=12 15=15 18=18 R18=18"),
            ("DE", "0=0 6=6 12=12 16=16 18=18"),
            ("FR", "U=0 TP=0 10=10 12=12 16=16 18=18"),
            ("NL", "AL=0 6=6 9=9 12=12 16=16"),
            ("SE", "Btl=0 7=7 11=11 15=15"),
            ("AU", "E=? G=0 PG=8 M=15 MA15+=15 R18+=18"),
            ("CA", "G=0 PG=8 14A=14 18A=18 A=18 13+=13"),
            ("BR", "L=0 10=10 12=12 14=14 16=16 18=18"),
            ("JP", "G=0 PG12=12 R15+=15 R18+=18"),
            ("IT", "T=0 VM14=14 VM18=18"),
            ("FI", "S=0 K-7=7 K-18=18"),
            ("PT", "Públicos=0 M/3=3 M/16=16"),
            ("IN", "U=0 UA=12 A=18"),
            ("NO", "A=0 6=6 9=9 15=15"),
            ("XX", "G=? PG=? A=? 12=12 1999=? x=? Ä=? =?"),
        ] {
            for certificate in certificates.split(' ') {
                let (name, age) = certificate.split_once('=').unwrap();
                assert_eq!(certified_age(country, name), age.parse().ok(), "{country} {name}");
            }
        }
    }

    fn check(genres: &[&str], certifications: &[&str], country: Option<&str>, age: Option<u8>) {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let (genres, certifications) = (owned(genres), owned(certifications));
        let movie = Movie { genres, certifications, ..movie(1, "Film") };
        assert_eq!(movie.minimum_age(country), age, "{movie:?}");
        let adult = Movie { is_adult: true, ..movie };
        assert_eq!(adult.minimum_age(country), Some(18));
    }

    #[test]
    fn the_users_country_decides_then_the_united_states_then_the_strictest_certificate() {
        let certificates = ["DE:6", "FR:U", "GB:12A", "US:PG"];
        check(&[], &certificates, Some("DE"), Some(6));
        check(&[], &certificates, Some("AT"), Some(8));
        check(&[], &certificates, None, Some(8));
        check(&[], &["DE:6", "GB:12A", "US:NR"], Some("FR"), Some(12));
        check(&["children"], &["DE:16"], None, Some(16));
    }

    #[test]
    fn genres_decide_only_without_certificates() {
        check(&["animation", "children"], &[], Some("DE"), Some(6));
        check(&["family"], &["US:NR"], None, Some(6));
        check(&["children", "thriller"], &[], None, None);
        check(&["animation"], &[], None, None);
        check(&[], &[], None, None);
    }
}
