//! Does one piece of the hot path again and again, for `cargo xtask instructions`, which counts what it costs.
//!
//! ```text
//! hot_path              lists the pieces of work: name, rounds, units in a round, what a unit is
//! hot_path NAME ROUNDS  does so many rounds of one
//! ```
//!
//! Everything runs on one thread, and only what runs in [`work::measured`] is meant to be counted.
#![expect(clippy::print_stdout, reason = "the list is what is asked for")]

mod codec;
#[path = "../../benches/common/mod.rs"]
mod common;
mod login;
mod routing;
mod work;

use work::Work;

/// All pieces of work.
fn works() -> impl Iterator<Item = &'static Work> {
    codec::WORKS.iter().chain(routing::WORKS).chain(login::WORKS)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            works().for_each(|work| println!("{}\t{}\t{}\t{}", work.name, work.rounds, work.units, work.unit))
        }
        [name, rounds] => {
            let work = works().find(|work| work.name == name).expect("there is work of that name");
            let rounds = rounds.parse().expect("the rounds are a number");
            (work.prepare)()(rounds);
        }
        _ => panic!("a name and a number of rounds, or nothing"),
    }
}
