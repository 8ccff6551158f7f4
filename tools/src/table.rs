//! Columns, each as wide as what is in it.

use console::{Alignment, measure_text_width, pad_str, truncate_str};

use crate::line::{Line, Tone};

/// No name is shown longer, where the terminal is narrow.
const LONGEST_NAME: usize = 44;

/// A heading and rows beneath it. The first column is a name, and the last may be a text; both are to the left.
#[derive(Debug)]
pub(crate) struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
    /// Whether the last column is a text.
    ends_with_text: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

/// A cell with that.
pub(crate) fn cell(text: impl Into<String>) -> Cell {
    toned(text, Tone::Plain)
}

pub(crate) fn toned(text: impl Into<String>, tone: Tone) -> Cell {
    let text = text.into();
    Cell { text, tone }
}

impl Table {
    /// The first heading is what it is a table of.
    pub(crate) fn of(headings: &[&'static str]) -> Self {
        Self {
            headings: headings.to_vec(),
            rows: Vec::new(),
            ends_with_text: false,
        }
    }

    pub(crate) const fn ending_with_text(mut self) -> Self {
        self.ends_with_text = true;
        self
    }

    pub(crate) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Nothing if there are no rows. `width`: of the terminal, if it has one.
    pub(crate) fn lines(mut self, width: Option<usize>) -> Vec<Line> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        if width.is_some() {
            for row in &mut self.rows {
                let name = &mut row[0].text;
                *name = truncate_str(name, LONGEST_NAME, "…").into_owned();
            }
        }
        let widths: Vec<usize> = (0..self.headings.len())
            .map(|column| {
                let rows = self.rows.iter().map(|row| row[column].text.as_str());
                let texts = rows.chain([self.headings[column]]);
                texts.map(measure_text_width).max().unwrap_or_default()
            })
            .collect();
        let headings = self
            .headings
            .iter()
            .map(|heading| toned(*heading, Tone::Soft));
        let headings = self.line(&widths, &headings.collect::<Vec<_>>());
        let mut lines = vec![headings];
        lines.extend(self.rows.iter().map(|row| self.line(&widths, row)));
        lines
    }

    fn line(&self, widths: &[usize], cells: &[Cell]) -> Line {
        let last = widths.len() - 1;
        let mut line = Line::empty();
        for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
            let is_left = column == 0 || (column == last && self.ends_with_text);
            let alignment = if is_left {
                Alignment::Left
            } else {
                Alignment::Right
            };
            if column > 0 {
                line = line.and("  ", Tone::Plain);
            }
            line = line.and(pad_str(&cell.text, *width, alignment, None), cell.tone);
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(table: Table, width: Option<usize>) -> Vec<String> {
        table.lines(width).iter().map(Line::plain).collect()
    }

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let mut table = Table::of(&["JOURNALS", "WAITING", "STATE"]).ending_with_text();
        table.row(vec![
            cell("orders"),
            cell("1,000"),
            toned("full", Tone::Down),
        ]);
        table.row(vec![cell("大大大大大"), cell("0"), cell("empty")]);
        assert_eq!(
            lines(table, None),
            [
                "JOURNALS    WAITING  STATE",
                "orders        1,000  full",
                "大大大大大        0  empty",
            ]
        );
        assert_eq!(lines(Table::of(&["CACHES"]), None), Vec::<String>::new());
    }

    #[test]
    fn long_names_are_cut_where_there_is_a_width() {
        let long = "a".repeat(100);
        let table = || {
            let mut table = Table::of(&["FUNCTIONS", "CALLS"]);
            table.row(vec![cell(long.clone()), cell("1")]);
            table
        };
        assert!(lines(table(), None)[1].starts_with(&long));
        assert_eq!(
            lines(table(), Some(80))[1],
            format!("{}…      1", "a".repeat(43))
        );
    }
}
