//! Random numbers from the `ChaCha8` key stream, and bit-exact arithmetic.
//!
//! The standard library's `ln` and `exp` may differ in the last digit between platforms, which is enough
//! to change one draw in a million. The functions below use only `+ − × ÷ √`, whose results are exactly
//! specified by IEEE 754.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Purpose of a stream. Streams for different topics are independent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Topic {
    Space = 1,
    Movies,
    Deck,
    Title,
    Person,
    Directors,
    Metadata,
    Activity,
    User,
    Tagging,
    Tags,
}

/// An independent sequence of random numbers.
pub(crate) struct Stream(ChaCha8Rng);

impl Stream {
    /// Returns the `item`-th stream for `topic`. O(1).
    pub fn new(seed: u64, topic: Topic, item: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8] = topic as u8;
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(item);
        Self(generator)
    }

    /// Returns 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Returns a uniform number in [0, 1) with 53 bits of precision.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Returns a uniform number in [0, 1) with 24 bits of precision, for inner loops.
    pub fn short_unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 * (1.0 / (1_u32 << 24) as f32)
    }

    /// Returns a uniform number in 0..`bound`, or 0 if `bound` is 0. The bias is at most `bound` / 2³²,
    /// which is negligible here.
    pub fn below(&mut self, bound: u32) -> u32 {
        scale(self.0.next_u32(), bound)
    }

    /// Returns true with the given probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Returns one of `items`, chosen uniformly.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u32) as usize]
    }

    /// Returns an index, chosen with a probability proportional to its weight.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut rest = self.below(weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            if rest < *weight {
                return index;
            }
            rest -= weight;
        }
        weights.len() - 1
    }

    /// Returns a rank in 0..`count` that roughly follows Zipf's law: P(k) ∝ 1 / (k + 1).
    pub fn zipf(&mut self, count: usize) -> usize {
        let rank = exp(self.unit() * ln(count as f64 + 1.0)) - 1.0;
        (rank as usize).min(count - 1)
    }

    /// Returns a standard normal number (Marsaglia polar method).
    pub fn normal(&mut self) -> f64 {
        loop {
            let (x, y) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return x * (-2.0 * ln(square) / square).sqrt();
            }
        }
    }

    /// Returns a number within ±3.5 that is approximately standard normal: the sum of four 16-bit uniform
    /// numbers (Irwin–Hall).
    pub fn approximate_normal(&mut self) -> f32 {
        const DEVIATION: f32 = 37_837.23;
        let bits = self.bits();
        let sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
        (sum as f32 - 131_070.0) / DEVIATION
    }
}

/// Maps 32 random bits to 0..`bound` (Lemire 2019, without rejection).
pub(crate) fn scale(bits: u32, bound: u32) -> u32 {
    ((u64::from(bits) * u64::from(bound)) >> 32) as u32
}

/// Computes eˣ to about 15 digits, as 2ᵏ times a Taylor series on ±½ ln 2.
pub(crate) fn exp(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    let k = (x / std::f64::consts::LN_2).round();
    let rest = x - k * std::f64::consts::LN_2;
    let series = (1..=13).rev().fold(1.0, |sum, n| 1.0 + sum * rest / f64::from(n));
    series * f64::from_bits(((k + 1023.0) as u64) << 52)
}

/// Computes the natural logarithm of a positive normal number to about 15 digits, using ln m = 2
/// artanh((m − 1) / (m + 1)) for the mantissa m.
pub(crate) fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut exponent = (bits >> 52 & 0x7ff) as f64 - 1023.0;
    let mut mantissa = f64::from_bits(bits & 0x000f_ffff_ffff_ffff | 0x3ff0_0000_0000_0000);
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa /= 2.0;
        exponent += 1.0;
    }
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let square = ratio * ratio;
    let series = (0..=10).rev().fold(0.0, |sum, n| 1.0 / f64::from(2 * n + 1) + sum * square);
    exponent * std::f64::consts::LN_2 + 2.0 * ratio * series
}

/// Computes xʸ for positive x.
pub(crate) fn power(x: f64, y: f64) -> f64 {
    exp(y * ln(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_ln_and_power_agree_with_the_standard_library() {
        for step in -400..400 {
            let x = f64::from(step) * 0.37;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-13, "exp {x}");
            let y = exp(x / 4.0);
            assert!((ln(y) - y.ln()).abs() < 1e-12, "ln {y}");
        }
        assert!((power(2.0, 10.0) - 1024.0).abs() < 1e-9);
    }

    #[test]
    fn streams_are_independent_and_repeatable() {
        let first = |seed, topic, item| Stream::new(seed, topic, item).bits();
        assert_eq!(first(1, Topic::Movies, 0), first(1, Topic::Movies, 0));
        assert_ne!(first(1, Topic::Movies, 0), first(2, Topic::Movies, 0));
        assert_ne!(first(1, Topic::Movies, 0), first(1, Topic::Movies, 1));
        assert_ne!(first(1, Topic::Movies, 0), first(1, Topic::Title, 0));
    }

    #[test]
    fn distributions_have_the_expected_moments() {
        let mut stream = Stream::new(7, Topic::Deck, 0);
        let n = 20_000;
        let mut moments = [0.0; 6];
        for _ in 0..n {
            let (normal, bell, unit) =
                (stream.normal(), f64::from(stream.approximate_normal()), stream.unit());
            for (sum, value) in moments.iter_mut().zip([
                normal,
                normal * normal,
                bell,
                bell * bell,
                unit,
                unit * unit,
            ]) {
                *sum += value / f64::from(n);
            }
        }
        for (got, expected) in moments.iter().zip([0.0, 1.0, 0.0, 1.0, 0.5, 1.0 / 3.0]) {
            assert!((got - expected).abs() < 0.03, "{moments:?}");
        }
        let heads = (0..n).filter(|_| stream.zipf(1000) == 0).count();
        // P(rank 0) = ln 2 / ln 1001 = 0.100.
        assert!((1_800..2_200).contains(&heads), "{heads}");
    }
}
