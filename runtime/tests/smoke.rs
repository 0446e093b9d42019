use q4_kernel::{*, conformance::*, reference::samples::Data};
#[test]
fn smoke() {
    let gpu = Gpu::new().unwrap();
    eprintln!("{:?}", gpu.capabilities());
    let t = std::time::Instant::now();
    let mut bad = 0; let mut count = 0; let mut pipe = std::time::Duration::ZERO;
    for v in catalogue() {
        let t0 = std::time::Instant::now();
        let linear = match Linear::only(&gpu, v) { Ok(l) => l, Err(e) => { eprintln!("{e}"); continue } };
        pipe += t0.elapsed();
        for (m, n, k, g) in [(1, 37, 64, 32), (1, 5, 2048, 128), (5, 67, 256, 64), (3, 13, 50, 20), (130, 130, 384, 32)] {
            let shape = Shape { m, n, k, group_size: g };
            if v.configuration.constraints().check(shape).is_err() { continue }
            for (bias, data, placement) in [(true, Data::Exact, Placement::Unaligned), (false, Data::Random { seed: 1 }, Placement::Aligned)] {
                let o = check(&linear, &Case { shape, bias, data, placement }).unwrap();
                count += 1;
                if !o.agrees() { bad += 1; if bad < 10 { eprintln!("{} {shape} {o:?}", v.name); } }
            }
        }
    }
    eprintln!("{count} cases, {bad} bad, {:?}, pipelines {:?}", t.elapsed(), pipe);
    assert_eq!(bad, 0);
}
