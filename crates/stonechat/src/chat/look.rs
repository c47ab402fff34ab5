//! How things look: colours, and what time it is where the user is.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::style::{Color, Modifier, Style};

use super::color::{self, Palette};

/// The lightness of names: to be read on a dark background and on a bright one.
const LIGHTNESS: f64 = 60.0;
/// The steps of each axis of a terminal's 256 colours, of which the first 16 are the user's own.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// Which colours there are.
#[derive(Debug, Clone)]
pub(crate) enum Colors {
    /// None are wanted.
    None,
    /// Those of a palette.
    Palette(Palette),
    /// All.
    All,
}

/// How things look.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) colors: Colors,
    pub(crate) zone: TimeZone,
}

impl Look {
    /// As the environment says: `NO_COLOR` that is not empty, and `COLORTERM`.
    pub(crate) fn of_environment() -> Self {
        let colors = match std::env::var("COLORTERM").as_deref() {
            _ if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) => Colors::None,
            Ok("truecolor" | "24bit") => Colors::All,
            _ => Colors::Palette(palette()),
        };
        Self { colors, zone: TimeZone::system() }
    }

    /// The style of a name: its colour is the same in every client (XEP-0392 §4).
    pub(crate) fn name(&self, name: &str) -> Style {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let hue = color::hue(name);
        match &self.colors {
            Colors::None => bold,
            Colors::All => {
                let [red, green, blue] = color::rgb(hue, LIGHTNESS).map(|part| (part * 255.0).round() as u8);
                bold.fg(Color::Rgb(red, green, blue))
            }
            Colors::Palette(palette) => match palette.closest(hue) {
                Some(at) => bold.fg(Color::Indexed(16 + at as u8)),
                None => bold,
            },
        }
    }

    /// The style of what went wrong.
    pub(crate) fn wrong(&self) -> Style {
        match self.colors {
            Colors::None => Style::new().add_modifier(Modifier::BOLD),
            _ => Style::new().fg(Color::Red),
        }
    }

    /// Hours and minutes.
    pub(crate) fn clock(&self, at: Timestamp) -> String {
        let at = at.to_zoned(self.zone.clone());
        format!("{:02}:{:02}", at.hour(), at.minute())
    }

    /// The day.
    pub(crate) fn day(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).date().to_string()
    }
}

fn palette() -> Palette {
    let parts = STEPS.map(|step| f64::from(step) / 255.0);
    let colors = parts.into_iter().flat_map(|red| parts.into_iter().map(move |green| (red, green)));
    Palette::of(colors.flat_map(|(red, green)| parts.into_iter().map(move |blue| [red, green, blue])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(colors: Colors) -> Look {
        Look { colors, zone: TimeZone::UTC }
    }

    #[test]
    fn names_have_the_colors_that_there_are() {
        let romeo = "romeo@example.net";
        assert_eq!(look(Colors::None).name(romeo).fg, None);
        assert!(matches!(look(Colors::All).name(romeo).fg, Some(Color::Rgb(..))));
        let Some(Color::Indexed(at)) = look(Colors::Palette(palette())).name(romeo).fg else {
            panic!("no color")
        };
        assert!((16..232).contains(&at));
        assert_eq!(look(Colors::None).wrong().fg, None);
    }
}
