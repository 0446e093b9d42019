//! Which variant of a route comes first for few rows, where nothing was measured.

use crate::Configuration;

/// That a variant is considered before one that stands in front of it on its route, for so few rows that they would leave most of a tile of that one empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Precedence {
    /// The most rows for which it is.
    pub rows: u32,
    /// The place on the route of the one that it comes before.
    pub before: usize,
}

impl Precedence {
    /// That of each variant of a route, in the order of the route: one that is [made for few rows](crate::Geometry::made_for_rows) comes before the first of its numeric class that
    /// is not. One that stands in front of all of these anyway was asked for by name, and is the first for every M.
    #[must_use]
    pub fn on_route(route: &[Configuration]) -> Vec<Option<Self>> {
        let of = |(place, variant): (usize, &Configuration)| {
            let rows = variant.geometry.made_for_rows()?;
            let for_all = |other: &Configuration| other.geometry.made_for_rows().is_none();
            let before = route[..place]
                .iter()
                .position(|other| other.numeric == variant.numeric && for_all(other))?;
            Some(Self { rows, before })
        };
        route.iter().enumerate().map(of).collect()
    }

    /// The same of several routes, one behind the other: places are those among the variants of all.
    #[must_use]
    pub fn on_routes(routes: &[Vec<Configuration>]) -> Vec<Option<Self>> {
        let mut all = Vec::new();
        for route in routes {
            let first = all.len();
            all.extend(Self::on_route(route).into_iter().map(|precedence| {
                let Self { rows, before } = precedence?;
                let before = first + before;
                Some(Self { rows, before })
            }));
        }
        all
    }

    /// What sorts the variants of a route for M = `m`: that of the variant at a place. Of several that come before one, those for fewer rows come first.
    #[must_use]
    pub fn sort_key(place: usize, precedence: Option<Self>, m: u32) -> (usize, bool, u32) {
        match precedence {
            Some(Self { rows, before }) if m <= rows => (before, false, rows),
            _ => (place, true, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Bias, Encoding, Gemm, Geometry, GroupSize, KAlignment, Matrix, NumericClass, PanelMatrix,
        ScaleLayout, Staged,
    };

    fn variant(geometry: Geometry) -> Configuration {
        Configuration {
            geometry,
            group_size: GroupSize::Fixed(32),
            k: None,
            bias: Bias::Optional,
            numeric: NumericClass::Exact,
            encoding: Encoding::default(),
            scales: ScaleLayout::default(),
        }
    }

    fn gemm() -> Configuration {
        let ((tile_m, tile_n), (rows, columns)) = (Gemm::DEFAULT_TILE, Gemm::DEFAULT_THREAD);
        variant(Geometry::Gemm(Gemm {
            tile_m,
            tile_n,
            tile_k: 8,
            rows,
            columns,
            alignment: KAlignment::Aligned,
        }))
    }

    /// The places of a route in the order for M = `m`.
    fn order(route: &[Configuration], m: u32) -> Vec<usize> {
        let precedences = Precedence::on_route(route);
        let mut places: Vec<usize> = (0..route.len()).collect();
        places.sort_by_key(|&place| Precedence::sort_key(place, precedences[place], m));
        places
    }

    #[test]
    fn small_tiles_come_before_large_ones_for_as_many_rows_as_they_have() {
        let route = [
            variant(Geometry::Staged(Staged::DEFAULT)),
            variant(Geometry::Staged(Staged::DIVIDED)),
            gemm(),
        ];
        let rows = Staged::DIVIDED.tile_m;
        assert_eq!(order(&route, rows), [1, 0, 2]);
        assert_eq!(order(&route, rows + 1), [0, 1, 2]);
    }

    #[test]
    fn of_several_small_tiles_those_of_fewer_rows_come_first() {
        let [two, four] = PanelMatrix::DIVIDED_EVERYWHERE
            .map(|geometry| (variant(Geometry::PanelMatrix(geometry)), geometry.tile_m));
        assert!(four.1 < two.1);
        let route = [
            variant(Geometry::PanelMatrix(PanelMatrix::DEFAULT)),
            two.0,
            four.0,
        ];
        assert_eq!(order(&route, four.1), [2, 1, 0]);
        assert_eq!(order(&route, four.1 + 1), [1, 0, 2]);
        assert_eq!(order(&route, two.1 + 1), [0, 1, 2]);
    }

    #[test]
    fn half_of_a_tile_of_small_matrices_comes_first_on_devices_that_have_no_larger_ones() {
        let route = [Matrix::DEFAULT, Matrix::DEFAULT_EIGHT, Matrix::SHORT_EIGHT]
            .map(|geometry| variant(Geometry::Matrix(geometry)));
        let rows = Matrix::SHORT_EIGHT.tile_m;
        assert_eq!(order(&route, rows), [2, 0, 1]);
        assert_eq!(order(&route, rows + 1), [0, 1, 2]);
    }

    #[test]
    fn what_is_to_be_checked_on_each_device_never_comes_first_by_itself() {
        let route = [
            PanelMatrix::DEFAULT,
            PanelMatrix::DIVIDED[0],
            PanelMatrix::DIVIDED[1],
        ]
        .map(|geometry| variant(Geometry::PanelMatrix(geometry)));
        assert_eq!(order(&route, 1), [0, 1, 2]);
    }

    #[test]
    fn what_was_asked_for_by_name_stays_first_for_every_m() {
        let wish = variant(Geometry::Staged(Staged {
            teams: 4,
            ..Staged::DEFAULT
        }));
        let route = [wish, variant(Geometry::Staged(Staged::DEFAULT)), gemm()];
        for m in [1, 64, 65, u32::MAX] {
            assert_eq!(order(&route, m), [0, 1, 2], "M = {m}");
        }
    }

    #[test]
    fn another_class_is_no_reason_to_come_first() {
        let rounded = Configuration {
            numeric: NumericClass::F16Multiply,
            ..variant(Geometry::Staged(Staged::DEFAULT))
        };
        let route = [rounded, variant(Geometry::Staged(Staged::DIVIDED))];
        assert_eq!(order(&route, 1), [0, 1]);
    }
}
