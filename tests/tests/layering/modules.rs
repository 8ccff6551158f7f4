//! The modules of a crate, and which of them import which.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::slice::from_ref;

use super::circles::Arrows;
use super::source::{Source, read};

pub(crate) struct Crate {
    /// By their paths in the crate; the root is empty.
    modules: BTreeMap<Vec<String>, Module>,
}

struct Module {
    source: Source,
    head: String,
}

type Name = Vec<String>;

impl Crate {
    pub(crate) fn read(lib: &Path) -> Self {
        let mut modules = BTreeMap::new();
        let mut open: Vec<(Name, PathBuf)> = vec![(Vec::new(), lib.to_owned())];
        while let Some((name, file)) = open.pop() {
            let text = fs::read_to_string(&file);
            let text = text.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let source = read(&text);
            let folder = file.parent().expect("a folder");
            let is_folder = name.is_empty() || file.ends_with("mod.rs");
            let own = if is_folder {
                folder.to_owned()
            } else {
                file.with_extension("")
            };
            for (child, path) in &source.children {
                let file = match path {
                    Some(path) => folder.join(path),
                    None if own.join(child).with_extension("rs").exists() => {
                        own.join(child).with_extension("rs")
                    }
                    None => own.join(child).join("mod.rs"),
                };
                open.push(([name.clone(), vec![child.clone()]].concat(), file));
            }
            let head = text.lines().take_while(|line| line.starts_with("//!"));
            let head = head.collect::<Vec<_>>().join("\n");
            modules.insert(name, Module { source, head });
        }
        Self { modules }
    }

    /// The module that this path leads to. What the root only hands on is where it comes from.
    fn target(&self, from: &[String], path: &[String], is_use: bool) -> Option<Name> {
        let (mut place, mut rest) = match path.first()?.as_str() {
            "crate" => (Vec::new(), &path[1..]),
            "self" => (from.to_vec(), &path[1..]),
            "super" => {
                let up = path.iter().take_while(|name| *name == "super").count();
                (from[..from.len().checked_sub(up)?].to_vec(), &path[up..])
            }
            first
                if is_use
                    && self
                        .modules
                        .contains_key(&[from, &[first.to_owned()]].concat()) =>
            {
                (from.to_vec(), path)
            }
            _ => return None,
        };
        while let Some((next, after)) = rest.split_first() {
            let deeper = [&place[..], from_ref(next)].concat();
            if !self.modules.contains_key(&deeper) {
                break;
            }
            (place, rest) = (deeper, after);
        }
        // A module within a file is part of it.
        while !self.modules.contains_key(&place) {
            place.pop();
        }
        if let (true, Some(item)) = (place.is_empty() && !from.is_empty(), rest.first()) {
            let root = &self.modules[&Vec::new()].source;
            let is_it = |path: &[String]| path.last() == Some(item);
            let handed = root
                .imports
                .iter()
                .find(|import| import.is_public && import.within.is_empty() && is_it(&import.path));
            if let Some(handed) = handed {
                return self.target(&[], &handed.path, true);
            }
        }
        Some(place)
    }

    fn arrows(&self) -> BTreeSet<(Name, Name)> {
        let mut arrows = BTreeSet::new();
        for (name, module) in &self.modules {
            for import in &module.source.imports {
                let from = [&name[..], &import.within[..]].concat();
                if let Some(to) = self.target(&from, &import.path, import.is_use)
                    && to != *name
                    && !name.is_empty()
                    && !to.is_empty()
                {
                    arrows.insert((name.clone(), to));
                }
            }
        }
        arrows
    }

    pub(crate) fn rooms(&self) -> Arrows {
        let mut rooms = Arrows::new();
        for (from, to) in self.arrows() {
            if from[0] != to[0] {
                rooms
                    .entry(from[0].clone())
                    .or_default()
                    .insert(to[0].clone());
            }
        }
        rooms
    }

    /// Those within rooms.
    pub(crate) fn files(&self) -> Arrows {
        let mut files = Arrows::new();
        for (from, to) in self.arrows() {
            if from[0] == to[0] && !to.starts_with(&from) {
                files
                    .entry(from.join("::"))
                    .or_default()
                    .insert(to.join("::"));
            }
        }
        files
    }

    /// Which imports make a circle of rooms.
    pub(crate) fn arrows_among_rooms(&self, rooms: &BTreeSet<String>) -> Vec<String> {
        self.arrows_where(|from, to| {
            from[0] != to[0] && rooms.contains(&from[0]) && rooms.contains(&to[0])
        })
    }

    /// Which imports make a circle of files.
    pub(crate) fn arrows_among_files(&self, files: &BTreeSet<String>) -> Vec<String> {
        self.arrows_where(|from, to| {
            !to.starts_with(from)
                && files.contains(&from.join("::"))
                && files.contains(&to.join("::"))
        })
    }

    fn arrows_where(&self, is_of_them: impl Fn(&Name, &Name) -> bool) -> Vec<String> {
        let arrows = self.arrows().into_iter();
        arrows
            .filter(|(from, to)| is_of_them(from, to))
            .map(|(from, to)| format!("    {} -> {}", from.join("::"), to.join("::")))
            .collect()
    }

    /// The circles of files that are explained in the heads of their rooms.
    pub(crate) fn explanations(&self) -> BTreeSet<BTreeSet<String>> {
        let mut explained = BTreeSet::new();
        for (_, module) in self.modules.iter().filter(|(name, _)| name.len() == 1) {
            for line in module.head.lines() {
                let Some(line) = line.strip_prefix("//! Circle: ") else {
                    continue;
                };
                let (names, why) = line.split_once(": ").unwrap_or((line, ""));
                assert!(!why.trim().is_empty(), "it is not said why: {line}");
                let names = names.split(", ");
                explained.insert(
                    names
                        .map(|name| name.trim_matches('`').to_owned())
                        .collect(),
                );
            }
        }
        explained
    }
}
