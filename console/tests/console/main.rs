//! Health, the live page and its controls: as probes, browsers and operators meet them, over HTTP and on a real Redis.
//!
//! Of the rows of `reported-problems.md`, "Operating: metrics, consoles, health, settings, tools, several databases", these are about a console:
//!
//! | row | here |
//! |---|---|
//! | O4 | `shown::in_each_state_what_is_shown_is_what_is_done` |
//! | O14 | `secrets::no_password_is_shown_whatever_fails`; from everywhere, in all that is told: `tests/canary` |
//! | O16 | `orders::orders_act_at_once_while_redis_is_silent_and_are_recorded` |
//! | O17 | `health::readiness_is_what_a_real_write_meets_and_turns_green_again` |
//! | O23 | `streams::pages_that_are_closed_leave_nothing_behind` and `whoever_asks_for_the_head_only_takes_no_place`, and there: a server with open pages ends |

mod browser;
mod health;
mod http;
mod listed;
mod orders;
mod said;
mod secrets;
mod shown;
mod streams;
mod support;
