//! `cargo xtask`: see the library's documentation.

use std::process::ExitCode;

use stonechat_xtask::workspace::Workspace;
use stonechat_xtask::{Result, downstream, foreign, instructions, layering, say, standalone, test_all};

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  test [ARGS]   install what the tests need, build the server, run all tests;
                with ARGS run `cargo test ARGS` instead of the whole workspace
  foreign       install the programs and libraries of others that the tests run
  layering      check which crate depends on which
  downstream    check format and lints of examples/downstream, which is a workspace of its own
  instructions  count the instructions and allocations of the hot path and compare them
                with what is recorded; with --record they become what is recorded
  standalone    check that each library crate builds alone, with and without its default features";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match args.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("", [].as_slice()),
    };
    let done = match (command, rest) {
        ("test", rest) => in_workspace(|workspace| test_all::run(workspace, rest)),
        ("foreign", []) => in_workspace(|workspace| foreign::install(workspace).map(drop)),
        ("layering", []) => in_workspace(layering::run),
        ("downstream", []) => in_workspace(downstream::run),
        ("instructions", []) => in_workspace(|workspace| instructions::run(workspace, false)),
        ("instructions", [flag]) if flag == "--record" => {
            in_workspace(|workspace| instructions::run(workspace, true))
        }
        ("standalone", []) => in_workspace(standalone::run),
        _ => {
            say::error(USAGE);
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::error(&format!("{command}: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn in_workspace(command: impl FnOnce(&Workspace) -> Result<()>) -> Result<()> {
    command(&Workspace::read()?)
}
