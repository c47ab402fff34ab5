//! A colour for a name, the same in every client (XEP-0392, version 1.0.1).

use std::f64::consts::PI;

use sha1::{Digest as _, Sha1};

/// A colour: red, green and blue, each from 0 to 1.
pub(crate) type Rgb = [f64; 3];

/// From linear RGB to XYZ is the inverse of this (HSLuv).
const TO_RGB: [Rgb; 3] = [
    [3.240_969_941_904_521, -1.537_383_177_570_093, -0.498_610_760_293],
    [-0.969_243_636_280_87, 1.875_967_501_507_72, 0.041_555_057_407_175],
    [0.055_630_079_696_993, -0.203_976_958_888_97, 1.056_971_514_242_878],
];
const TO_XYZ: [Rgb; 3] = [
    [0.412_390_799_265_95, 0.357_584_339_383_87, 0.180_480_788_401_83],
    [0.212_639_005_871_51, 0.715_168_678_767_75, 0.072_192_315_360_733],
    [0.019_330_818_715_591, 0.119_194_779_794_62, 0.950_532_152_249_66],
];
const REF_U: f64 = 0.197_830_006_642_83;
const REF_V: f64 = 0.468_319_994_938_79;
const KAPPA: f64 = 903.296_296_2;
const EPSILON: f64 = 0.008_856_451_6;
/// The lightness that colours of a palette should have (§5.3).
const WANTED: f64 = 73.2;

/// The hue of a text, in degrees (§5.1).
pub(crate) fn hue(text: &str) -> f64 {
    let hash = Sha1::digest(text.as_bytes());
    f64::from(u16::from_le_bytes([hash[0], hash[1]])) / 65536.0 * 360.0
}

/// The colour of a hue at full saturation, `lightness` from 0 to 100 (§5.2).
pub(crate) fn rgb(hue: f64, lightness: f64) -> Rgb {
    let angle = hue / 360.0 * 2.0 * PI;
    let chroma = most_chroma(lightness, angle);
    let (u, v) = (chroma * angle.cos(), chroma * angle.sin());
    let y = if lightness <= 8.0 { lightness / KAPPA } else { ((lightness + 16.0) / 116.0).powi(3) };
    let (u, v) = (u / (13.0 * lightness) + REF_U, v / (13.0 * lightness) + REF_V);
    let x = 9.0 * y * u / (4.0 * v);
    let z = (9.0 * y - 15.0 * v * y - v * x) / (3.0 * v);
    TO_RGB.map(|row| from_linear(row[0] * x + row[1] * y + row[2] * z).clamp(0.0, 1.0))
}

/// How strong a colour of this lightness and angle can be before it leaves the RGB cube.
fn most_chroma(lightness: f64, angle: f64) -> f64 {
    let cubed = (lightness + 16.0).powi(3) / 1_560_896.0;
    let sub = if cubed > EPSILON { cubed } else { lightness / KAPPA };
    let lengths = TO_RGB.iter().flat_map(|[m1, m2, m3]| {
        [0.0, 1.0].map(|side| {
            let top1 = (284_517.0 * m1 - 94_839.0 * m3) * sub;
            let top2 = (838_422.0 * m3 + 769_860.0 * m2 + 731_718.0 * m1) * lightness * sub
                - 769_860.0 * side * lightness;
            let bottom = (632_260.0 * m3 - 126_452.0 * m2) * sub + 126_452.0 * side;
            (top2 / bottom) / (angle.sin() - top1 / bottom * angle.cos())
        })
    });
    lengths.filter(|length| *length >= 0.0).fold(f64::INFINITY, f64::min)
}

fn from_linear(value: f64) -> f64 {
    if value <= 0.003_130_8 { 12.92 * value } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 }
}

fn to_linear(value: f64) -> f64 {
    if value > 0.040_45 { ((value + 0.055) / 1.055).powf(2.4) } else { value / 12.92 }
}

