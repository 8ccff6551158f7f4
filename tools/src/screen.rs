//! The terminal: what is shown in it, and the keys that are pressed.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use console::{Key, Term};

use crate::ask::{Failed, Service};
use crate::line::{Line, Tone};
use crate::sample::Sample;
use crate::top::frame;
use crate::units::time;

/// Between two samples.
const EVERY: Duration = Duration::from_secs(1);

/// What happens while it is looked at.
enum News {
    Key(Key),
    Asked(Box<Result<Sample, Failed>>),
}

/// Shows what the console there shows: once, or until `q` is pressed.
pub(crate) fn top(url: &str, once: bool) -> Result<(), Failed> {
    let service = Service::at(url)?;
    if once {
        let sample = service.ask()?;
        let lines = frame(&sample, None, None);
        let lines: Vec<_> = lines.iter().map(Line::plain).collect();
        return print(&lines.join("\n")).map_err(Failed::Screen);
    }
    let term = Term::stdout();
    if !term.is_term() || !io::IsTerminal::is_terminal(&io::stdin()) {
        return Err(Failed::NoTerminal);
    }
    // What is wrong with the URL is told before the screen is taken.
    let first = service.ask()?;
    let about = service.to_string();
    let news = listen(service);
    let screen = Screen::open(term).map_err(Failed::Screen)?;
    let mut view = View::of(about, first);
    view.run(&screen, &news).map_err(Failed::Screen)
}

