//! Geometries as Rust source.

use proc_macro2::TokenStream;
use q4_kernel_types::{
    Coop4, Gemm, Gemv, Geometry, HeldMatrix, InputFormat, KAlignment, Matrix, MatrixSide, PanelBarrier,
    PanelMatrix, Reduction, Skinny, SkinnyMatrix, Staged, Stream,
};
use quote::quote;

/// A geometry as an expression. `krate` is the path of the runtime crate.
pub(super) fn value(krate: &TokenStream, geometry: Geometry) -> TokenStream {
    match geometry {
        Geometry::Coop4(coop4) => {
            let value = coop4_value(krate, coop4);
            quote!(#krate::Geometry::Coop4(#value))
        }
        Geometry::Gemv(gemv) => {
            let value = gemv_value(krate, gemv);
            quote!(#krate::Geometry::Gemv(#value))
        }
        Geometry::Stream(stream) => {
            let value = stream_value(krate, stream);
            quote!(#krate::Geometry::Stream(#value))
        }
        Geometry::Skinny(skinny) => {
            let value = skinny_value(krate, skinny);
            quote!(#krate::Geometry::Skinny(#value))
        }
        Geometry::SkinnyMatrix(matrix) => {
            let SkinnyMatrix {
                columns,
                tile_k,
                subgroups,
                ahead,
            } = matrix;
            quote!(#krate::Geometry::SkinnyMatrix(#krate::SkinnyMatrix {
                columns: #columns, tile_k: #tile_k, subgroups: #subgroups, ahead: #ahead,
            }))
        }
        Geometry::HeldMatrix(matrix) => {
            let HeldMatrix {
                subgroups,
                held,
                workgroups,
            } = matrix;
            quote!(#krate::Geometry::HeldMatrix(#krate::HeldMatrix {
                subgroups: #subgroups, held: #held, workgroups: #workgroups,
            }))
        }
        Geometry::Gemm(gemm) => {
            let value = gemm_value(krate, gemm);
            quote!(#krate::Geometry::Gemm(#value))
        }
        Geometry::Staged(staged) => {
            let value = staged_value(krate, staged);
            quote!(#krate::Geometry::Staged(#value))
        }
        Geometry::Matrix(matrix) => {
            let value = matrix_value(krate, matrix);
            quote!(#krate::Geometry::Matrix(#value))
        }
        Geometry::PanelMatrix(matrix) => {
            let value = panel_matrix_value(krate, matrix);
            quote!(#krate::Geometry::PanelMatrix(#value))
        }
    }
}

fn coop4_value(krate: &TokenStream, coop4: Coop4) -> TokenStream {
    let Coop4 {
        width,
        columns,
        words,
        reduction,
    } = coop4;
    let reduction = reduction_value(krate, reduction);
    quote!(#krate::Coop4 { width: #width, columns: #columns, words: #words, reduction: #reduction, })
}

fn gemv_value(krate: &TokenStream, gemv: Gemv) -> TokenStream {
    let Gemv {
        width,
        columns,
        resident,
        staged,
        workgroups,
        reduction,
    } = gemv;
    let reduction = reduction_value(krate, reduction);
    quote!(#krate::Gemv {
        width: #width, columns: #columns, resident: #resident, staged: #staged, workgroups: #workgroups, reduction: #reduction,
    })
}

fn stream_value(krate: &TokenStream, stream: Stream) -> TokenStream {
    let Stream {
        rows,
        width,
        columns,
        split,
        held,
        slices,
        workgroups,
        reduction,
    } = stream;
    let reduction = reduction_value(krate, reduction);
    quote!(#krate::Stream {
        rows: #rows, width: #width, columns: #columns, split: #split, held: #held, slices: #slices, workgroups: #workgroups, reduction: #reduction,
    })
}

fn skinny_value(krate: &TokenStream, skinny: Skinny) -> TokenStream {
    let Skinny {
        rows,
        width,
        columns,
        lane_columns,
        words,
        staged,
        reduction,
    } = skinny;
    let reduction = reduction_value(krate, reduction);
    quote!(#krate::Skinny {
        rows: #rows, width: #width, columns: #columns, lane_columns: #lane_columns, words: #words, staged: #staged, reduction: #reduction,
    })
}

fn gemm_value(krate: &TokenStream, gemm: Gemm) -> TokenStream {
    let Gemm {
        tile_m,
        tile_n,
        tile_k,
        rows,
        columns,
        alignment,
    } = gemm;
    let alignment = match alignment {
        KAlignment::Aligned => quote!(Aligned),
        KAlignment::Ragged => quote!(Ragged),
    };
    quote!(#krate::Gemm {
        tile_m: #tile_m, tile_n: #tile_n, tile_k: #tile_k, rows: #rows, columns: #columns,
        alignment: #krate::KAlignment::#alignment,
    })
}

fn staged_value(krate: &TokenStream, staged: Staged) -> TokenStream {
    let Staged {
        tile_m,
        tile_n,
        tile_k,
        rows,
        columns,
        teams,
        ahead,
    } = staged;
    quote!(#krate::Staged {
        tile_m: #tile_m, tile_n: #tile_n, tile_k: #tile_k, rows: #rows, columns: #columns, teams: #teams, ahead: #ahead,
    })
}

fn matrix_value(krate: &TokenStream, matrix: Matrix) -> TokenStream {
    let Matrix {
        tile_m,
        tile_n,
        tile_k,
        subgroup_m,
        subgroup_n,
        side,
        buffers,
    } = matrix;
    let side = match side {
        MatrixSide::Eight => quote!(Eight),
        MatrixSide::Sixteen => quote!(Sixteen),
    };
    quote!(#krate::Matrix {
        tile_m: #tile_m, tile_n: #tile_n, tile_k: #tile_k, subgroup_m: #subgroup_m, subgroup_n: #subgroup_n,
        side: #krate::MatrixSide::#side, buffers: #buffers,
    })
}

fn panel_matrix_value(krate: &TokenStream, matrix: PanelMatrix) -> TokenStream {
    let PanelMatrix {
        tile_m,
        tile_n,
        tile_k,
        inputs,
        panels,
        barrier,
        teams,
    } = matrix;
    let inputs = match inputs {
        InputFormat::F32 => quote!(F32),
        InputFormat::F16 => quote!(F16),
    };
    let barrier = match barrier {
        PanelBarrier::Subgroup => quote!(Subgroup),
        PanelBarrier::Workgroup => quote!(Workgroup),
    };
    quote!(#krate::PanelMatrix {
        tile_m: #tile_m, tile_n: #tile_n, tile_k: #tile_k, inputs: #krate::InputFormat::#inputs, panels: #panels, barrier: #krate::PanelBarrier::#barrier,
        teams: #teams,
    })
}

fn reduction_value(krate: &TokenStream, reduction: Reduction) -> TokenStream {
    let reduction = match reduction {
        Reduction::Shared => quote!(Shared),
        Reduction::Subgroup => quote!(Subgroup),
    };
    quote!(#krate::Reduction::#reduction)
}
