//! Colours, each in a light and a dark version, and the style sheet that swaps them.
//!
//! plotters writes colours as attributes. A style sheet outranks attributes, so rules that select the light colour
//! itself replace it on a dark page, and a program without style sheets still shows the light one.

use plotters::style::RGBColor;
use std::fmt::Write;

/// A colour's two versions, as 0xRRGGBB. No light one is used for two things.
pub type Pair = (u32, u32);

/// The lines', told apart also without colour vision: they differ in lightness too. Contrast to the paper is at
/// least 3:1 in both themes.
pub const SERIES: [Pair; 8] = [
    (0x1f5fa8, 0x6cb1ff),
    (0xd05a0a, 0xff9f5a),
    (0x0f7a56, 0x4fd3a0),
    (0x8a3fa0, 0xd79bf0),
    (0xb3243e, 0xff8a9a),
    (0x5c6470, 0xb8c0cc),
    (0x8a6a00, 0xe3c34a),
    (0x00788a, 0x54d0e0),
];

/// Everything else that has a colour.
#[derive(Debug, Clone, Copy)]
pub enum Ink {
    Paper,
    Text,
    Muted,
    Axis,
    Grid,
}

impl Ink {
    const ALL: [Self; 5] = [Self::Paper, Self::Text, Self::Muted, Self::Axis, Self::Grid];

    fn pair(self) -> Pair {
        match self {
            Self::Paper => (0xffffff, 0x15181d),
            Self::Text => (0x1b1f24, 0xeef1f5),
            Self::Muted => (0x525a64, 0xb1bac5),
            Self::Axis => (0x8a929c, 0x6d7682),
            Self::Grid => (0xe4e7eb, 0x2b3038),
        }
    }

    pub fn color(self) -> RGBColor {
        rgb(self.pair())
    }
}

pub fn rgb((light, _): Pair) -> RGBColor {
    RGBColor((light >> 16) as u8, (light >> 8) as u8, light as u8)
}

/// The picture with its size, its description and its style sheet. `svg` was drawn `scale` times as large.
pub fn finish(svg: &str, width: u32, height: u32, scale: u32, title: Option<&str>) -> String {
    let (wide, high) = (width * scale, height * scale);
    let body = svg.split_once('>').map_or("", |(_, body)| body);
    let mut style = String::from("text{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif}");
    style.push_str("polyline{stroke-linejoin:round;stroke-linecap:round}");
    style.push_str("@media (prefers-color-scheme: dark){");
    for (light, dark) in Ink::ALL.into_iter().map(Ink::pair).chain(SERIES) {
        for attribute in ["fill", "stroke"] {
            // Writing to a string does not fail.
            let _ = write!(style, "[{attribute}=\"#{light:06X}\"]{{{attribute}:#{dark:06x}}}");
        }
    }
    style.push('}');
    let label = escaped(title.unwrap_or("Line plot"));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {wide} {high}\" role=\"img\" aria-label=\"{label}\">\n<style>{style}</style>{body}"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
