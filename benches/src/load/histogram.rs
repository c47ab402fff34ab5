//! How often what was measured.

/// Bits of a number that are told apart: errors stay below 4 %.
const BITS: u32 = 6;
const BUCKETS: usize = (64 - BITS as usize + 1) << BITS;

/// Counts numbers by their size, with an error below 4 %, in 30 KiB however many they are.
#[derive(Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0 }
    }
}

impl std::fmt::Debug for Histogram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Histogram({} numbers, median {})", self.total, self.quantile(0.5))
    }
}

impl Histogram {
    /// Counts a number.
    pub fn record(&mut self, value: u64) {
        self.counts[bucket(value)] += 1;
        self.total += 1;
    }

    /// Counts all that another one did.
    pub fn add(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(own, other)| *own += other);
        self.total += other.total;
    }

    /// How many numbers were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.total
    }

    /// The number that this part of all, from 0 to 1, does not exceed; 0 if there are none.
    #[must_use]
    pub fn quantile(&self, part: f64) -> u64 {
        // Counts are far below 2^52.
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let rank = (part.clamp(0.0, 1.0) * self.total as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        let reached = |count: &u64| {
            seen += count;
            seen >= rank
        };
        self.counts.iter().position(reached).map_or(0, floor)
    }
}

/// Below 2^BITS each number has its own. Above, each power of two has half as many: the upper bit is always set.
fn bucket(value: u64) -> usize {
    let shift = (u64::BITS - value.leading_zeros()).saturating_sub(BITS);
    // Below 2^BITS by the choice of the shift.
    let upper = (value >> shift) as usize;
    if shift == 0 { upper } else { ((shift as usize) << BITS) + upper }
}

/// The least number of a bucket.
fn floor(bucket: usize) -> u64 {
    let (shift, upper) = (bucket >> BITS, (bucket & ((1 << BITS) - 1)) as u64);
    upper << shift
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn without_numbers_every_quantile_is_zero() {
        assert_eq!(Histogram::default().quantile(0.99), 0);
    }

    proptest! {
        #[test]
        fn a_bucket_holds_its_numbers_within_four_per_cent(value in any::<u64>()) {
            let bucket = bucket(value);
            prop_assert!(bucket < BUCKETS);
            let floor = floor(bucket);
            prop_assert!(floor <= value && value - floor <= value / 32, "{} {}", floor, value);
        }

        #[test]
        fn quantiles_are_those_of_the_sorted_numbers(mut values in prop::collection::vec(0_u64..1_000_000, 1..200)) {
            let mut histogram = Histogram::default();
            values.iter().for_each(|value| histogram.record(*value));
            values.sort_unstable();
            let median = values[values.len().div_ceil(2) - 1];
            let told = histogram.quantile(0.5);
            prop_assert!(told <= median && median - told <= median / 32, "{} {}", told, median);
        }
    }
}
