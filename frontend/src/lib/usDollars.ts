/** An amount as people of a language write it: $0.09, 0,09 $. */
export function usDollars(amount: number, language: string): string {
  return new Intl.NumberFormat(language, { style: "currency", currency: "USD" }).format(amount);
}
