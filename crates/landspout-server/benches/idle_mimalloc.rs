//! What an idle keep-alive connection costs, with mimalloc: see `idle.rs`.

mod idle;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    idle::main();
}
