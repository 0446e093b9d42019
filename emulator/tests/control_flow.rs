//! Control flow under divergence: every lane takes its own way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may fail"
)]

#[path = "common/evaluate.rs"]
mod evaluate;

use evaluate::evaluate_with;

/// Calls `fn f(x: u32) -> u32` for 0..64 and compares with the same function in Rust.
fn check(function: &str, reference: impl Fn(u32) -> u32) {
    let input = (0..64).collect::<Vec<u32>>();
    let (output, report) = evaluate_with::<_, u32>(function, ("u32", "u32"), "f(x)", &input);
    assert!(report.is_clean(), "{report}");
    for (&x, result) in input.iter().zip(output) {
        assert_eq!(result, reference(x), "f({x}) of {function}");
    }
}

#[test]
fn if_else_chains() {
    check(
        "fn f(x: u32) -> u32 {
            var r = 1u;
            if (x < 10u) { r = 2u; } else if (x % 2u == 0u) { r += x; } else { r = x * 3u; if (x > 40u) { r++; } }
            return r;
        }",
        |x| if x < 10 { 2 } else if x % 2 == 0 { 1 + x } else { x * 3 + u32::from(x > 40) },
    );
}

#[test]
fn early_returns_at_any_depth() {
    check(
        "fn f(x: u32) -> u32 {
            if (x == 3u) { return 100u; }
            for (var i = 0u; i < 10u; i++) {
                if (i * i > x) { return i; }
                if (x > 50u) { if (i == 5u) { return 500u + x; } }
            }
            return 7u;
        }",
        |x| {
            if x == 3 {
                return 100;
            }
            for i in 0..10 {
                if i * i > x {
                    return i;
                }
                if x > 50 && i == 5 {
                    return 500 + x;
                }
            }
            7
        },
    );
}

#[test]
fn loops_with_break_and_continue() {
    check(
        "fn f(x: u32) -> u32 {
            var sum = 0u;
            for (var i = 0u; i < 20u; i++) {
                if (i % 3u == x % 3u) { continue; }
                if (i > x) { break; }
                sum += i;
            }
            return sum;
        }",
        |x| (0..20).filter(|i| i % 3 != x % 3).take_while(|&i| i <= x).sum(),
    );
}

#[test]
fn continuing_runs_after_continue_and_break_if_ends_the_loop() {
    check(
        "fn f(x: u32) -> u32 {
            var n = x;
            var steps = 0u;
            loop {
                if (n % 2u == 1u) { n = n + 1u; continue; }
                n = n / 2u;
                continuing {
                    steps += 1u;
                    break if n <= 1u || steps > 30u;
                }
            }
            return steps * 100u + n;
        }",
        |x| {
            let (mut n, mut steps) = (x, 0);
            loop {
                if n % 2 == 1 {
                    n += 1
                } else {
                    n /= 2
                }
                steps += 1;
                if n <= 1 || steps > 30 {
                    return steps * 100 + n;
                }
            }
        },
    );
}

#[test]
fn while_loops_nest() {
    check(
        "fn f(x: u32) -> u32 {
            var count = 0u;
            var i = 0u;
            while (i < x) {
                var j = i;
                while (true) {
                    if (j >= x) { break; }
                    if ((i + j) % 7u == 0u) { j += 2u; continue; }
                    count++;
                    j++;
                    if (count % 11u == 0u) { break; }
                }
                i += 3u;
            }
            return count;
        }",
        |x| {
            let (mut count, mut i) = (0, 0);
            while i < x {
                let mut j = i;
                while j < x {
                    if (i + j) % 7 == 0 {
                        j += 2;
                        continue;
                    }
                    count += 1;
                    j += 1;
                    if count % 11 == 0 {
                        break;
                    }
                }
                i += 3;
            }
            count
        },
    );
}

#[test]
fn switch_with_shared_cases_default_in_the_middle_and_break() {
    check(
        "fn f(x: u32) -> u32 {
            var r = 0u;
            switch (x % 8u) {
                case 0u, 3u: { r = 10u; }
                case 1u: { if (x > 20u) { break; } r = 20u; }
                default: { r = 30u; }
                case 5u, 6u: { r = 40u; if (x > 40u) { return 1000u; } r++; }
                case 7u: {}
            }
            return r + x;
        }",
        |x| {
            x + match x % 8 {
                0 | 3 => 10,
                1 if x > 20 => 0,
                1 => 20,
                5 | 6 if x > 40 => return 1000,
                5 | 6 => 41,
                7 => 0,
                _ => 30,
            }
        },
    );
    check(
        "fn f(x: u32) -> u32 {
            switch (i32(x) - 2) {
                case -1, default: { return 5u; }
                case -2: { return 6u; }
                case 3: { return 7u; }
            }
        }",
        |x| match x as i32 - 2 {
            -2 => 6,
            3 => 7,
            _ => 5,
        },
    );
}

