//! `stonechat`, the Stonechat client for terminals.

fn main() -> std::process::ExitCode {
    stonechat::main()
}
