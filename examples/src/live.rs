//! What is to be seen while the drill runs.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use console::{Color, Style};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use redis_resilient::State;
use tokio::time::interval;

use crate::load::Load;
use crate::schedule::{Course, Phase};
use crate::shop::REDIS;
use crate::stats::{Served, Summary, percent, readable};

/// Characters of the bar that shows who serves.
const WIDTH: usize = 50;

/// Shows the drill until dropped: as a live view on a terminal, else as a line per second.
pub(crate) async fn show(load: &Load, course: &Course) {
    // Both: the live view is drawn on one, the report is printed on the other.
    if io::stderr().is_terminal() && io::stdout().is_terminal() {
        animate(load, course).await;
    } else {
        print_lines(load, course).await;
    }
}

async fn animate(load: &Load, course: &Course) {
    let view = View::new(load.length);
    let mut ticks = interval(Duration::from_millis(100));
    loop {
        ticks.tick().await;
        view.draw(load, course);
    }
}

async fn print_lines(load: &Load, course: &Course) {
    let mut ticks = interval(Duration::from_secs(1));
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let now = load.start.elapsed();
        let last = last_second(load, now);
        let shares = Served::ALL.map(|served| {
            let share = percent(last.share(served));
            format!("{} {share:>7}", served.label())
        });
        let (p50, p99) = (last.percentile(50), last.percentile(99));
        // Nobody may be there to read it: that is no reason to stop.
        let _ = writeln!(
            io::stdout(),
            "{:3} s  {:9}  {}  p50 {:>7}  p99 {:>7}  circuit {}",
            now.as_secs(),
            course.phase().name(),
            shares.join("  "),
            readable(p50),
            readable(p99),
            circuit()
        );
    }
}

/// The lines of the live view; gone from the terminal once dropped.
struct View {
    lines: MultiProgress,
    phase: ProgressBar,
    calls: ProgressBar,
    served: ProgressBar,
    legend: ProgressBar,
    circuit: ProgressBar,
    latency: ProgressBar,
}

impl View {
    fn new(length: Duration) -> Self {
        let lines = MultiProgress::new();
        let add = |template: &str, name: &'static str| {
            let style = ProgressStyle::with_template(template);
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = ProgressBar::new(whole_millis(length)).with_prefix(name);
            lines.add(bar.with_style(style.progress_chars("█▌░")))
        };
        let line = "  {prefix:<9.dim} {wide_msg}";
        Self {
            phase: add("  {prefix:<9.dim} {bar:50} {wide_msg}", "phase"),
            served: add(line, "served by"),
            legend: add(line, ""),
            calls: add(line, "calls"),
            latency: add(line, "latency"),
            circuit: add(line, "circuit"),
            lines,
        }
    }

    fn draw(&self, load: &Load, course: &Course) {
        let now = load.start.elapsed().min(load.length);
        let last = last_second(load, now);
        self.phase.set_position(whole_millis(now));
        self.phase.set_message(format!(
            "{:.0} of {} s",
            now.as_secs_f64().floor(),
            load.length.as_secs()
        ));
        let phase = course.phase();
        let name = Style::new()
            .bold()
            .fg(phase_colour(phase))
            .apply_to(phase.name());
        self.served.set_message(share_bar(&last));
        self.legend.set_message(legend(&last));
        self.calls.set_message(format!(
            "{:4}/s   {:3} under way   {name}: {}",
            last.calls(),
            load.in_flight(),
            phase.meaning()
        ));
        self.latency.set_message(format!(
            "p50 {:>7}   p99 {:>7}   in the last second",
            readable(last.percentile(50)),
            readable(last.percentile(99))
        ));
        self.circuit.set_message(circuit_line());
    }
}

impl Drop for View {
    fn drop(&mut self) {
        let _ = self.lines.clear();
    }
}

fn last_second(load: &Load, now: Duration) -> Summary {
    let second = Duration::from_secs(1);
    load.log.since(now.saturating_sub(second)).iter().collect()
}

fn circuit() -> &'static str {
    match REDIS.state() {
        State::Closed => "closed",
        State::HalfOpen => "half-open",
        _ => "open",
    }
}

fn circuit_line() -> String {
    let state = circuit();
    let styled = match REDIS.state() {
        State::Closed => Style::new().green(),
        State::HalfOpen => Style::new().yellow(),
        _ => Style::new().red(),
    }
    .apply_to(state);
    match REDIS.state() {
        State::Open => format!(
            "{styled}, asks Redis again in {} ms",
            REDIS.retry_after().as_millis()
        ),
        State::HalfOpen => format!("{styled}, one call asks Redis"),
        _ => format!("{styled}, all calls ask Redis"),
    }
}

fn phase_colour(phase: Phase) -> Color {
    if phase.is_outage() {
        Color::Red
    } else {
        Color::Green
    }
}

/// A colour and, for those who see none, a character.
fn look(served: Served) -> (Color, &'static str) {
    match served {
        Served::Redis => (Color::Green, "█"),
        Served::Retried => (Color::Yellow, "▓"),
        Served::Fallback => (Color::Blue, "▒"),
        Served::Nobody => (Color::Red, "░"),
    }
}

fn share_bar(last: &Summary) -> String {
    let mut bar = String::new();
    let (mut calls, mut filled) = (0, 0);
    for served in Served::ALL {
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

fn legend(last: &Summary) -> String {
    let entries = Served::ALL.map(|served| {
        let (colour, cell) = look(served);
        let cell = Style::new().fg(colour).apply_to(cell);
        let share = percent(last.share(served));
        format!("{cell} {} {share:<8}", served.label())
    });
    entries.join(" ")
}

fn whole_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
