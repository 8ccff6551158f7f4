//! What is to be seen while the drill runs.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use console::{Color, Style};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use redis_resilient::State;
use tokio::time::interval;

use crate::load::{Aside, Calls, Load};
use crate::row::{Circuit, Row};
use crate::schedule::Course;
use crate::stats::{Record, Served, Summary, percent, readable};

/// Characters of the bar that shows who serves.
const WIDTH: usize = 50;

/// Shows the drill until dropped: as a live view on a terminal, else as a line per second and row.
pub(crate) async fn show<C: Calls, S: Send + Sync>(load: &Load<C>, course: &Course<S>) {
    // Both: the live view is drawn on one, the report is printed on the other.
    if io::stderr().is_terminal() && io::stdout().is_terminal() {
        animate(load, course).await;
    } else {
        print_lines(load, course).await;
    }
}

async fn animate<C: Calls, S: Send + Sync>(load: &Load<C>, course: &Course<S>) {
    let view = View::new(load);
    let mut ticks = interval(Duration::from_millis(100));
    loop {
        ticks.tick().await;
        view.draw(load, course);
    }
}

async fn print_lines<C: Calls, S: Send + Sync>(load: &Load<C>, course: &Course<S>) {
    let mut ticks = interval(Duration::from_secs(1));
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let now = load.start.elapsed();
        let last = last_second(load, now);
        let phase = course.phase().map_or("", |phase| phase.name);
        let mut begin = format!("{:3} s  {phase:9}", now.as_secs());
        for (index, row) in load.rows.iter().enumerate() {
            let last = of_row(&last, index);
            let name = match &*load.rows {
                [_] => String::new(),
                _ => format!("  {:7}", row.name),
            };
            let circuit = row.circuit.map_or("-", Circuit::name);
            let shares: Vec<_> = C::SERVED
                .iter()
                .map(|&served| {
                    let share = percent(last.share(served));
                    format!("{} {share:>7}", served.label())
                })
                .collect();
            let (p50, p99) = (last.percentile(50), last.percentile(99));
            // Nobody may be there to read it: that is no reason to stop.
            let _ = writeln!(
                io::stdout(),
                "{begin}{name}  {}  p50 {:>7}  p99 {:>7}  circuit {circuit}",
                shares.join("  "),
                readable(p50),
                readable(p99),
            );
            begin = " ".repeat(begin.len());
        }
        if let Some(Aside { name, text }) = load.calls.aside() {
            let _ = writeln!(io::stdout(), "{begin}  {name} {text}");
        }
    }
}

/// The lines of the live view; gone from the terminal once dropped.
struct View {
    lines: MultiProgress,
    phase: ProgressBar,
    calls: ProgressBar,
    rows: Vec<ProgressBar>,
    legend: ProgressBar,
    /// Of the one row; several have theirs beside their bars.
    circuit: Option<ProgressBar>,
    aside: Option<ProgressBar>,
    latency: ProgressBar,
}

