//! Successive halving: all run a little, the better half runs on.
//!
//! Most of the time goes to those that may win, and those that are far behind cost next to nothing (Karnin, Koren and Somekh,
//! "Almost optimal exploration in multi-armed bandits", ICML 2013).

/// Lets `count` runners race for about `seconds`. `lap` lets one run for a time; `seconds_of` says how long it takes by all its laps so far.
///
/// # Errors
/// The first of a lap.
pub(super) fn race<Runner, E>(
    runners: &mut [Runner],
    seconds: f64,
    mut lap: impl FnMut(&mut Runner, f64) -> Result<(), E>,
    seconds_of: impl Fn(&Runner) -> f64,
) -> Result<(), E> {
    let mut running = runners.len();
    let rounds = rounds(running);
    for _ in 0..rounds {
        let share = seconds / f64::from(rounds) / running as f64;
        let mut ahead: Vec<&mut Runner> = runners.iter_mut().collect();
        ahead.sort_by(|a, b| seconds_of(a).total_cmp(&seconds_of(b)));
        for runner in ahead.into_iter().take(running) {
            lap(runner, share)?;
        }
        running = running.div_ceil(2);
    }
    Ok(())
}

/// Rounds until two are left, who decide it among themselves.
fn rounds(runners: usize) -> u32 {
    runners.max(1).next_power_of_two().ilog2().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Runner {
        seconds: f64,
        laps: u32,
        spent: f64,
    }

    fn run(speeds: &[f64], seconds: f64) -> Vec<Runner> {
        let runner = |seconds: &f64| Runner {
            seconds: *seconds,
            laps: 0,
            spent: 0.0,
        };
        let mut runners: Vec<Runner> = speeds.iter().map(runner).collect();
        let lap = |runner: &mut Runner, share: f64| -> Result<(), ()> {
            runner.laps += 1;
            runner.spent += share;
            Ok(())
        };
        race(&mut runners, seconds, lap, |runner| {
            // Nothing is known of who did not run yet.
            if runner.laps == 0 { 0.0 } else { runner.seconds }
        })
        .unwrap();
        runners
    }

    #[test]
    fn everyone_runs_once_and_the_fastest_runs_in_every_round() {
        let speeds: Vec<f64> = (0..100).map(|index| f64::from((index * 37) % 100 + 1)).collect();
        let runners = run(&speeds, 70.0);
        assert!(runners.iter().all(|runner| runner.laps >= 1));
        let laps = |place: f64| {
            runners
                .iter()
                .find(|runner| runner.seconds == place)
                .unwrap()
                .laps
        };
        assert_eq!((laps(1.0), laps(2.0), laps(100.0)), (7, 7, 1));
        let spent: f64 = runners.iter().map(|runner| runner.spent).sum();
        assert!((spent - 70.0).abs() < 1e-9, "{spent}");
        assert!(runners.iter().map(|runner| runner.spent).fold(0.0, f64::max) > 10.0);
    }

    #[test]
    fn a_race_of_one_takes_its_time_and_of_none_no_time() {
        assert_eq!(run(&[3.0], 2.0)[0].spent, 2.0);
        assert_eq!(
            run(&[3.0, 1.0], 2.0).iter().map(|runner| runner.laps).max(),
            Some(1)
        );
        assert!(run(&[], 2.0).is_empty());
    }

    #[test]
    fn a_lap_that_fails_ends_the_race() {
        let mut runners = [1, 2];
        assert_eq!(race(&mut runners, 1.0, |_, _| Err("lost"), |_| 0.0), Err("lost"));
    }
}
