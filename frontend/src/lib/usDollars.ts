/** An amount as people of a language write it: $0.09, 0,09 $. More digits tell small amounts apart. */
export function usDollars(amount: number, language: string, maximumFractionDigits = 2): string {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits };
  return new Intl.NumberFormat(language, { style: "currency", currency: "USD", ...digits }).format(amount);
}
