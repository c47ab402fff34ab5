//! All the tests, with everything they need.

use cargo_metadata::Target;
use std::num::NonZero;

use crate::built::Programs;
use crate::foreign::Foreign;
use crate::workspace::Workspace;
use crate::{Result, foreign, say, shell};

/// The whole workspace; the same for build and test, so that they share what they compile.
const EVERYTHING: [&str; 2] = ["--workspace", "--all-features"];

/// What test programs take for the number of their threads, unless it is set already.
const THREADS: &str = "RUST_TEST_THREADS";
/// So many tests run at a time for each processor: most of those that take long wait for programs most of the time.
const TESTS_PER_PROCESSOR: usize = 2;

/// Installs what is missing, builds the server, and runs all the tests, or `cargo test` with `args` if there are
/// any. The tests learn through the environment where things are:
///
/// | variable | holds |
/// |---|---|
/// | `STONECHATD`, `STONECHAT` | the programs of the server and of the client; set only when the whole workspace is tested |
/// | `STONECHAT_EXAMPLES` | the folder with the examples' programs, likewise |
/// | `STONECHAT_PYTHON` | the interpreter that has the libraries of `tests/foreign/requirements.txt` |
/// | `STONECHAT_NODE_MODULES` | the folder with the packages of `tests/foreign/package.json` |
///
/// # Errors
/// When something cannot be installed, does not build, or a test fails. Nothing is skipped.
pub fn run(workspace: &Workspace, args: &[String]) -> Result<()> {
    let foreign = say::step("install what the tests need", || foreign::install(workspace))?;
    if !args.is_empty() {
        let mut test = shell::cargo(["test"]);
        test.args(args);
        return say::step("tests", || run_with(test, &foreign));
    }
    let programs = say::step("build", || build(workspace))?;
    let examples = programs.get("echo_component", Target::is_example)?.parent();
    let mut test = shell::cargo(["test"]);
    test.args(EVERYTHING).arg("--no-fail-fast").current_dir(&workspace.root);
    test.env("STONECHATD", programs.get("stonechatd", Target::is_bin)?);
    test.env("STONECHAT", programs.get("stonechat", Target::is_bin)?);
    test.envs(examples.map(|folder| ("STONECHAT_EXAMPLES", folder)));
    if std::env::var_os(THREADS).is_none() {
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        test.env(THREADS, (processors * TESTS_PER_PROCESSOR).to_string());
    }
    say::step("tests", || run_with(test, &foreign))
}

fn run_with(mut test: std::process::Command, foreign: &Foreign) -> Result<()> {
    let Foreign { python, node_modules } = foreign;
    shell::run(test.env("STONECHAT_PYTHON", python).env("STONECHAT_NODE_MODULES", node_modules))
}

/// Builds all that `cargo test` builds.
fn build(workspace: &Workspace) -> Result<Programs> {
    let mut build = shell::cargo(["build", "--lib", "--bins", "--tests", "--examples"]);
    Programs::of(build.args(EVERYTHING).current_dir(&workspace.root))
}
