//! What an embedded server has been told to do.

/// The commands received so far.
#[derive(Debug, Default)]
pub(super) struct Journal {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    text: String,
    is_executed: bool,
}

impl Journal {
    /// Notes a command that has arrived; returns its number.
    pub(super) fn receive(&mut self, name: &str, args: &[Vec<u8>]) -> usize {
        let mut text = name.to_owned();
        for arg in args {
            text.push(' ');
            text.push_str(&String::from_utf8_lossy(arg));
        }
        self.entries.push(Entry {
            name: name.to_owned(),
            text,
            is_executed: false,
        });
        self.entries.len() - 1
    }

    /// Notes that a command has been executed.
    pub(super) fn execute(&mut self, number: usize) {
        self.entries[number].is_executed = true;
    }

    /// The commands as one would type them.
    pub(super) fn received(&self) -> Vec<String> {
        let texts = self.entries.iter().map(|entry| entry.text.clone());
        texts.collect()
    }

    pub(super) fn executed(&self) -> Vec<String> {
        let executed = self.entries.iter().filter(|entry| entry.is_executed);
        executed.map(|entry| entry.text.clone()).collect()
    }

    /// How often the command of this name has been executed.
    pub(super) fn calls(&self, name: &str) -> usize {
        let executed = self.entries.iter().filter(|entry| entry.is_executed);
        executed
            .filter(|entry| entry.name.eq_ignore_ascii_case(name))
            .count()
    }
}