/// Hue in degrees and lightness of a colour.
fn hue_and_lightness(color: Rgb) -> (f64, f64) {
    let linear = color.map(to_linear);
    let [x, y, z] = TO_XYZ.map(|row| row[0] * linear[0] + row[1] * linear[1] + row[2] * linear[2]);
    let sum = x + 15.0 * y + 3.0 * z;
    let lightness = if y <= EPSILON { y * KAPPA } else { 116.0 * y.cbrt() - 16.0 };
    let (u, v) = (4.0 * x / sum - REF_U, 9.0 * y / sum - REF_V);
    (v.atan2(u).to_degrees().rem_euclid(360.0), lightness)
}

/// Colours of a palette by their hue (§5.3): the hue in whole degrees, and the place in the palette.
#[derive(Debug, Clone)]
pub(crate) struct Palette(Vec<(u16, usize)>);

impl Palette {
    /// Of these colours; those without a hue are left out.
    pub(crate) fn of(colors: impl IntoIterator<Item = Rgb>) -> Self {
        let mut best: Vec<Option<(f64, usize)>> = vec![None; 361];
        for (at, color) in colors.into_iter().enumerate() {
            if color[0] == color[1] && color[1] == color[2] {
                continue;
            }
            let (hue, lightness) = hue_and_lightness(color);
            let off = (lightness - WANTED).abs();
            let place = &mut best[hue.round() as usize];
            if place.is_none_or(|(other, _)| off < other) {
                *place = Some((off, at));
            }
        }
        let found = best.iter().enumerate().filter_map(|(hue, place)| Some((hue as u16, place.as_ref()?.1)));
        Self(found.collect())
    }

    /// The place of the colour whose hue is closest (§5.4).
    pub(crate) fn closest(&self, hue: f64) -> Option<usize> {
        let distance = |other: u16| {
            let apart = (hue - f64::from(other)).rem_euclid(360.0);
            apart.min(360.0 - apart)
        };
        let closest = self.0.iter().min_by(|a, b| distance(a.0).total_cmp(&distance(b.0)));
        closest.map(|(_, at)| *at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// §13.1.
    #[test]
    fn the_colors_of_the_test_vectors() {
        for (text, angle, color) in [
            ("Romeo", 327.255_249, [0.865, 0.000, 0.686]),
            ("juliet@capulet.lit", 209.410_400, [0.000, 0.515, 0.573]),
            ("😺", 331.199_341, [0.872, 0.000, 0.659]),
            ("council", 359.994_507, [0.918, 0.000, 0.394]),
            ("Board", 171.430_664, [0.000, 0.527, 0.457]),
        ] {
            assert!((hue(text) - angle).abs() < 1e-6, "{text}: {}", hue(text));
            let got = rgb(hue(text), 50.0);
            assert!(got.iter().zip(color).all(|(a, b)| (a - b).abs() < 0.000_6), "{text}: {got:?}");
        }
    }

    /// §13.2.
    #[test]
    fn the_palette_of_the_test_vectors() {
        let levels: [f64; 6] = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0];
        let mut colors = Vec::new();
        for red in levels {
            for green in levels {
                colors.extend(levels.map(|blue| [red, green, blue]));
            }
        }
        let palette = Palette::of(colors.iter().copied());
        for (text, color) in [
            ("Romeo", [1.0, 0.0, 0.8]),
            ("juliet@capulet.lit", [0.0, 0.8, 1.0]),
            ("😺", [1.0, 0.4, 0.8]),
            ("council", [0.8, 0.2, 0.4]),
            ("Board", [0.0, 1.0, 0.8]),
        ] {
            assert_eq!(colors[palette.closest(hue(text)).unwrap()], color, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_name_has_a_color(name in ".{0,20}", lightness in 1.0..99.0) {
            let hue = hue(&name);
            prop_assert!((0.0..360.0).contains(&hue));
            prop_assert!(rgb(hue, lightness).iter().all(|part| (0.0..=1.0).contains(part)));
        }
    }
}
