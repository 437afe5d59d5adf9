//! Says which route has a path: `cargo run --example routes -- /story/7`.

use landspout_router::Router;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut router = Router::new();
    router.insert("/", "the front page")?;
    router.insert("/story/{id}", "a story")?;
    router.insert("/static/{*file}", "a file")?;
    router.name("story", "/story/{id}")?;

    let path = std::env::args().nth(1).unwrap_or("/story/caf%C3%A9".to_owned());
    let found = router.at(&path)?;
    println!("{path} is {} ({})", found.value, found.pattern);
    for param in found.params.iter() {
        println!("  {} = {}", param.name(), param.decode()?);
    }
    println!("story 7 is at {}", router.url("story", &[("id", &7)])?);
    Ok(())
}