impl View {
    fn new<C: Calls>(load: &Load<C>) -> Self {
        let lines = MultiProgress::new();
        let add = |template: &str, name: &'static str| {
            let style = ProgressStyle::with_template(template);
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = ProgressBar::new(whole_millis(load.length)).with_prefix(name);
            lines.add(bar.with_style(style.progress_chars("█▌░")))
        };
        let line = "  {prefix:<9.dim} {wide_msg}";
        Self {
            phase: add("  {prefix:<9.dim} {bar:50} {wide_msg}", "phase"),
            rows: load.rows.iter().map(|row| add(line, row.name)).collect(),
            legend: add(line, ""),
            calls: add(line, "calls"),
            latency: add(line, "latency"),
            circuit: matches!(
                *load.rows,
                [Row {
                    circuit: Some(_),
                    ..
                }]
            )
            .then(|| add(line, "circuit")),
            aside: load.calls.aside().map(|aside| add(line, aside.name)),
            lines,
        }
    }

    fn draw<C: Calls, S: Send + Sync>(&self, load: &Load<C>, course: &Course<S>) {
        let now = load.start.elapsed().min(load.length);
        let records = last_second(load, now);
        let last: Summary = records.iter().collect();
        self.phase.set_position(whole_millis(now));
        self.phase.set_message(format!(
            "{:.0} of {} s",
            now.as_secs_f64().floor(),
            load.length.as_secs()
        ));
        let phase = course.phase().map(|phase| {
            let colour = if phase.is_outage() {
                Color::Red
            } else {
                Color::Green
            };
            let name = Style::new().bold().fg(colour).apply_to(phase.name);
            format!("{name}: {}", phase.meaning)
        });
        for (index, (line, row)) in self.rows.iter().zip(&load.rows).enumerate() {
            let bar = share_bar(&of_row(&records, index), C::SERVED);
            line.set_message(match (&self.circuit, row.circuit) {
                (None, Some(circuit)) => format!("{bar}  circuit {}", coloured(circuit)),
                _ => bar,
            });
        }
        self.legend.set_message(legend(&last, C::SERVED));
        self.calls.set_message(format!(
            "{:4}/s   {:3} under way   {}",
            last.calls(),
            load.in_flight(),
            phase.unwrap_or_default()
        ));
        self.latency.set_message(format!(
            "p50 {:>7}   p99 {:>7}   in the last second",
            readable(last.percentile(50)),
            readable(last.percentile(99))
        ));
        if let (Some(line), Some(aside)) = (&self.aside, load.calls.aside()) {
            line.set_message(aside.text);
        }
        if let (Some(line), Some(circuit)) =
            (&self.circuit, load.rows.first().and_then(|row| row.circuit))
        {
            line.set_message(circuit_line(circuit));
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        let _ = self.lines.clear();
    }
}

fn last_second<C: Calls>(load: &Load<C>, now: Duration) -> Vec<Record> {
    let second = Duration::from_secs(1);
    load.log.since(now.saturating_sub(second))
}

fn of_row(records: &[Record], row: usize) -> Summary {
    records.iter().filter(|record| record.row == row).collect()
}

fn coloured(circuit: Circuit) -> String {
    let style = match circuit.state() {
        State::Closed => Style::new().green(),
        State::HalfOpen => Style::new().yellow(),
        _ => Style::new().red(),
    };
    style.apply_to(circuit.name()).to_string()
}

fn circuit_line(circuit: Circuit) -> String {
    let name = coloured(circuit);
    match circuit.state() {
        State::Open => format!(
            "{name}, asks Redis again in {} ms",
            circuit.retry_after().as_millis()
        ),
        State::HalfOpen => format!("{name}, one call asks Redis"),
        _ => format!("{name}, all calls ask Redis"),
    }
}

/// A colour and, for those who see none, a character.
fn look(served: Served) -> (Color, &'static str) {
    match served {
        Served::Redis => (Color::Green, "█"),
        Served::Retried => (Color::Yellow, "▓"),
        Served::Fallback => (Color::Blue, "▒"),
        Served::Queued => (Color::Magenta, "▚"),
        Served::Nobody => (Color::Red, "░"),
    }
}

fn share_bar(last: &Summary, served: &[Served]) -> String {
    let mut bar = String::new();
    let (mut calls, mut filled) = (0, 0);
    for &served in served {
        let (colour, cell) = look(served);
        calls += last.count(served);
        // Rounding the sum and not each part fills the bar exactly.
        let upto = (calls * WIDTH)
            .checked_div(last.calls())
            .unwrap_or_default();
        let part = cell.repeat(upto.saturating_sub(filled));
        bar += &Style::new().fg(colour).apply_to(part).to_string();
        filled = upto;
    }
    bar
}

fn legend(last: &Summary, served: &[Served]) -> String {
    let entries = served.iter().map(|&served| {
        let (colour, cell) = look(served);
        let cell = Style::new().fg(colour).apply_to(cell);
        let share = percent(last.share(served));
        format!("{cell} {} {share:<8}", served.label())
    });
    entries.collect::<Vec<_>>().join(" ")
}

fn whole_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
