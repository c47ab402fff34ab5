//! Writes the list of the extensions that `Cargo.toml` names.

fn main() {
    stonechat_link::generate_client();
}
