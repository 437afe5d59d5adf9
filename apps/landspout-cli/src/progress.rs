//! Bars that show how far downloads are.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The bars of all downloads, on the standard error; where that is no terminal there are none.
#[derive(Debug)]
pub(crate) struct Progress(MultiProgress);

impl Progress {
    pub(crate) fn new(silent: bool) -> Progress {
        let target =
            if silent { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        Progress(MultiProgress::with_draw_target(target))
    }

    /// A bar for a file of which `done` bytes are there and `rest` bytes come, if that is known.
    pub(crate) fn bar(&self, name: String, done: u64, rest: Option<u64>) -> ProgressBar {
        let bar = match rest {
            Some(rest) => ProgressBar::new(done + rest).with_style(style(
                "{prefix:20!} {bar:30} {bytes:>11} of {total_bytes:11} {bytes_per_sec:>13}  {eta}",
            )),
            None => ProgressBar::no_length().with_style(style(
                "{prefix:20!} {spinner} {bytes:>11} {bytes_per_sec:>13}  {elapsed}",
            )),
        };
        let bar = self.0.add(bar.with_prefix(name));
        bar.set_position(done);
        bar.reset_eta();
        bar
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).expect("the template is well formed");
    style.progress_chars("=> ")
}
