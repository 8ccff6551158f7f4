//! The run as a picture: who answered the calls, and how fast.

use std::error::Error;
use std::time::Duration;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::row::Row;
use crate::schedule::Span;
use crate::stats::{Record, Served, Summary, readable};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn Error + Send + Sync>>;

const WIDTH: u32 = 1_000;
const HEADER: u32 = 64;
const PHASES: u32 = 26;
/// The shares of one row, or of each of several.
const ONLY_SHARES: u32 = 250;
const EACH_SHARES: u32 = 130;
const LATENCIES: u32 = 220;
const LEFT: u32 = 80;
const RIGHT: u32 = 24;

/// Calls are taken together for this long; for longer in a run so long that no one could tell the stretches apart.
const STEP: Duration = Duration::from_millis(250);
const MOST_STEPS: u32 = 300;

const INK: RGBColor = RGBColor(40, 44, 52);
const GRID: RGBColor = RGBColor(222, 226, 232);
const OUTAGE: RGBColor = RGBColor(252, 228, 224);
const CALM: RGBColor = RGBColor(231, 243, 235);
const P99: RGBColor = RGBColor(176, 42, 55);
const P50: RGBColor = RGBColor(74, 85, 104);

/// Latencies from here are shown, in milliseconds, to the first of these that is not exceeded, or the last.
const SHORTEST: f64 = 0.1;
const LONGEST: [f64; 2] = [2_000.0, 10_000.0];

fn colour(served: Served) -> RGBColor {
    match served {
        Served::Redis => RGBColor(72, 160, 104),
        Served::Retried => RGBColor(240, 190, 64),
        Served::Fallback => RGBColor(82, 134, 204),
        Served::Queued => RGBColor(126, 106, 190),
        Served::Nobody => RGBColor(214, 80, 70),
    }
}

/// The calls that were due in one stretch.
struct Step {
    from: f64,
    to: f64,
    summary: Summary,
}

/// The picture as SVG.
pub(crate) fn draw(
    title: &str,
    rows: &[Row],
    served: &[Served],
    records: &[Record],
    spans: &[Span],
    end: Duration,
) -> Result<String, Box<dyn Error + Send + Sync>> {
    let height = match rows {
        [_] => ONLY_SHARES,
        _ => EACH_SHARES,
    };
    let shares: u32 = rows.iter().map(|_| height).sum();
    let size = (WIDTH, HEADER + PHASES + shares + LATENCIES);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE)?;
        let root = root.margin(4, 4, 8, 0);
        let (header, rest) = root.split_vertically(HEADER);
        let (phases, mut rest) = rest.split_vertically(PHASES);
        draw_header(&header, title, served)?;
        draw_phases(&phases, spans, end)?;
        for (index, row) in rows.iter().enumerate() {
            let (area, below) = rest.split_vertically(height);
            rest = below;
            let of_row = records.iter().filter(|record| record.row == index);
            let name = match rows {
                [_] => "share of calls",
                _ => row.name,
            };
            draw_shares(&area, name, served, &steps(of_row, end), spans, end)?;
        }
        draw_latencies(&rest, &steps(records, end), spans, end)?;
        root.present()?;
    }
    Ok(svg)
}

fn steps<'a>(records: impl IntoIterator<Item = &'a Record>, end: Duration) -> Vec<Step> {
    let step = STEP.max(end / MOST_STEPS);
    let mut due: Vec<_> = records.into_iter().copied().collect();
    due.sort_unstable_by_key(|record| record.due);
    let slot = |record: &Record| record.due.as_nanos() / step.as_nanos();
    due.chunk_by(|a, b| slot(a) == slot(b))
        .filter_map(|calls| {
            let number = u32::try_from(slot(calls.first()?)).ok()?;
            let from = step * number;
            Some(Step {
                from: from.as_secs_f64(),
                to: (from + step).min(end).as_secs_f64(),
                summary: calls.iter().collect(),
            })
        })
        .collect()
}

/// What it is called in the picture, and how wide that is.
fn legend(served: Served) -> (&'static str, i32) {
    match served {
        Served::Redis => ("Redis", 80),
        Served::Retried => ("Redis, after a retry", 160),
        Served::Fallback => ("fallback (database)", 155),
        Served::Queued => ("queued in the journal", 165),
        Served::Nobody => ("error", 70),
    }
}

fn draw_header(area: &Area<'_>, title: &str, served: &[Served]) -> Drawn {
    let left = i32::try_from(LEFT)?;
    area.draw(&Text::new(
        title,
        (left, 14),
        ("sans-serif", 20).into_font().color(&INK),
    ))?;
    let label = ("sans-serif", 14).into_font().color(&INK);
    let label = label.pos(Pos::new(HPos::Left, VPos::Center));
    let mut x = left;
    for &served in served {
        let (text, width) = legend(served);
        area.draw(&Rectangle::new(
            [(x, 43), (x + 12, 55)],
            colour(served).filled(),
        ))?;
        area.draw(&Text::new(text, (x + 18, 50), label.clone()))?;
        x += width;
    }
    for (colour, text, x) in [(P50, "p50", 640), (P99, "p99", 710)] {
        let x = left + x;
        let line = PathElement::new([(x, 49), (x + 18, 49)], colour.stroke_width(2));
        area.draw(&line)?;
        area.draw(&Text::new(text, (x + 24, 50), label.clone()))?;
    }
    Ok(())
}

