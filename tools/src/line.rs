//! Lines of text with tones, as wide as a terminal is.

use console::{Style, measure_text_width, truncate_str};

/// How a piece of text is meant. It never says more than the text does: there may be no colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Strong,
    Soft,
    Up,
    Degraded,
    Down,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) tone: Tone,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(Vec<Piece>);

impl Line {
    pub(crate) const fn empty() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn of(text: impl Into<String>, tone: Tone) -> Self {
        Self::empty().and(text, tone)
    }

    pub(crate) fn and(mut self, text: impl Into<String>, tone: Tone) -> Self {
        let text = text.into();
        self.0.push(Piece { text, tone });
        self
    }

    /// Without colours, and as long as it is.
    pub(crate) fn plain(&self) -> String {
        let text: String = self.0.iter().map(|piece| piece.text.as_str()).collect();
        text.trim_end().to_owned()
    }

    /// With colours where the terminal has them, and no wider than it is.
    pub(crate) fn styled(&self, width: usize) -> String {
        let (mut styled, mut left) = (String::new(), width);
        for piece in &self.0 {
            // A mark that something is cut off has a width too.
            if left == 0 {
                break;
            }
            let text = truncate_str(&piece.text, left, "…");
            left -= measure_text_width(&text).min(left);
            styled += &piece.tone.style().apply_to(text).to_string();
        }
        styled
    }
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Soft => Style::new().dim(),
            Self::Up => Style::new().green(),
            Self::Degraded => Style::new().yellow().bold(),
            Self::Down => Style::new().red().bold(),
        }
    }
}

/// What a service says is printed: without what a terminal would obey, such as escape sequences and line breaks.
pub(crate) fn clean(text: &str) -> String {
    let shown = |char: char| if char.is_control() { '·' } else { char };
    // What changes the direction of writing makes one text look like another.
    let is_hidden = |char: &char| matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    text.chars()
        .filter(|char| !is_hidden(char))
        .map(shown)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_taken_out() {
        assert_eq!(clean("a\u{1b}[2J\nb\u{9b}c\u{202e}d"), "a·[2J·b·cd");
        assert_eq!(clean("größer ● 大"), "größer ● 大");
    }

    #[test]
    fn it_is_no_wider_than_the_terminal() {
        console::set_colors_enabled(false);
        let line = Line::of("shop  ", Tone::Strong).and("大大大  ", Tone::Down);
        assert_eq!(line.styled(80), "shop  大大大  ");
        assert_eq!(line.styled(9), "shop  大…");
        assert_eq!(line.styled(6), "shop  ");
        assert_eq!(line.styled(3), "sh…");
        assert_eq!(line.styled(0), "");
        assert_eq!(line.plain(), "shop  大大大");
    }
}
