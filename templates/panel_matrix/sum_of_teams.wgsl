{# Adds what all teams have in workgroup memory of a tile. #}

// Matrices that a team has there at once, and their outputs.
const MATRICES_OF_TEAM: u32 = STORED_AT_ONCE / TEAMS;
const SUMS: u32 = MATRICES_OF_TEAM * SIDE * SIDE;
// All threads add as many.
const_assert SUMS == {{ sums_of_thread | length }}u * THREADS;

fn sum_of_teams(at: u32) -> f32 {
    return {% for team in teams %}{% if team == 0 %}output_tile[at]{% elif team == 1 %} + output_tile[at + SUMS]{% else %} + output_tile[at + {{ team }}u * SUMS]{% endif %}{% endfor %};
}
