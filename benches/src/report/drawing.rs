//! What all drawings have in common.

use super::Machine;
use crate::server::Kind;

/// A whole drawing: a title, what is drawn, and where it was measured.
pub(crate) fn page(width: f64, height: f64, title: &str, drawn: &str, machine: &Machine) -> String {
    let note = escape(&machine.to_string());
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"16\" y=\"24\" font-size=\"15\" font-weight=\"bold\">{}</text>\n{drawn}\
         <text x=\"16\" y=\"{}\" fill=\"#666666\">{note}</text>\n</svg>\n",
        escape(title),
        height - 12.0
    )
}

/// Of a server's bars and lines.
pub(crate) fn color(server: Kind) -> &'static str {
    match server {
        Kind::Floor => "#9aa5b1",
        Kind::Stonechat => "#0b7285",
        Kind::Prosody => "#e8590c",
        Kind::Ejabberd => "#9c36b5",
    }
}

/// Text as XML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