/// Whoever reads it may have enough before its end, as `head` does.
fn print(text: &str) -> io::Result<()> {
    match io::Write::write_all(&mut io::stdout(), format!("{text}\n").as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Asks the service, and waits for keys, each in a thread of its own: one that does not answer keeps nobody from quitting.
fn listen(service: Service) -> Receiver<News> {
    let (tells, news) = channel();
    let tell: Sender<News> = tells.clone();
    thread::spawn(move || {
        loop {
            thread::sleep(EVERY);
            if tell.send(News::Asked(Box::new(service.ask()))).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        let term = Term::stdout();
        // When the terminal is gone, there are no keys, and nobody who looks.
        let key = || term.read_key_raw().unwrap_or(Key::CtrlC);
        while tells.send(News::Key(key())).is_ok() {}
    });
    news
}

/// The terminal, as long as it is taken; then it is as it was.
struct Screen(Term);

impl Screen {
    fn open(term: Term) -> io::Result<Self> {
        // The other one of the two screens that terminals have.
        term.write_str("\u{1b}[?1049h")?;
        term.hide_cursor()?;
        Ok(Self(term))
    }

    fn show(&self, lines: &[String]) -> io::Result<()> {
        let lines: String = lines
            .iter()
            .map(|line| format!("{line}\u{1b}[K"))
            .collect::<Vec<_>>()
            .join("\r\n");
        self.0.write_str(&format!("\u{1b}[H{lines}\u{1b}[J"))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.0.show_cursor();
        let _ = self.0.write_str("\u{1b}[?1049l");
    }
}

/// What is looked at.
struct View {
    about: String,
    now: Sample,
    before: Option<Sample>,
    heard: Instant,
    /// Why there is nothing newer.
    failed: Option<String>,
    /// So many lines are above the first one that is shown.
    above: usize,
}

impl View {
    fn of(about: String, now: Sample) -> Self {
        Self {
            about,
            now,
            before: None,
            heard: Instant::now(),
            failed: None,
            above: 0,
        }
    }

    fn run(&mut self, screen: &Screen, news: &Receiver<News>) -> io::Result<()> {
        loop {
            let (height, width) = screen.0.size();
            screen.show(&self.lines(height.into(), width.into()))?;
            match news.recv() {
                Ok(News::Key(key)) => {
                    if !self.takes(&key, height.into()) {
                        return Ok(());
                    }
                }
                Ok(News::Asked(asked)) => self.hears(*asked),
                Err(_) => return Ok(()),
            }
        }
    }

    fn hears(&mut self, asked: Result<Sample, Failed>) {
        match asked {
            Ok(sample) => {
                self.before = Some(std::mem::replace(&mut self.now, sample));
                (self.heard, self.failed) = (Instant::now(), None);
            }
            Err(failed) => self.failed = Some(failed.to_string()),
        }
    }

    /// `false`: it is to end.
    fn takes(&mut self, key: &Key, height: usize) -> bool {
        let page = height.saturating_sub(3).max(1);
        self.above = match key {
            Key::Char('q' | 'Q') | Key::CtrlC => return false,
            Key::ArrowDown | Key::Char('j') => self.above.saturating_add(1),
            Key::ArrowUp | Key::Char('k') => self.above.saturating_sub(1),
            Key::PageDown | Key::Char(' ') => self.above.saturating_add(page),
            Key::PageUp => self.above.saturating_sub(page),
            Key::Home | Key::Char('g') => 0,
            Key::End | Key::Char('G') => usize::MAX,
            _ => self.above,
        };
        true
    }

    /// As many as there is room for: a line about the service, and what is in it from where it is scrolled to.
    fn lines(&mut self, height: usize, width: usize) -> Vec<String> {
        let all = frame(&self.now, self.before.as_ref(), Some(width));
        let room = height.saturating_sub(2).max(1);
        self.above = self.above.min(all.len().saturating_sub(room));
        let below = all.len() - (self.above + room).min(all.len());
        let mut lines = vec![self.head().styled(width)];
        let shown = all.iter().skip(self.above).take(room);
        lines.extend(shown.map(|line| line.styled(width)));
        lines.resize(room + 1, String::new());
        let more = match (self.above, below) {
            (0, 0) => String::new(),
            (above, below) => format!("   {above} lines above, {below} below"),
        };
        lines.push(Line::of(format!("q quits, arrows scroll{more}"), Tone::Soft).styled(width));
        lines
    }

    fn head(&self) -> Line {
        let line = Line::of(&self.about, Tone::Strong);
        let Some(failed) = &self.failed else {
            return line;
        };
        let silent = u64::try_from(self.heard.elapsed().as_millis()).ok();
        line.and(format!("  this is {} old: ", time(silent)), Tone::Down)
            .and(failed, Tone::Down)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(breakers: usize) -> View {
        let breakers = vec![r#"{"name":"shop","state":"closed"}"#; breakers].join(",");
        let sample = format!(r#"{{"verdict":"up","at_ms":1,"breakers":[{breakers}]}}"#);
        View::of(
            "http://a/".to_owned(),
            serde_json::from_str(&sample).expect("it is one"),
        )
    }

    #[test]
    fn there_are_never_more_lines_than_there_is_room_for() {
        console::set_colors_enabled(false);
        let mut view = view(30);
        for height in [3, 10, 24, 200] {
            for key in [Key::End, Key::PageUp, Key::ArrowDown, Key::Home] {
                assert!(view.takes(&key, height));
                let lines = view.lines(height, 20);
                assert_eq!(lines.len(), height);
                assert!(
                    lines.iter().all(|line| line.chars().count() <= 20),
                    "{lines:?}"
                );
            }
        }
    }

    #[test]
    fn keys_scroll_and_quit() {
        let mut view = view(30);
        let mut press = |key| {
            assert!(view.takes(&key, 10));
            view.lines(10, 80);
            view.above
        };
        // 33 lines, of which eight are shown.
        assert_eq!(press(Key::ArrowDown), 1);
        assert_eq!(press(Key::PageDown), 8);
        assert_eq!(press(Key::Char('k')), 7);
        assert_eq!(press(Key::End), 25);
        assert_eq!(press(Key::ArrowDown), 25);
        assert_eq!(press(Key::Home), 0);
        assert_eq!(press(Key::Tab), 0);
        for quits in [Key::Char('q'), Key::CtrlC] {
            assert!(!view.takes(&quits, 10));
        }
    }

    #[test]
    fn a_service_that_does_not_answer_is_told_of_and_what_was_known_stays() {
        console::set_colors_enabled(false);
        let mut view = view(1);
        view.failed = Some("connection refused".to_owned());
        let lines = view.lines(24, 200).join("\n");
        assert!(
            lines.contains("connection refused") && lines.contains("shop"),
            "{lines}"
        );
    }
}
