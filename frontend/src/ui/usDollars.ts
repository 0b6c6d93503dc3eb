/** Formats an amount for a language: $0.09, 0,09 $. Small amounts get more digits. */
export function usDollars(amount: number, language: string, maximumFractionDigits = 2): string {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits };
  return new Intl.NumberFormat(language, { style: "currency", currency: "USD", ...digits }).format(amount);
}
