//! The one printed table.

use std::collections::BTreeMap;

use redis_resilient_testkit::ServerProgram;

use crate::stage::Finding;

/// How much of a reply is shown: its beginning and its end.
const SHOWN: (usize, usize) = (76, 30);

/// The findings of all servers, row by row.
pub(crate) struct Table<'a> {
    programs: &'a [ServerProgram],
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    situation: &'a str,
    what: &'a str,
    /// By the index of the server's program.
    found: BTreeMap<usize, &'a Finding>,
}

impl<'a> Table<'a> {
    pub(crate) fn of(programs: &'a [ServerProgram], found: &'a [Vec<Finding>]) -> Self {
        let mut rows: Vec<Row<'_>> = Vec::new();
        for (index, findings) in found.iter().enumerate() {
            for finding in findings {
                let (situation, what) = (finding.situation, finding.what.as_str());
                let same = |row: &Row<'_>| row.situation == situation && row.what == what;
                let place = rows.iter().position(same).unwrap_or_else(|| {
                    rows.push(Row {
                        situation,
                        what,
                        found: BTreeMap::new(),
                    });
                    rows.len() - 1
                });
                rows[place].found.insert(index, finding);
            }
        }
        // Rows that only a later server has go to their situation.
        let order: Vec<&str> = rows.iter().map(|row| row.situation).collect();
        let place = |row: &Row<'_>| order.iter().position(|one| *one == row.situation);
        rows.sort_by_key(place);
        Self { programs, rows }
    }

    /// Prints all rows and then what is wrong; returns whether nothing is.
    pub(crate) fn print(&self) -> bool {
        let names: Vec<_> = self.programs.iter().map(ToString::to_string).collect();
        println!("class table on {}", names.join(", "));
        println!("≠: servers differ; <Name>: the server's own\n");
        println!("| situation | what | class | reply | on |");
        println!("|---|---|---|---|---|");
        self.rows.iter().for_each(|row| self.print_row(row));
        let differ = self
            .rows
            .iter()
            .filter(|row| row.groups().len() > 1)
            .count();
        let all = self.rows.iter();
        let findings = || all.clone().flat_map(|row| row.found.iter());
        let problems: Vec<_> = findings()
            .filter_map(|(index, finding)| Some((index, finding, finding.problem.as_ref()?)))
            .collect();
        println!(
            "\n{} rows, of which servers differ in {differ}",
            self.rows.len()
        );
        for (index, finding, problem) in &problems {
            println!(
                "WRONG on {}: {}, {}: {problem}; came {:?} {}",
                self.programs[**index],
                finding.situation,
                finding.what,
                finding.class,
                finding.reply
            );
        }
        let (count, failed) = (findings().count(), problems.len());
        println!("class_table: {} passed, {failed} failed", count - failed);
        failed == 0
    }

    fn print_row(&self, row: &Row<'_>) {
        let groups = row.groups();
        let mark = if groups.len() > 1 { "≠ " } else { "" };
        for (finding, on) in groups {
            let class = finding
                .class
                .map_or("–".to_owned(), |class| format!("{class:?}"));
            let on = if on.len() == self.programs.len() {
                "all".to_owned()
            } else {
                let names = on.iter().map(|index| self.programs[*index].to_string());
                names.collect::<Vec<_>>().join(", ")
            };
            println!(
                "| {} | {} | {class} | {mark}`{}` | {on} |",
                row.situation,
                row.what,
                shortened(&finding.reply)
            );
        }
    }
}

impl Row<'_> {
    /// What was found, each with those on which it was.
    fn groups(&self) -> Vec<(&Finding, Vec<usize>)> {
        let mut groups: Vec<(&Finding, Vec<usize>)> = Vec::new();
        for (index, finding) in &self.found {
            let is_same =
                |other: &Finding| other.class == finding.class && other.reply == finding.reply;
            match groups.iter_mut().find(|(other, _)| is_same(other)) {
                Some((_, on)) => on.push(*index),
                None => groups.push((finding, vec![*index])),
            }
        }
        groups
    }
}

fn shortened(reply: &str) -> String {
    let letters: Vec<char> = reply.chars().collect();
    let (head, tail) = SHOWN;
    if letters.len() <= head + tail {
        return reply.to_owned();
    }
    let head: String = letters[..head].iter().collect();
    let tail: String = letters[letters.len() - tail..].iter().collect();
    format!("{head}…{tail}")
}
