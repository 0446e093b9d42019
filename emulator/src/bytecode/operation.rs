//! Operations on scalars, applied to every lane of a row.

/// Operations on one scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum UnaryOp {
    Copy,
    NegateFloat,
    AbsFloat,
    SignFloat,
    Ceil,
    Floor,
    Round,
    Trunc,
    Fract,
    Saturate,
    Sqrt,
    InverseSqrt,
    Exp,
    Exp2,
    Log,
    Log2,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Acosh,
    Atanh,
    FrexpFraction,
    FrexpExponent,
    /// Rounds an `f32` to the nearest value of `f16`.
    RoundHalf,
    NegateInt,
    AbsInt,
    SignInt,
    Not,
    LogicalNot,
    CountOneBits,
    LeadingZeros,
    TrailingZeros,
    ReverseBits,
    FirstLeadingSigned,
    FirstLeadingUnsigned,
    FirstTrailing,
    SignExtend16,
    ZeroExtend16,
    SignedToFloat,
    UnsignedToFloat,
    FloatToSigned,
    FloatToUnsigned,
    FloatToSigned16,
    FloatToUnsigned16,
    FloatToBool,
    IntToBool,
    BoolToFloat,
    IsNan,
    IsInf,
    /// Bits of the `f16` of this value.
    HalfToBits,
    /// Value of the `f16` with these bits.
    HalfFromBits,
}

/// Operations on two scalars.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum BinaryOp {
    AddFloat,
    SubtractFloat,
    MultiplyFloat,
    DivideFloat,
    RemainderFloat,
    MinFloat,
    MaxFloat,
    EqualFloat,
    NotEqualFloat,
    LessFloat,
    LessEqualFloat,
    AddInt,
    SubtractInt,
    MultiplyInt,
    DivideSigned,
    DivideUnsigned,
    RemainderSigned,
    RemainderUnsigned,
    MinSigned,
    MaxSigned,
    MinUnsigned,
    MaxUnsigned,
    And,
    Or,
    Xor,
    ShiftLeft,
    ShiftRightSigned,
    ShiftRightUnsigned,
    Equal,
    NotEqual,
    LessSigned,
    LessEqualSigned,
    LessUnsigned,
    LessEqualUnsigned,
    Atan2,
    Pow,
    Step,
    Ldexp,
    Dot4Signed,
    Dot4Unsigned,
    /// Ones in the bits `a .. a + b`.
    FieldMask,
    /// Shift left that gives 0 for amounts of 32 and more.
    ShiftLeftAll,
}

/// Operations on three scalars.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum TernaryOp {
    Fma,
    FmaHalf,
    /// `a` if `c` else `b`.
    Select,
    /// Bits of `a` where `c` has ones, else bits of `b`.
    SelectBits,
    /// `c` bits of `a` from bit `b` on, sign-extended.
    ExtractSigned,
    /// `c` bits of `a` from bit `b` on.
    ExtractUnsigned,
}

/// Packing built-ins, in both directions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PackOp {
    Snorm8,
    Unorm8,
    Snorm16,
    Unorm16,
    Float16,
    Signed8,
    Unsigned8,
    SignedClamp8,
    UnsignedClamp8,
}

impl PackOp {
    /// Scalars of one word.
    pub(crate) const fn scalars(self) -> u32 {
        match self {
            Self::Snorm16 | Self::Unorm16 | Self::Float16 => 2,
            _ => 4,
        }
    }
}
