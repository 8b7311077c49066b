"""Ed25519 signatures checked with nothing but whole numbers, after RFC 8032, section 5.1: slow, and our own."""

from __future__ import annotations

from hashlib import sha512

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int]


def added(one: Point, other: Point) -> Point:
    """The sum of two points of the curve."""
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2
    return (
        (x1 * y2 + x2 * y1) * pow(1 + product, P - 2, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - product, P - 2, P) % P,
    )


def times(number: int, point: Point) -> Point:
    """A point so often."""
    result = (0, 1)
    while number:
        if number & 1:
            result = added(result, point)
        point, number = added(point, point), number >> 1
    return result


def decoded(stored: bytes) -> Point:
    """The point of 32 bytes."""
    y = int.from_bytes(stored, "little")
    y, sign = y & (2**255 - 1), y >> 255
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    assert x * x % P == square, "no point of the curve"
    return (P - x if x & 1 != sign else x), y


BASE = decoded((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def fits(key: bytes, signature: bytes, body: bytes) -> bool:
    """Whether a signature of 64 bytes is that of these bytes, by who has the private half of the key."""
    number = int.from_bytes(signature[32:], "little")
    digest = int.from_bytes(sha512(signature[:32] + key + body).digest(), "little") % L
    return number < L and times(number, BASE) == added(decoded(signature[:32]), times(digest, decoded(key)))
