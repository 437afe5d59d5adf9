//! Patterns of outcomes and the exact flips that they bring.

use lookout::decide::{Decider, Rule};
use lookout::outcome::{Outcome, Verdict};
use lookout::state::State;
use proptest::prelude::*;

const RULE: Rule = Rule { failures: 3, of: 5, recover: 2 };

fn verdict(letter: char) -> Verdict {
    match letter {
        '.' => Verdict::Ok,
        's' => Verdict::Slow,
        'F' => Verdict::Failed,
        '?' => Verdict::NotMeasured,
        other => panic!("no verdict is written {other}"),
    }
}

/// Runs a pattern and writes down each flip as `index:state`.
fn flips(rule: Rule, pattern: &str) -> String {
    let mut decider = Decider::new(rule);
    let mut flips = Vec::new();
    for (index, letter) in pattern.chars().enumerate() {
        let outcome = Outcome { at: index as i64, verdict: verdict(letter), ..Outcome::default() };
        if let Some(flip) = decider.decide(&outcome) {
            assert_eq!(flip.to, decider.state());
            assert_ne!(flip.to, flip.from);
            flips.push(format!("{}:{}", flip.at, flip.to));
        }
    }
    flips.join(" ")
}

#[track_caller]
fn check(pattern: &str, expected: &str) {
    assert_eq!(flips(RULE, pattern), expected, "{pattern}");
}

#[test]
fn the_first_answer_makes_it_up() {
    check("", "");
    check(".", "0:up");
    check("s", "0:up");
    check("F.", "1:up");
    check("FF.", "2:up");
    check("?.", "1:up");
}

#[test]
fn failures_from_the_start_wait_for_the_rule() {
    check("F", "");
    check("FF", "");
    check("FFF", "2:down");
    check("FFFFFF", "2:down");
}

#[test]
fn three_failures_of_five_make_it_down() {
    check(".F", "0:up");
    check(".FF", "0:up");
    check(".FFF", "0:up 3:down");
    check(".F.F.F", "0:up 5:down");
    check(".FF..F", "0:up 5:down");
    check(".FF...F", "0:up");
    check(".F..F..F..F", "0:up");
    check("F.FF", "1:up 3:down");
}

#[test]
fn two_good_checks_in_a_row_end_it() {
    check("FFF.", "2:down");
    check("FFF..", "2:down 4:up");
    check("FFF.F.F.F.", "2:down");
    check("FFF.F..", "2:down 6:up");
}

#[test]
fn old_failures_do_not_count_after_recovery() {
    check("FFF..F", "2:down 4:up");
    check("FFF..FF", "2:down 4:up");
    check("FFF..FFF", "2:down 4:up 7:down");
    check("FFF..F.FF", "2:down 4:up 8:down");
}

#[test]
fn slow_follows_the_same_window_and_is_not_down() {
    check(".ss", "0:up");
    check(".sss", "0:up 3:slow");
    check(".s.s.s", "0:up 5:slow");
    check("sss", "0:up 2:slow");
    check(".sFs", "0:up 3:slow");
    check(".sss.", "0:up 3:slow");
    check(".sss..", "0:up 3:slow 5:up");
    check(".sss.s.s", "0:up 3:slow");
    check(".sss..sss", "0:up 3:slow 5:up 8:slow");
}

#[test]
fn slow_may_get_worse_and_down_may_end_slowly() {
    check(".sssFF", "0:up 3:slow");
    check(".sssFFF", "0:up 3:slow 6:down");
    check("FFFss", "2:down 4:slow");
    check("FFFs.", "2:down 4:slow");
    check("FFFs..", "2:down 4:slow 5:up");
    check("FFF.s.", "2:down 4:slow");
}

#[test]
fn from_unknown_mostly_slow_or_failed_is_slow() {
    check("FFs", "2:slow");
    check("FF?s", "3:slow");
}

#[test]
fn checks_that_could_not_be_made_count_for_nothing() {
    check(".????", "0:up");
    check(".?F?F?F", "0:up 6:down");
    check("FFF.?.", "2:down 5:up");
}

#[test]
fn it_is_unknown_when_as_many_could_not_be_made_as_the_window_is_long() {
    check(".?????", "0:up 5:unknown");
    check(".????.????", "0:up");
    check(".?????.", "0:up 5:unknown 6:up");
    check("FFF?????F", "2:down 7:unknown");
    check("FFF?????FFF", "2:down 7:unknown 10:down");
    check("?????????", "");
}

#[test]
fn the_strictest_rule_follows_each_check() {
    let rule = Rule { failures: 1, of: 1, recover: 1 };
    assert_eq!(flips(rule, "F.F.s.?."), "0:down 1:up 2:down 3:up 4:slow 5:up 6:unknown 7:up");
    assert_eq!(flips(rule, "Fs"), "0:down 1:slow");
}

