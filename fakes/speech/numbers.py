"""Sentences with a number that is transcribed reliably: "number", four digits, and a word that checks them.

A small acoustic model sometimes takes a "six" for a "three". The last word excludes a wrong digit, like the check digit
of an ISBN.
"""

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
CHECKS = (
    *("bravo", "charlie", "delta", "foxtrot", "hotel", "juliet"),
    *("november", "romeo", "tango", "victor", "whiskey"),
)
BEGIN = "number"
LENGTH = 4


def weight(position: int, digit: int) -> int:
    """What a digit adds to the sum that the last word encodes, modulo their number."""
    return (position + 1) * digit % len(CHECKS)


def sentence(number: int) -> str:
    """The sentence of a number below 10,000."""
    digits = [int(digit) for digit in f"{number:0{LENGTH}}"]
    check = sum(weight(position, digit) for position, digit in enumerate(digits)) % len(CHECKS)
    return " ".join([BEGIN, *(DIGITS[digit] for digit in digits), CHECKS[check]])
