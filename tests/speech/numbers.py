"""Sentences with a number that can be told for certain: "number", four digits, and a word that checks them.

A recogniser with a small acoustic model takes a "six" for a "three" now and then. The last word makes a wrong digit
impossible to continue, as the check digit of a book number does.
"""

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
CHECKS = (
    *("bravo", "charlie", "delta", "foxtrot", "hotel", "juliet"),
    *("november", "romeo", "tango", "victor", "whiskey"),
)
BEGIN = "number"
LENGTH = 4


def weight(position: int, digit: int) -> int:
    """What a digit adds to the sum that the last word tells, modulo their number."""
    return (position + 1) * digit % len(CHECKS)


def sentence(number: int) -> str:
    """The sentence of a number below 10,000."""
    digits = [int(digit) for digit in f"{number:0{LENGTH}}"]
    check = sum(weight(position, digit) for position, digit in enumerate(digits)) % len(CHECKS)
    return " ".join([BEGIN, *(DIGITS[digit] for digit in digits), CHECKS[check]])