#[test]
fn recovery_may_ask_for_more_than_the_window() {
    let rule = Rule { failures: 1, of: 1, recover: 4 };
    assert_eq!(flips(rule, "F...F...."), "0:down 8:up");
}

#[test]
fn a_flip_tells_the_reason_of_the_deciding_check() {
    let mut decider = Decider::new(Rule { failures: 1, of: 1, recover: 1 });
    let outcome = |verdict, reason: Option<&str>| Outcome {
        verdict,
        reason: reason.map(str::to_owned),
        ..Outcome::default()
    };
    let down = decider.decide(&outcome(Verdict::Failed, Some("connection refused"))).unwrap();
    assert_eq!((down.from, down.cause.as_deref()), (State::Unknown, Some("connection refused")));
    let up = decider.decide(&outcome(Verdict::Ok, None)).unwrap();
    assert_eq!((up.from, up.cause), (State::Down, None));
}

#[test]
fn it_is_in_doubt_while_the_last_check_speaks_against_the_state() {
    let doubts = |pattern: &str| -> String {
        let mut decider = Decider::new(RULE);
        let doubt = |letter| {
            decider.decide(&Outcome { verdict: verdict(letter), ..Outcome::default() });
            if decider.in_doubt() { 'x' } else { '-' }
        };
        pattern.chars().map(doubt).collect()
    };
    assert_eq!(doubts(".F.FF"), "-x-x-");
    assert_eq!(doubts("FFFFF"), "xx---");
    assert_eq!(doubts("FFF.."), "xx-x-");
    assert_eq!(doubts(".sss"), "-xx-");
    assert_eq!(doubts("??"), "--");
}

/// The rules as they are written down, over the whole list of verdicts each time.
fn naive(rule: Rule, verdicts: &[Verdict]) -> Vec<State> {
    let mut states = Vec::new();
    let mut state = State::Unknown;
    let mut forgotten = 0;
    for now in 0..verdicts.len() {
        let measured: Vec<(usize, Verdict)> = (forgotten..=now)
            .map(|index| (index, verdicts[index]))
            .filter(|(_, verdict)| *verdict != Verdict::NotMeasured)
            .collect();
        let unmeasured =
            verdicts[..=now].iter().rev().take_while(|v| **v == Verdict::NotMeasured).count();
        if unmeasured >= rule.of {
            state = State::Unknown;
            forgotten = now + 1;
        } else if unmeasured == 0 {
            let window = &measured[measured.len().saturating_sub(rule.of)..];
            let failed = window.iter().filter(|(_, v)| *v == Verdict::Failed).count();
            let bad = window.iter().filter(|(_, v)| *v != Verdict::Ok).count();
            let last = &measured[measured.len().saturating_sub(rule.recover)..];
            let enough = last.len() == rule.recover;
            let all_ok = enough && last.iter().all(|(_, v)| *v == Verdict::Ok);
            let all_answer = enough && last.iter().all(|(_, v)| *v != Verdict::Failed);
            let answers = verdicts[now] != Verdict::Failed;
            let before = state;
            state = if state == State::Down {
                if all_ok {
                    State::Up
                } else if all_answer {
                    State::Slow
                } else {
                    State::Down
                }
            } else if failed >= rule.failures {
                State::Down
            } else if state == State::Slow {
                if all_ok { State::Up } else { State::Slow }
            } else if bad >= rule.failures && (state == State::Up || answers) {
                State::Slow
            } else if answers {
                State::Up
            } else {
                state
            };
            let recovered = matches!(
                (before, state),
                (State::Down, State::Slow | State::Up) | (State::Slow, State::Up)
            );
            if recovered {
                forgotten = last[0].0;
            }
        }
        states.push(state);
    }
    states
}

proptest! {
    #[test]
    fn it_decides_as_the_naive_model_does(
        pattern in "[.sF?]{0,120}|[.F]{0,120}|[.]{0,5}(F{1,4}[.]{1,4}){0,20}",
        of in 1_usize..8,
        failures in 1_usize..8,
        recover in 1_usize..8,
    ) {
        let rule = Rule { failures: failures.min(of), of, recover };
        let verdicts: Vec<Verdict> = pattern.chars().map(verdict).collect();
        let mut decider = Decider::new(rule);
        let decided: Vec<State> = verdicts
            .iter()
            .map(|verdict| {
                decider.decide(&Outcome { verdict: *verdict, ..Outcome::default() });
                decider.state()
            })
            .collect();
        prop_assert_eq!(decided, naive(rule, &verdicts));
    }
}