/// The names of the phases, above them.
fn draw_phases(area: &Area<'_>, spans: &[Span], end: Duration) -> Drawn {
    let mut chart = ChartBuilder::on(area)
        .set_label_area_size(LabelAreaPosition::Left, LEFT)
        .margin_right(RIGHT)
        .build_cartesian_2d(0.0..end.as_secs_f64(), 0.0..1.0)?;
    let name = ("sans-serif", 13).into_font().color(&INK);
    let name = name.pos(Pos::new(HPos::Center, VPos::Center));
    for span in spans {
        let (from, to) = (span.from.as_secs_f64(), span.to.as_secs_f64());
        let fill = if span.phase.is_outage() { OUTAGE } else { CALM };
        let shape = [(from, 0.0), (to, 1.0)];
        chart.draw_series([Rectangle::new(shape, fill.filled())])?;
        let middle = (f64::midpoint(from, to), 0.5);
        chart.draw_series([Text::new(span.phase.name, middle, name.clone())])?;
    }
    Ok(())
}

fn draw_shares(
    area: &Area<'_>,
    name: &str,
    served: &[Served],
    steps: &[Step],
    spans: &[Span],
    end: Duration,
) -> Drawn {
    let mut chart = ChartBuilder::on(area)
        .set_label_area_size(LabelAreaPosition::Left, LEFT)
        .set_label_area_size(LabelAreaPosition::Bottom, 8)
        .margin_right(RIGHT)
        .build_cartesian_2d(0.0..end.as_secs_f64(), 0.0..100.0)?;
    // Each layer reaches down to the bottom and is painted over by the next.
    for (layer, &top) in served.iter().enumerate().rev() {
        let mut outline = vec![(0.0, 0.0)];
        for step in steps {
            let share: f64 = served[..=layer]
                .iter()
                .map(|&part| step.summary.share(part))
                .sum();
            outline.extend([(step.from, share * 100.0), (step.to, share * 100.0)]);
        }
        outline.push((end.as_secs_f64(), 0.0));
        chart.draw_series([Polygon::new(outline, colour(top).filled())])?;
    }
    for span in spans.iter().skip(1) {
        let at = span.from.as_secs_f64();
        let line = [(at, 0.0), (at, 100.0)];
        chart.draw_series([PathElement::new(line, WHITE.mix(0.8).stroke_width(1))])?;
    }
    chart
        .configure_mesh()
        .disable_mesh()
        .axis_style(INK)
        .x_labels(0)
        .y_labels(5)
        .y_label_formatter(&|share| format!("{share:.0} %"))
        .y_desc(name)
        .label_style(("sans-serif", 13).into_font().color(&INK))
        .draw()?;
    Ok(())
}

fn draw_latencies(area: &Area<'_>, steps: &[Step], spans: &[Span], end: Duration) -> Drawn {
    let ms = |latency: Option<Duration>| latency.map_or(0.0, |latency| latency.as_secs_f64() * 1e3);
    let longest = steps.iter().map(|step| ms(step.summary.percentile(99)));
    let longest = longest.fold(0.0, f64::max);
    let fits = LONGEST.into_iter().find(|most| longest <= *most);
    let longest = fits.unwrap_or(LONGEST[1]);
    let mut chart = ChartBuilder::on(area)
        .set_label_area_size(LabelAreaPosition::Left, LEFT)
        .set_label_area_size(LabelAreaPosition::Bottom, 44)
        .margin_right(RIGHT)
        .margin_top(8)
        .build_cartesian_2d(0.0..end.as_secs_f64(), (SHORTEST..longest).log_scale())?;
    for span in spans.iter().filter(|span| span.phase.is_outage()) {
        let shape = [
            (span.from.as_secs_f64(), SHORTEST),
            (span.to.as_secs_f64(), longest),
        ];
        chart.draw_series([Rectangle::new(shape, OUTAGE.filled())])?;
    }
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .disable_x_mesh()
        .axis_style(INK)
        .y_labels(5)
        .y_label_formatter(&|ms| latency_label(*ms))
        .y_desc("latency")
        .x_labels(12)
        .x_label_formatter(&|at| format!("{at:.0}"))
        .x_desc("seconds")
        .label_style(("sans-serif", 13).into_font().color(&INK))
        .draw()?;
    for (percent, colour) in [(50, P50), (99, P99)] {
        let points = steps.iter().filter_map(|step| {
            let latency = ms(Some(step.summary.percentile(percent)?));
            let middle = f64::midpoint(step.from, step.to);
            Some((middle, latency.clamp(SHORTEST, longest)))
        });
        chart.draw_series(LineSeries::new(points, colour.stroke_width(2)))?;
    }
    Ok(())
}

/// Powers of ten without their decimals.
fn latency_label(ms: f64) -> String {
    if ms < 1.0 {
        readable(Some(Duration::from_secs_f64(ms / 1e3)))
    } else if ms < 1_000.0 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.0} s", ms / 1e3)
    }
}
