//! Whether a cost grows.

use serde::Serialize;

/// What counts as noise: a cost that is up to so many times the first one is the same.
const NOISE: f64 = 1.25;
/// The steepest end of a curve that counts as logarithmic. A logarithm from 100 to 1 000 has 0.18 and is flatter behind
/// that; a square root has 0.5 everywhere.
const STEEPEST: f64 = 0.2;

/// How a cost goes with a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// It is the same for all sizes.
    Flat,
    /// It grows with each tenfold size by about the same.
    Logarithmic,
    /// It grows faster than that.
    Grows,
}

/// What a series of measurements says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Verdict {
    /// The cost at the last size in relation to that at the first.
    pub factor: f64,
    /// How steep it is in the end: the power of the size that the cost goes with, between the last two points. 0 is flat,
    /// 1 is in proportion.
    pub exponent: f64,
    /// What follows.
    pub shape: Shape,
}

/// Judges sizes with their costs, in ascending order; `None` for fewer than two, and where one is not positive. The rule:
/// a last cost of at most 1.25 times the first is flat; else an end of at most the power 0.2 is logarithmic; all else grows.
#[must_use]
pub fn judge(points: &[(f64, f64)]) -> Option<Verdict> {
    let [(_, first), ..] = points else { return None };
    let [.., (size_before, before), (size, last)] = points else { return None };
    if points.iter().any(|(size, cost)| *size <= 0.0 || *cost <= 0.0) || size <= size_before {
        return None;
    }
    let factor = last / first;
    let exponent = (last / before).ln() / (size / size_before).ln();
    let shape = match () {
        () if factor <= NOISE => Shape::Flat,
        () if exponent <= STEEPEST => Shape::Logarithmic,
        () => Shape::Grows,
    };
    Some(Verdict { factor, exponent, shape })
}

impl Shape {
    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Flat => "flat",
            Self::Logarithmic => "logarithmic",
            Self::Grows => "grows",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [f64; 4] = [10.0, 100.0, 1000.0, 10_000.0];

    fn shape(cost: impl Fn(f64) -> f64) -> Shape {
        judge(&SIZES.map(|size| (size, cost(size)))).unwrap().shape
    }

    #[test]
    fn noise_is_flat_and_so_is_what_becomes_cheaper() {
        assert_eq!(shape(|size| if size > 500.0 { 12.0 } else { 10.0 }), Shape::Flat);
        assert_eq!(shape(|size| 10.0 / size), Shape::Flat);
    }

    #[test]
    fn a_logarithm_is_told_from_a_power() {
        assert_eq!(shape(f64::ln), Shape::Logarithmic);
        assert_eq!(shape(|size| size.powf(0.3)), Shape::Grows);
        assert_eq!(shape(|size| size), Shape::Grows);
    }

    #[test]
    fn a_small_part_that_grows_shows_at_the_end() {
        let verdict = judge(&SIZES.map(|size| (size, 100.0 + 0.02 * size))).unwrap();
        assert_eq!(verdict.shape, Shape::Grows);
        assert!((2.9..3.1).contains(&verdict.factor), "{verdict:?}");
        assert!((0.35..0.45).contains(&verdict.exponent), "{verdict:?}");
    }

    #[test]
    fn one_point_says_nothing() {
        assert_eq!(judge(&[(10.0, 1.0)]), None);
        assert_eq!(judge(&[(10.0, 1.0), (100.0, 0.0)]), None);
        assert_eq!(judge(&[(10.0, 1.0), (10.0, 1.0)]), None);
    }
}
