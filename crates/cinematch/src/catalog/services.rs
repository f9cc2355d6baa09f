//! Mock streaming services for demonstrations with no provider data.

use crate::ids::MovieId;

/// Services used in mock data, most common first.
pub(crate) const MOCK_SERVICES: &[&str] =
    &["Netflix", "Prime Video", "Disney+", "Max", "Hulu", "Apple TV+", "Paramount+", "MUBI"];

/// Assigns mock streaming services to movies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MockServices {
    /// Random seed. A given seed assigns a movie the same services in every catalog.
    pub seed: u64,
    /// Fraction of movies that are on one or two additional services, 0 to 1.
    pub sample_fraction: f64,
}

impl MockServices {
    /// Returns the services for `movie_id`, in the order of [`MOCK_SERVICES`]. The result depends only on
    /// the seed and the ID, not on the rest of the catalog.
    pub(crate) fn assign(&self, movie_id: MovieId) -> Vec<String> {
        let mut draw = SplitMix(self.seed ^ (u64::from(movie_id.0) << 32 | u64::from(movie_id.0)));
        let mut picked = vec![weighted_service(draw.unit())];
        if draw.unit() < self.sample_fraction {
            let extra = if draw.unit() < 0.5 { 1 } else { 2 };
            while picked.len() <= extra {
                let service = weighted_service(draw.unit());
                if !picked.contains(&service) {
                    picked.push(service);
                }
            }
        }
        picked.sort_unstable();
        picked.into_iter().map(|service| MOCK_SERVICES[service].to_owned()).collect()
    }
}

/// Maps a number in [0, 1) to an index into [`MOCK_SERVICES`], favoring low indices: `floor(n * unit²)`.
fn weighted_service(unit: f64) -> usize {
    ((unit * unit * MOCK_SERVICES.len() as f64) as usize).min(MOCK_SERVICES.len() - 1)
}

/// `SplitMix64` generator (Steele, Lea and Flood, 2014).
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_deterministic_and_extras_match_the_sample_fraction() {
        let mock = MockServices { seed: 42, sample_fraction: 0.3 };
        assert_eq!(mock.assign(MovieId(1)), mock.assign(MovieId(1)));
        let with_extra =
            (0..20_000).filter(|id| mock.assign(MovieId(*id)).len() > 1).count() as f64 / 20_000.0;
        assert!((0.29..0.31).contains(&with_extra), "{with_extra}");
        assert!((0..500).all(|id| {
            let services = mock.assign(MovieId(id));
            let mut unique = services.clone();
            unique.dedup();
            unique.len() == services.len() && services.len() <= 3
        }));
        let none = MockServices { seed: 42, sample_fraction: 0.0 };
        assert!((0..500).all(|id| none.assign(MovieId(id)).len() == 1));
        let other_seed = MockServices { seed: 43, sample_fraction: 0.3 };
        assert!((0..500).any(|id| mock.assign(MovieId(id)) != other_seed.assign(MovieId(id))));
    }
}