#[test]
fn break_in_a_switch_leaves_the_switch_and_continue_the_iteration() {
    check(
        "fn f(x: u32) -> u32 {
            var sum = 0u;
            for (var i = 0u; i < 6u; i++) {
                switch ((x + i) % 4u) {
                    case 0u: { continue; }
                    case 1u: { break; }
                    case 2u: { sum += 10u; }
                    default: { if (i > 3u) { return sum; } }
                }
                sum += 1u;
            }
            return sum + 1000u;
        }",
        |x| {
            let mut sum = 0;
            for i in 0..6 {
                match (x + i) % 4 {
                    0 => continue,
                    1 => {}
                    2 => sum += 10,
                    _ if i > 3 => return sum,
                    _ => {}
                }
                sum += 1;
            }
            sum + 1000
        },
    );
}

#[test]
fn a_selector_is_evaluated_once() {
    check(
        "fn f(x: u32) -> u32 {
            var v = x % 3u;
            var r = 0u;
            switch (v) {
                case 0u: { v = 1u; r += 1u; }
                case 1u: { v = 2u; r += 10u; }
                case 2u: { v = 0u; r += 100u; }
                default: {}
            }
            return r + v;
        }",
        |x| [2, 12, 100][x as usize % 3],
    );
}

#[test]
fn the_right_side_of_and_and_or_is_evaluated_only_if_needed() {
    let items = "
        var<private> calls: u32;
        fn touch(value: bool) -> bool { calls++; return value; }
        fn f(x: u32) -> u32 {
            calls = 0u;
            let a = x % 2u == 0u && touch(x > 10u);
            let b = x % 3u == 0u || touch(x > 20u);
            return calls * 100u + select(0u, 10u, a) + select(0u, 1u, b);
        }";
    check(items, |x| {
        let calls = u32::from(x % 2 == 0) + u32::from(x % 3 != 0);
        calls * 100 + if x % 2 == 0 && x > 10 { 10 } else { 0 } + u32::from(x % 3 == 0 || x > 20)
    });
    // Out of range only where the left side is false.
    check(
        "fn f(x: u32) -> u32 { var a = array(1u, 0u, 1u); return select(0u, 1u, x < 3u && a[x] == 1u); }",
        |x| u32::from(x == 0 || x == 2),
    );
}

#[test]
fn variables_in_loops_start_from_zero_each_time() {
    check(
        "fn f(x: u32) -> u32 {
            var total = 0u;
            for (var i = 0u; i < 4u; i++) { var inner: u32; inner += x; total += inner; }
            return total;
        }",
        |x| 4 * x,
    );
}

#[test]
fn a_value_read_before_an_assignment_stays() {
    check(
        "fn f(x: u32) -> u32 {
            var v = x;
            let before = v;
            if (x % 2u == 0u) { v = v * 2u; }
            var w = vec2(v, before);
            w = w.yx;
            let old = w.x;
            w.x += 1u;
            return before * 1000u + v + old - w.y + w.x - before - 1u;
        }",
        |x| x * 1000 + if x % 2 == 0 { x * 2 } else { x } + x - if x % 2 == 0 { x * 2 } else { x },
    );
}

#[test]
fn functions_call_functions_from_divergent_code() {
    check(
        "fn square(x: u32) -> u32 { return x * x; }
        fn pick(x: u32, limit: u32) -> u32 {
            if (x > limit) { return square(x - limit); }
            return square(x) + 1u;
        }
        fn f(x: u32) -> u32 {
            var r = 0u;
            if (x % 2u == 0u) { r = pick(x, 10u); } else { for (var i = 0u; i < x; i++) { r += pick(i, 3u); } }
            return r;
        }",
        |x| {
            let pick = |x: u32, limit: u32| if x > limit { (x - limit).pow(2) } else { x * x + 1 };
            if x % 2 == 0 { pick(x, 10) } else { (0..x).map(|i| pick(i, 3)).sum() }
        },
    );
}

#[test]
fn lanes_that_returned_do_nothing_more() {
    check(
        "var<private> log: u32;
        fn step(x: u32) { if (x % 2u == 0u) { return; } log += 1u; }
        fn f(x: u32) -> u32 {
            log = x * 10u;
            step(x);
            step(x + 1u);
            for (var i = 0u; i < 3u; i++) { step(i); }
            return log;
        }",
        |x| x * 10 + 2,
    );
}
